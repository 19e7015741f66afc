// PersistentVolumes, their claims and classes.

#include "objects/table/cells.hpp"
#include "objects/table/printer.hpp"

namespace slipway::objects::table {
namespace {

using doc::Value;

std::string access_modes(const Value& modes) {
  constexpr std::pair<const char*, const char*> short_names[] = {
      {"ReadWriteOnce", "RWO"}, {"ReadOnlyMany", "ROX"}, {"ReadWriteMany", "RWX"}, {"ReadWriteOncePod", "RWOP"}};
  std::vector<std::string> shown;
  for (const auto& [mode, short_name] : short_names) {
    if (std::ranges::any_of(elements(modes), [&](const Value& given) { return text(given) == mode; }))
      shown.emplace_back(short_name);
  }
  return joined(shown);
}

// An annotation of old says it first.
std::string storage_class_of(const Value& object) {
  const Value& old = object["metadata"]["annotations"]["volume.beta.kubernetes.io/storage-class"];
  return text(old.is_null() ? object["spec"]["storageClassName"] : old);
}

std::string phase(const Value& object) {
  return is_being_deleted(object) ? "Terminating" : text(object["status"]["phase"]);
}

doc::Array volume(const Value& object, Time now) {
  const Value& spec = object["spec"];
  const Value& claim = spec["claimRef"];
  return {name_of(object),
          quantity(spec["capacity"]["storage"]),
          access_modes(spec["accessModes"]),
          text(spec["persistentVolumeReclaimPolicy"]),
          phase(object),
          claim.is_null() ? "" : text(claim["namespace"]) + "/" + text(claim["name"]),
          storage_class_of(object),
          text_or(spec["volumeAttributesClassName"], "<unset>"),
          text(object["status"]["reason"]),
          age_of(object, now),
          text_or(spec["volumeMode"], "<unset>")};
}

doc::Array claim(const Value& object, Time now) {
  const Value& spec = object["spec"];
  const Value& status = object["status"];
  const std::string volume_name = text(spec["volumeName"]);
  const bool bound = !volume_name.empty();
  return {name_of(object),
          phase(object),
          volume_name,
          bound ? quantity(status["capacity"]["storage"]) : "",
          bound ? access_modes(status["accessModes"]) : "",
          storage_class_of(object),
          text_or(spec["volumeAttributesClassName"], "<unset>"),
          age_of(object, now),
          text_or(spec["volumeMode"], "<unset>")};
}

bool is_default_class(const Value& object) {
  const Value& annotations = object["metadata"]["annotations"];
  return text(annotations["storageclass.kubernetes.io/is-default-class"]) == "true" ||
         text(annotations["storageclass.beta.kubernetes.io/is-default-class"]) == "true";
}

doc::Array storage_class(const Value& object, Time now) {
  return {name_of(object) + (is_default_class(object) ? " (default)" : ""),
          text(object["provisioner"]),
          text_or(object["reclaimPolicy"], "Delete"),
          text_or(object["volumeBindingMode"], "Immediate"),
          object["allowVolumeExpansion"].bool_or(false),
          age_of(object, now)};
}

}  // namespace

std::vector<Printer> storage_printers() {
  const Column capacity = column("Capacity", "string", "How much the volume holds.");
  const Column modes = column("Access Modes", "string", "How, and from how many nodes, it can be mounted.");
  const Column attributes = column("VolumeAttributesClass", "string", "The class of its attributes.");
  const Column mode = wide_column("VolumeMode", "Whether it has a file system or is a block device.");
  return {
      {"",
       "PersistentVolume",
       {name_column(), capacity, modes,
        column("Reclaim Policy", "string", "What becomes of the volume when its claim goes."),
        column("Status", "string", "Whether it is claimed."), column("Claim", "string", "The claim that has it."),
        column("StorageClass", "string", "The class it belongs to."), attributes,
        column("Reason", "string", "Why it is in a bad state."), age_column(), mode},
       volume},
      {"",
       "PersistentVolumeClaim",
       {name_column(), column("Status", "string", "Whether it has a volume."),
        column("Volume", "string", "The volume it has."), capacity, modes,
        column("StorageClass", "string", "The class that the volume has to be of."), attributes, age_column(), mode},
       claim},
      {"storage.k8s.io",
       "StorageClass",
       {name_column(), column("Provisioner", "string", "Who makes its volumes."),
        column("ReclaimPolicy", "string", "What becomes of a volume when its claim goes."),
        column("VolumeBindingMode", "string", "When a claim gets its volume."),
        column("AllowVolumeExpansion", "string", "Whether claims may grow."), age_column()},
       storage_class},
  };
}

}  // namespace slipway::objects::table
