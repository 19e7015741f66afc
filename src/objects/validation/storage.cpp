// kubernetes pkg/apis/core/validation: PersistentVolumeClaim and PersistentVolume; pkg/apis/storage/validation.

#include <algorithm>

#include "core/text.hpp"
#include "objects/validation/claims.hpp"
#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

void validate_access_modes(At modes) {
  bool is_alone = false;
  bool has_others = false;
  for (const At mode : modes.elements()) {
    if (!modes.with(mode.value())
             .must_be_one_of({"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"})) {
      continue;
    }
    (mode.text() == "ReadWriteOncePod" ? is_alone : has_others) = true;
  }
  if (is_alone && has_others) modes.forbidden("may not use ReadWriteOncePod with other access modes");
}

void validate_data_source(At source, bool is_reference) {
  if (!source) return;
  source["name"].must_be_given();
  const At kind = source["kind"];
  kind.must_be_given();
  const At group = source["apiGroup"];
  if (group.text().empty()) {
    if (kind.text() != "PersistentVolumeClaim") {
      source.invalid(doc::Value(kind.text()), "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
    }
  } else {
    group.must_be(dns1123_subdomain);
  }
  if (is_reference && !source["namespace"].text().empty()) source["namespace"].must_be(dns1123_label);
}

void must_be_class_name(At name) {
  if (!name.text().empty()) name.must_be(dns1123_subdomain);
}

// In a claim that is bound its size may grow; everything else of its spec stays.
void validate_claim_spec_update(At object, At old) {
  doc::Value now = object["spec"].value();
  doc::Value before = old["spec"].value();
  if (!now.is_object() || !before.is_object()) return;
  const auto keep = [&](std::string_view field) {
    if (const doc::Value* value = before.as_object().find(field)) {
      now.as_object().set(field, *value);
    } else {
      now.as_object().erase(field);
    }
  };
  if (before["volumeName"].string_or("").empty()) keep("volumeName");
  if (before["storageClassName"].is_null()) keep("storageClassName");
  const bool is_bound = object["status"]["phase"].text() == "Bound" || old["status"]["phase"].text() == "Bound";
  if (is_bound) {
    keep("volumeAttributesClassName");
    const doc::Value& size = before["resources"]["requests"]["storage"];
    if (!size.is_null() && now["resources"]["requests"].is_object()) {
      now.at_or_insert("resources").at_or_insert("requests").at_or_insert("storage") = size;
    }
  }
  if (!(now == before)) {
    std::string text =
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    for (const auto& [key, value] : now.as_object()) {
      if (value == before[key]) continue;
      text += "\n  spec." + key + ": " + shown(before[key]) + " -> " + shown(value);
    }
    object["spec"].forbidden(text);
  }
}

struct Source {
  std::string_view name;
  std::string_view required;  // a text that must be there; empty: none
};
constexpr Source volume_sources[] = {{"hostPath", "path"},
                                     {"gcePersistentDisk", "pdName"},
                                     {"awsElasticBlockStore", "volumeID"},
                                     {"glusterfs", "path"},
                                     {"flocker", ""},
                                     {"nfs", "server"},
                                     {"rbd", "image"},
                                     {"quobyte", "volume"},
                                     {"cephfs", ""},
                                     {"iscsi", "targetPortal"},
                                     {"cinder", "volumeID"},
                                     {"fc", ""},
                                     {"flexVolume", "driver"},
                                     {"azureFile", "secretName"},
                                     {"vsphereVolume", "volumePath"},
                                     {"photonPersistentDisk", "pdID"},
                                     {"portworxVolume", "volumeID"},
                                     {"azureDisk", "diskName"},
                                     {"scaleIO", "gateway"},
                                     {"local", "path"},
                                     {"storageos", ""},
                                     {"csi", "driver"}};

void validate_volume_source(At spec) {
  int sources = 0;
  for (const auto& [name, required] : volume_sources) {
    const At source = spec[name];
    if (!source) continue;
    if (sources > 0) {
      source.forbidden("may not specify more than 1 volume type");
      continue;
    }
    ++sources;
    if (!required.empty()) source[required].must_be_given();
    if (name == "csi") source["volumeHandle"].must_be_given();
    if (name == "nfs") {
      source["path"].must_be_given();
      if (!source["path"].text().starts_with('/')) source["path"].invalid("must be an absolute path");
    }
    if (name == "hostPath" || name == "local") validate_no_parent_directories(source["path"], source["path"].text());
    if (name == "local" && !spec["nodeAffinity"]) {
      spec["nodeAffinity"].required("Local volume requires node affinity");
    }
  }
  if (sources == 0) spec.required("must specify a volume type");
}

}  // namespace

void validate_volume_spec(At spec) {
  const At modes = spec["accessModes"];
  if (modes.empty()) modes.required();
  validate_access_modes(modes);
  const At capacity = spec["capacity"];
  constexpr std::string_view storage[] = {"storage"};
  if (capacity.empty()) capacity.required();
  if (!capacity.key("storage") || capacity.size() > 1) {
    Problem problem = not_supported(capacity.path(), capacity.value(), storage);
    capacity.add(std::move(problem));
  }
  for (const auto& [name, value] : capacity.members()) {
    const At quantity = capacity.key(name);
    if (quantity.quantity().milli() < 0) {
      quantity.invalid(quantity.quantity().value(), "must be a valid resource quantity");
    }
    if (quantity.quantity().milli() <= 0) quantity.invalid("must be greater than zero");
  }
  if (const At policy = spec["persistentVolumeReclaimPolicy"]; !policy.text().empty()) {
    policy.must_be_one_of({"Delete", "Recycle", "Retain"});
  }
  if (const At affinity = spec["nodeAffinity"]) {
    const At wanted = affinity["required"];
    if (wanted) {
      validate_node_selector(wanted, true);
    } else {
      wanted.required("must specify required node constraints");
    }
  }
  validate_volume_source(spec);
  if (spec["hostPath"]["path"].text() == "/" && spec["persistentVolumeReclaimPolicy"].text() == "Recycle") {
    spec["persistentVolumeReclaimPolicy"].forbidden("may not be 'recycle' for a hostPath mount of '/'");
  }
  must_be_class_name(spec["storageClassName"]);
  if (const At mode = spec["volumeMode"]) mode.must_be_one_of({"Block", "Filesystem"});
}

void validate_claim_spec(At spec) {
  const At modes = spec["accessModes"];
  if (modes.empty()) modes.required("at least 1 access mode is required");
  validate_label_selector(spec["selector"]);
  validate_access_modes(modes);
  const At size = spec["resources"]["requests"].key("storage");
  const At place = spec["resources"].key("storage").with(size.value());
  if (!size) {
    place.required();
  } else if (size.quantity().milli() <= 0) {
    place.invalid("must be greater than zero");
  }
  must_be_class_name(spec["storageClassName"]);
  if (const At mode = spec["volumeMode"]) mode.must_be_one_of({"Block", "Filesystem"});
  const At source = spec["dataSource"];
  const At reference = spec["dataSourceRef"];
  validate_data_source(source, false);
  validate_data_source(reference, true);
  if (source && reference) {
    if (!reference["namespace"].text().empty()) {
      spec.invalid_as("{}", "may not be specified when dataSourceRef.namespace is specified");
    } else if (!source.is_same_as(reference)) {
      spec.invalid_as("{}", "must match dataSourceRef");
    }
  }
  must_be_class_name(spec["volumeAttributesClassName"]);
}

void validate_claim(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_claim_spec(object["spec"]);
}

void validate_claim_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_claim(object);
  validate_claim_spec_update(object, old);
  const At size = object["spec"]["resources"]["requests"]["storage"];
  const At before = old["spec"]["resources"]["requests"].key("storage");
  const At capacity = old["status"]["capacity"].key("storage");
  if (size.quantity() < before.quantity() && size.quantity() <= capacity.quantity()) {
    size.forbidden("field can not be less than status.capacity");
  }
  object["volumeMode"].with(object["spec"]["volumeMode"].value()).must_not_change(old["spec"]["volumeMode"]);
}

void validate_claim_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At capacity = object["status"]["capacity"];
  for (const auto& [name, value] : capacity.members()) {
    const At quantity = capacity.key(name);
    if (quantity.quantity().milli() < 0) {
      quantity.invalid(quantity.quantity().value(), "must be a valid resource quantity");
    }
  }
}

void validate_volume(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  validate_volume_spec(object["spec"]);
}

void validate_volume_update(At object, At old) {
  validate_volume(object);
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At spec = object["spec"];
  const At before = old["spec"];
  std::string changes;
  for (const auto& [name, required] : volume_sources) {
    if (spec[name].is_same_as(before[name])) continue;
    changes +=
        "\n  spec." + std::string(name) + ": " + shown(before[name].value()) + " -> " + shown(spec[name].value());
  }
  if (!changes.empty()) {
    spec["persistentvolumesource"].forbidden("spec.persistentvolumesource is immutable after creation" + changes);
  }
  object["volumeMode"].with(spec["volumeMode"].value()).must_not_change(before["volumeMode"]);
  if (before["nodeAffinity"]) {
    object["nodeAffinity"].with(spec["nodeAffinity"].value()).must_not_change(before["nodeAffinity"]);
  }
}

void validate_volume_status(At object, At old) { validate_metadata_update(object["metadata"], old["metadata"]); }

void validate_provisioner(At name) {
  if (!name.must_be_given()) return;
  for (const std::string& complaint : qualified_name(core::in_lower(name.text()))) {
    name.invalid(doc::Value(core::in_lower(name.text())), complaint);
  }
}

void validate_parameters(At parameters) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : parameters.members()) {
    if (key.empty()) parameters.invalid("", "field can not be empty.");
    bytes += key.size() + value.string_or("").size();
  }
  if (parameters.size() > 512) parameters.too_long(512);
  if (bytes > 256 * 1024) parameters.too_long(256 * 1024);
}

void validate_storage_class(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  validate_provisioner(object["provisioner"]);
  validate_parameters(object["parameters"]);
  if (const At policy = object["reclaimPolicy"]; !policy.text().empty()) policy.must_be_one_of({"Delete", "Retain"});
  if (const At mode = object["volumeBindingMode"]) {
    mode.must_be_one_of({"Immediate", "WaitForFirstConsumer"});
  } else {
    mode.required();
  }
  for (const At term : object["allowedTopologies"].elements()) {
    Names keys;
    for (const At expression : term["matchLabelExpressions"].elements()) {
      const At values = expression["values"];
      if (values.empty()) values.required();
      Names seen;
      for (const At value : values.elements()) {
        if (!seen.add(value.text())) value.duplicate();
      }
      validate_label_key(expression["key"]);
      if (!keys.add(expression["key"].text())) expression["key"].duplicate();
    }
  }
}

void validate_storage_class_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  for (const std::string_view field : {"parameters", "provisioner", "reclaimPolicy"}) {
    if (!object[field].is_same_as(old[field])) {
      object[field].forbidden("updates to " + std::string(field) + " are forbidden.");
    }
  }
  object["volumeBindingMode"].must_not_change(old["volumeBindingMode"]);
}

}  // namespace slipway::objects::validation
