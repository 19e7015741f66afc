// kubernetes pkg/apis/storage/validation: what CSI drivers say and are told; pkg/apis/node/validation: RuntimeClass.

#include <algorithm>

#include "core/text.hpp"
#include "objects/validation/claims.hpp"
#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::int64_t longest_node_id = 256;
constexpr std::int64_t longest_metadata = 256 * 1024;
constexpr std::size_t longest_message = 1024;

void validate_csi_name(At name) {
  name.must_be_given();
  if (name.text().size() > 63) name.too_long(63);
  for (const std::string& complaint : dns1123_subdomain(core::in_lower(name.text())))
    name.invalid(doc::Value(name.text()), complaint);
}

void validate_token_requests(At requests) {
  constexpr std::int64_t shortest = 600;
  constexpr std::int64_t longest = std::int64_t{1} << 32;
  Names audiences;
  for (const At request : requests.elements()) {
    if (!audiences.add(request["audience"].text())) {
      request["audience"].duplicate();
      continue;
    }
    const At seconds = request["expirationSeconds"];
    if (!seconds) continue;
    if (seconds.number() < shortest) seconds.invalid("may not specify a duration less than 10 minutes");
    if (seconds.number() > longest) seconds.invalid("may not specify a duration larger than 2^32 seconds");
  }
}

void validate_csi_driver_spec(At spec) {
  if (const At policy = spec["fsGroupPolicy"]) policy.must_be_one_of({"File", "None", "ReadWriteOnceWithFSType"});
  validate_token_requests(spec["tokenRequests"]);
  const At modes = spec["volumeLifecycleModes"];
  for (const At mode : modes.elements()) modes.with(mode.value()).must_be_one_of({"Persistent", "Ephemeral"});
  if (const At period = spec["nodeAllocatableUpdatePeriodSeconds"]; period && period.number() < 10)
    period.invalid("must be greater than or equal to 10 seconds");
}

void validate_csi_node_driver(At driver, Names& seen) {
  validate_csi_name(driver["name"]);
  const At id = driver["nodeID"];
  id.must_be_given();
  if (id.text().size() > static_cast<std::size_t>(longest_node_id))
    id.invalid("must be " + std::to_string(longest_node_id) + " characters or less");
  driver["allocatable"]["count"].must_not_be_negative();
  if (!seen.add(driver["name"].text())) driver["name"].duplicate();
  Names keys;
  for (const At key : driver["topologyKeys"].elements()) {
    if (key.text().empty()) driver.required();
    if (!keys.add(key.text())) driver.duplicate(key.value());
    for (const std::string& complaint : qualified_name(key.text())) driver.invalid(key.value(), complaint);
  }
}

void validate_volume_error(At error) {
  if (error["message"].text().size() > longest_message) error["message"].too_long(longest_metadata);
  error["errorCode"].must_not_be_negative();
}

void validate_attachment_source(At source) {
  const At name = source["persistentVolumeName"];
  const At inline_spec = source["inlineVolumeSpec"];
  if (!name && !inline_spec)
    return source.required("must specify exactly one of inlineVolumeSpec and persistentVolumeName");
  if (name && inline_spec)
    return source.forbidden("must specify exactly one of inlineVolumeSpec and persistentVolumeName");
  if (inline_spec) return validate_volume_spec(inline_spec);
  if (name.text().empty()) return name.required("must specify non empty persistentVolumeName");
  name.must_be(dns1123_subdomain);
}

void validate_scheduling(At scheduling) {
  validate_labels(scheduling["nodeSelector"]);
  validate_tolerations(scheduling["tolerations"]["tolerations"].with(scheduling["tolerations"].value()));
  std::vector<doc::Value> seen;
  for (const At toleration : scheduling["tolerations"].elements()) {
    doc::Value key = toleration.value();
    if (key.is_object()) key.as_object().erase("tolerationSeconds");
    if (std::ranges::find(seen, key) != seen.end()) {
      toleration.duplicate();
    } else {
      seen.push_back(std::move(key));
    }
  }
}

}  // namespace

void validate_csi_driver(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  validate_csi_driver_spec(object["spec"]);
}

void validate_csi_driver_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At spec = object["spec"];
  const At before = old["spec"];
  validate_csi_driver_spec(spec);
  spec["attachedRequired"].with(spec["attachRequired"].value()).must_not_change(before["attachRequired"]);
  spec["volumeLifecycleModes"].must_not_change(before["volumeLifecycleModes"]);
}

void validate_csi_node(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  Names seen;
  for (const At driver : object["spec"]["drivers"].elements()) validate_csi_node_driver(driver, seen);
}

// What a driver said of itself stays, but for how much it can hold.
void validate_csi_node_update(At object, At old) {
  validate_csi_node(object);
  const At drivers = object["spec"]["drivers"];
  const auto without_room = [](At driver) {
    doc::Value value = driver.value();
    if (value.is_object()) value.as_object().erase("allocatable");
    return value;
  };
  for (const At before : old["spec"]["drivers"].elements()) {
    for (const At driver : drivers.elements()) {
      if (driver["name"].text() != before["name"].text()) continue;
      const doc::Value now = without_room(driver);
      if (!(now == without_room(before))) drivers.invalid(now, std::string(immutable_sentence));
    }
  }
}

void validate_csi_capacity(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_label_selector(object["nodeTopology"]);
  object["storageClassName"].must_be(dns1123_subdomain);
  const At capacity = object["capacity"];
  if (capacity.quantity().milli() < 0) capacity.invalid(std::string(negative_sentence));
}

void validate_csi_capacity_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  for (const std::string_view field : {"nodeTopology", "storageClassName"}) object[field].must_not_change(old[field]);
}

void validate_volume_attachment(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  const At spec = object["spec"];
  validate_csi_name(spec["attacher"]);
  validate_attachment_source(spec["source"]);
  spec["nodeName"].must_be(dns1123_subdomain);
  const At status = object["status"];
  std::size_t bytes = 0;
  for (const auto& [key, value] : status["attachmentMetadata"].members())
    bytes += key.size() + value.string_or("").size();
  if (bytes > static_cast<std::size_t>(longest_metadata)) status["attachmentMetadata"].too_long(longest_metadata);
  validate_volume_error(status["attachError"]);
  validate_volume_error(status["detachError"]);
}

void validate_volume_attachment_update(At object, At old) {
  validate_volume_attachment(object);
  object["spec"].must_not_change(old["spec"]);
}

void validate_attributes_class(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  validate_provisioner(object["driverName"]);
  const At parameters = object["parameters"];
  validate_parameters(parameters);
  if (parameters.empty()) parameters.required("must contain at least one key/value pair");
}

void validate_attributes_class_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  for (const std::string_view field : {"driverName", "parameters"}) {
    if (!object[field].is_same_as(old[field]))
      object[field].forbidden("updates to " + std::string(field) + " are forbidden.");
  }
  validate_attributes_class(object);
}

void validate_runtime_class(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  object["handler"].must_be(dns1123_label);
  if (const At overhead = object["overhead"]) {
    const doc::Value limits = doc::Object{{"limits", overhead["podFixed"].value()}};
    validate_container_resources(overhead.with(limits), {});
  }
  validate_scheduling(object["scheduling"]);
}

void validate_runtime_class_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  object["handler"].must_not_change(old["handler"]);
}

}  // namespace slipway::objects::validation
