// kube-aggregator pkg/apis/apiregistration/validation.

#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::validation {

namespace {

void validate_service_of(At spec) {
  const At service = spec["service"];
  const At bundle = spec["caBundle"];
  const At insecure = spec["insecureSkipTLSVerify"];
  if (!service) {
    if (!bundle.text().empty()) bundle.invalid("local APIServices may not have a caBundle");
    if (insecure.flag()) insecure.invalid("local APIServices may not have insecureSkipTLSVerify");
    return;
  }
  service["namespace"].must_be_given();
  service["name"].must_be_given();
  for (const std::string& complaint : port_number(service["port"].number()))
    service["port"].invalid("port is not valid: " + complaint);
  if (insecure.flag() && !bundle.text().empty()) insecure.invalid("may not be true if caBundle is present");
}

void must_be_in_bounds(At value, std::int64_t most) {
  if (value.number() > 0 && value.number() <= most) return;
  value.invalid(doc::Value(value.number()), "must be positive and less than " + std::to_string(most));
}

}  // namespace

void validate_api_service(At object) {
  const At metadata = object["metadata"];
  const At spec = object["spec"];
  const At group = spec["group"];
  const At version = spec["version"];
  const At name = metadata["name"];
  validate_metadata(metadata, false, path_segment_name);
  const std::string wanted = std::string(version.text()) + "." + std::string(group.text());
  if (!name.text().empty() && name.text() != wanted)
    name.invalid("must be `spec.version+\".\"+spec.group`: \"" + wanted + "\"");
  if (group.text().empty() && version.text() != "v1")
    group.required("only v1 may have an empty group and it better be legacy kube");
  if (!group.text().empty()) group.must_be(dns1123_subdomain);
  for (const std::string& complaint : dns1035_label(version.text()))
    version.invalid(doc::Value(version.text()), complaint);
  must_be_in_bounds(spec["groupPriorityMinimum"], 20'000);
  must_be_in_bounds(spec["versionPriority"], 1'000);
  validate_service_of(spec);
}

void validate_api_service_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_api_service(object);
}

void validate_api_service_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  for (const At condition : object["status"]["conditions"].elements())
    condition["status"].must_be_one_of({"False", "True", "Unknown"});
}

}  // namespace slipway::objects::validation
