#pragma once
// Printer: the columns of one built-in kind and how its cells are read. Inside of table/.

#include <string_view>
#include <vector>

#include "objects/table/table.hpp"

namespace slipway::objects::table {

struct Printer {
  std::string_view group, kind;
  std::vector<Column> columns;
  doc::Array (*cells)(const doc::Value& object, Time now) = nullptr;
  doc::Value (*conditions)(const doc::Value& object) = nullptr;
};

// A file each.
std::vector<Printer> pod_printers();
std::vector<Printer> workload_printers();    // apps, batch, ReplicationController, PodTemplate
std::vector<Printer> cluster_printers();     // Node, Namespace, ConfigMap, Secret, ServiceAccount, Lease, PriorityClass
std::vector<Printer> network_printers();     // Service, endpoints, Ingress, NetworkPolicy
std::vector<Printer> storage_printers();     // PersistentVolume and its claim, StorageClass
std::vector<Printer> policy_printers();      // quota, disruption budgets, bindings, admission, flow control, APIService
std::vector<Printer> driver_printers();      // RuntimeClass, CSI, devices
std::vector<Printer> autoscaler_printers();  // HorizontalPodAutoscaler and Scale
std::vector<Printer> event_printers();

// nullptr: the kind has none, and is shown by name and time of creation.
const Printer* find_printer(std::string_view group, std::string_view kind);

// Kinds whose columns are found in the objects or in a definition.
Table table_of_metrics(const schema::Resource& resource, std::span<const Object> objects);
Table table_of_custom(const schema::Custom& custom, std::span<const Object> objects, Time now);

}  // namespace slipway::objects::table
