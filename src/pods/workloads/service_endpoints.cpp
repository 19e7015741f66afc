#include "pods/workloads/service_endpoints.hpp"

#include <algorithm>

#include "net/addresses.hpp"
#include "objects/kinds.hpp"
#include "pods/workloads/endpoints.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

namespace {

constexpr const char* endpoints_managed_by_label = "endpoints.kubernetes.io/managed-by";
constexpr const char* headless_label = "service.kubernetes.io/headless";

doc::Value address_of(const std::string& ip, const doc::Value& endpoint) {
  doc::Object address{{"ip", ip}};
  copy_whose(endpoint, address);
  return address;
}

struct Subset {
  doc::Array ready, waiting;
  bool empty() const { return ready.empty() && waiting.empty(); }
  void add(const doc::Value& endpoint) {
    const doc::Value& conditions = endpoint["conditions"];
    const bool is_ready = conditions["ready"].bool_or(true);
    if (!is_ready && conditions["terminating"].bool_or(false)) return;
    const doc::Value& addresses = endpoint["addresses"];
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const std::string ip = addresses[i].string_or("");
      if (net::is_ip_address(ip)) (is_ready ? ready : waiting).push_back(address_of(ip, endpoint));
    }
  }
};

// Without a port's name it has none, as in a Service of one port.
doc::Array ports_of(const Object& slice) {
  doc::Array ports;
  const doc::Value& all = slice.document()["ports"];
  for (std::size_t i = 0; i < all.size(); ++i) {
    doc::Object port;
    for (const char* part : {"name", "port", "protocol", "appProtocol"}) {
      if (!all[i][part].is_null() && !all[i][part].string_or("?").empty()) port.set(part, all[i][part]);
    }
    ports.emplace_back(std::move(port));
  }
  return ports;
}

bool is_headless(const Object& service) { return service.spec()["clusterIP"].string_or("") == "None"; }

void label_as(const Object& service, Object& endpoints) {
  if (const auto labels = service.labels(); !labels.empty()) {
    for (const auto& [key, value] : labels) endpoints.set_label(key, value);
  }
  endpoints.set_label(endpoints_managed_by_label, "endpoint-controller");
  if (is_headless(service)) endpoints.set_label(headless_label, "");
}

}  // namespace

void copy_whose(const doc::Value& from, doc::Object& to) {
  for (const char* part : {"hostname", "nodeName", "targetRef"}) {
    if (!from[part].is_null()) to.set(part, from[part]);
  }
}

doc::Value render_subsets(const std::vector<Object>& slices) {
  doc::Array subsets;
  for (const Object& slice : slices) {
    Subset subset;
    const doc::Value& endpoints = slice.document()["endpoints"];
    for (std::size_t i = 0; i < endpoints.size(); ++i) subset.add(endpoints[i]);
    if (subset.empty()) continue;
    doc::Object rendered;
    if (!subset.ready.empty()) rendered.set("addresses", std::move(subset.ready));
    if (!subset.waiting.empty()) rendered.set("notReadyAddresses", std::move(subset.waiting));
    if (doc::Array ports = ports_of(slice); !ports.empty()) rendered.set("ports", std::move(ports));
    subsets.emplace_back(std::move(rendered));
  }
  return subsets;
}

Result<objects::Outcome> ServiceEndpointsReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto service, store_.find(kinds::service, name));
  if (!service || service->is_being_deleted()) {
    TRY(follow_service_away(name));
    return objects::Outcome{};
  }
  services_.insert(name);
  if (service->spec()["selector"].size() == 0) return objects::Outcome{};
  TRY_ASSIGN(const auto slices, list_slices(store_, name, "slipway"));
  TRY(keep(*service, render_subsets(slices)));
  return objects::Outcome{};
}

// Those of a Service that was here, whoever made them; not those that only have no Service yet.
Result<> ServiceEndpointsReconciler::follow_service_away(const objects::Name& name) {
  TRY_ASSIGN(const auto left, store_.find(endpoints_kind, name));
  const bool was_here = services_.erase(name) > 0;
  if (!left || (!was_here && left->label(endpoints_managed_by_label).empty())) return {};
  return objects::remove_if_there(store_, endpoints_kind, name);
}

// Made empty, and then filled: no API takes new Endpoints with addresses of loopback, which those of Pods are here.
Result<> ServiceEndpointsReconciler::keep(const Object& service, doc::Value subsets) {
  TRY_ASSIGN(auto current, store_.find(endpoints_kind, service.name()));
  if (!current) {
    Object made = Object::make(endpoints_kind, service.name());
    label_as(service, made);
    TRY_ASSIGN(current, store_.create(std::move(made)));
  }
  label_as(service, *current);
  current->document().at_or_insert("subsets") = std::move(subsets);
  TRY(store_.update(std::move(*current)));  // nothing changed: no event
  return {};
}

std::vector<objects::Name> service_of_slice(const Object& slice) {
  const std::string service = slice.label(service_name_label);
  return service.empty() ? std::vector<objects::Name>{} : std::vector<objects::Name>{{slice.name().ns, service}};
}

}  // namespace slipway::pods::workloads
