// What drivers offer, and who has it: container runtimes, CSI drivers, devices.

#include "objects/table/cells.hpp"
#include "objects/table/printer.hpp"

namespace slipway::objects::table {
namespace {

using doc::Value;

doc::Array runtime_class(const Value& object, Time now) {
  return {name_of(object), text(object["handler"]), age_of(object, now)};
}

std::string audiences(const Value& requests) {
  if (requests.is_null()) return "<unset>";
  std::vector<std::string> all;
  for (const Value& request : elements(requests)) all.push_back(text(request["audience"]));
  return joined(all);
}

doc::Array csi_driver(const Value& object, Time now) {
  const Value& spec = object["spec"];
  std::vector<std::string> modes;
  for (const Value& mode : elements(spec["volumeLifecycleModes"])) modes.push_back(text(mode));
  return {name_of(object),
          spec["attachRequired"].bool_or(true),
          spec["podInfoOnMount"].bool_or(false),
          spec["storageCapacity"].bool_or(false),
          audiences(spec["tokenRequests"]),
          spec["requiresRepublish"].bool_or(false),
          modes.empty() ? "<none>" : joined(modes),
          age_of(object, now)};
}

doc::Array csi_node(const Value& object, Time now) {
  return {name_of(object), object["spec"]["drivers"].size(), age_of(object, now)};
}

doc::Array csi_capacity(const Value& object, Time) {
  return {name_of(object), text(object["storageClassName"]),
          object["capacity"].is_null() ? "<unset>" : quantity(object["capacity"])};
}

doc::Array volume_attachment(const Value& object, Time now) {
  const Value& spec = object["spec"];
  return {name_of(object),
          text(spec["attacher"]),
          text(spec["source"]["persistentVolumeName"]),
          text(spec["nodeName"]),
          object["status"]["attached"].bool_or(false),
          age_of(object, now)};
}

doc::Array attributes_class(const Value& object, Time now) {
  return {name_of(object), text(object["driverName"]), age_of(object, now)};
}

doc::Array name_and_age(const Value& object, Time now) { return {name_of(object), age_of(object, now)}; }

std::string claim_state(const Value& claim) {
  const Value& status = claim["status"];
  std::vector<std::string> states;
  if (is_being_deleted(claim)) states.emplace_back("deleted");
  if (!status["allocation"].is_null()) {
    states.emplace_back("allocated");
    if (status["reservedFor"].size() > 0) states.emplace_back("reserved");
  } else if (states.empty()) {
    states.emplace_back("pending");
  }
  return joined(states);
}

doc::Array resource_claim(const Value& object, Time now) {
  return {name_of(object), claim_state(object), age_of(object, now)};
}

doc::Array resource_slice(const Value& object, Time now) {
  const Value& spec = object["spec"];
  return {name_of(object), text(spec["nodeName"]), text(spec["driver"]), text(spec["pool"]["name"]),
          age_of(object, now)};
}

std::vector<Printer> storage_driver_printers() {
  constexpr const char* group = "storage.k8s.io";
  Column attacher = column("Attacher", "string", "The driver that attaches it.");
  attacher.format = "name";
  return {
      {group,
       "CSIDriver",
       {name_column(), column("AttachRequired", "boolean", "Whether its volumes are attached before they are mounted."),
        column("PodInfoOnMount", "boolean", "Whether it is told which pod mounts."),
        column("StorageCapacity", "boolean", "Whether the scheduler asks how much room it has."),
        column("TokenRequests", "string", "Whom tokens of the pod's account are for that it gets."),
        column("RequiresRepublish", "boolean", "Whether it mounts again from time to time."),
        column("Modes", "string", "Persistent or ephemeral volumes."), age_column()},
       csi_driver},
      {group,
       "CSINode",
       {name_column(), column("Drivers", "integer", "How many drivers run on the node."), age_column()},
       csi_node},
      {group,
       "CSIStorageCapacity",
       {name_column(), column("StorageClassName", "string", "The class that has this room."),
        column("Capacity", "string", "How much room there is.")},
       csi_capacity},
      {group,
       "VolumeAttachment",
       {name_column(), std::move(attacher), column("PV", "string", "The volume."),
        column("Node", "string", "The node that it is for."),
        column("Attached", "boolean", "Whether the driver has done it."), age_column()},
       volume_attachment},
      {group,
       "VolumeAttributesClass",
       {name_column(), column("DriverName", "string", "Whose attributes they are."), age_column()},
       attributes_class},
  };
}

}  // namespace

std::vector<Printer> driver_printers() {
  constexpr const char* group = "resource.k8s.io";
  std::vector<Printer> all = storage_driver_printers();
  all.push_back({"node.k8s.io",
                 "RuntimeClass",
                 {name_column(), column("Handler", "string", "What runs its containers."), age_column()},
                 runtime_class});
  all.push_back({group, "DeviceClass", {name_column(), age_column()}, name_and_age});
  all.push_back({group, "ResourceClaimTemplate", {name_column(), age_column()}, name_and_age});
  all.push_back({group,
                 "ResourceClaim",
                 {name_column(), column("State", "string", "Whether it has its devices, and a pod."), age_column()},
                 resource_claim});
  all.push_back({group,
                 "ResourceSlice",
                 {name_column(), column("Node", "string", "Where the devices are."),
                  column("Driver", "string", "Whose devices they are."),
                  column("Pool", "string", "The devices that belong together."), age_column()},
                 resource_slice});
  return all;
}

}  // namespace slipway::objects::table
