// kubernetes pkg/apis/resource/validation: DeviceClass, ResourceClaim and its template; of a ResourceSlice what it says
// of itself, not of its devices. CEL expressions are measured and not compiled: nothing here allocates devices by them.

#include "objects/validation/claims.hpp"
#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::int64_t most_requests = 32, most_alternatives = 8, most_selectors = 32, most_entries = 32;
constexpr std::int64_t longest_expression = 10 * 1024, longest_driver = 63;
constexpr std::string_view request_sentence =
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

void must_have_at_most(At list, std::int64_t most) {
  if (list.size() > static_cast<std::size_t>(most)) list.too_many(most);
}

void validate_driver(At name) {
  if (!name.must_be_given()) return;
  if (name.text().size() > static_cast<std::size_t>(longest_driver)) name.too_long(longest_driver);
  name.must_be(dns1123_subdomain);
}

void validate_selectors(At selectors) {
  for (const At selector : selectors.elements()) {
    const At cel = selector["cel"];
    if (!cel) {
      cel.required();
    } else if (cel["expression"].text().size() > static_cast<std::size_t>(longest_expression)) {
      cel["expression"].too_long(longest_expression);
    }
  }
  must_have_at_most(selectors, most_selectors);
}

void validate_wanted(At wanted) {
  if (const At name = wanted["deviceClassName"]; name.must_be_given()) name.must_be(dns1123_subdomain);
  validate_selectors(wanted["selectors"]);
  const At mode = wanted["allocationMode"];
  const At count = wanted["count"];
  if (!mode.must_be_one_of({"All", "ExactCount"})) return;
  if (mode.text() == "ExactCount") {
    if (count.number() <= 0) count.invalid("must be greater than zero");
  } else if (count.number() != 0) {
    count.invalid("must not be specified when allocationMode is 'All'");
  }
}

void must_differ(At list, std::string_view field) {
  Names seen;
  for (const At element : list.elements()) {
    const At name = field.empty() ? element : element[field];
    if (!seen.add(name.text())) name.duplicate();
  }
}

void validate_request(At request) {
  request["name"].must_be(dns1123_label);
  const At exactly = request["exactly"];
  const At alternatives = request["firstAvailable"];
  for (const At alternative : alternatives.elements()) {
    alternative["name"].must_be(dns1123_label);
    validate_wanted(alternative);
  }
  must_have_at_most(alternatives, most_alternatives);
  must_differ(alternatives, "name");
  if (exactly) validate_wanted(exactly);
  if (!exactly && alternatives.empty()) request.required("exactly one of `exactly` or `firstAvailable` is required");
  if (exactly && !alternatives.empty()) {
    request.invalid(nullptr, "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set");
  }
}

// "request", or "request/alternative".
bool is_request(At requests, std::string_view name) {
  const std::size_t slash = name.find('/');
  const auto is_named = [](At list, std::string_view wanted) {
    return names_in(list.value(), "name").contains(wanted);
  };
  if (slash == std::string_view::npos) return is_named(requests, name);
  for (const At request : requests.elements()) {
    if (request["name"].text() == name.substr(0, slash))
      return is_named(request["firstAvailable"], name.substr(slash + 1));
  }
  return false;
}

void validate_references(At names, At requests) {
  for (const At name : names.elements()) {
    if (!is_request(requests, name.text())) name.invalid(std::string(request_sentence));
  }
  must_have_at_most(names, most_requests);
  must_differ(names, "");
}

void validate_configuration(At config) {
  const At opaque = config["opaque"];
  if (!opaque) return opaque.required();
  validate_driver(opaque["driver"]);
  if (!opaque["parameters"]) opaque["parameters"].required();
}

void validate_resource_claim_spec(At spec) {
  const At devices = spec["devices"];
  const At requests = devices["requests"];
  for (const At request : requests.elements()) validate_request(request);
  must_have_at_most(requests, most_requests);
  must_differ(requests, "name");
  for (const At constraint : devices["constraints"].elements()) {
    validate_references(constraint["requests"], requests);
    if (!constraint["matchAttribute"] && !constraint["distinctAttribute"]) constraint["matchAttribute"].required();
  }
  must_have_at_most(devices["constraints"], most_entries);
  for (const At config : devices["config"].elements()) {
    validate_references(config["requests"], requests);
    validate_configuration(config);
  }
  must_have_at_most(devices["config"], most_entries);
}

void validate_class_spec(At spec) {
  validate_selectors(spec["selectors"]);
  for (const At config : spec["config"].elements()) validate_configuration(config);
  must_have_at_most(spec["config"], most_entries);
  if (const At name = spec["extendedResourceName"]; name && !is_extended_resource(name.text()))
    name.invalid("must be a valid extended resource name");
}

void validate_slice_spec(At spec) {
  validate_driver(spec["driver"]);
  spec["pool"]["name"].must_be_given();
  std::string set;
  std::size_t count = 0;
  for (const std::string_view field : {"nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection"}) {
    if (!spec[field]) continue;
    set += (set.empty() ? "`" : ", `") + std::string(field) + "`";
    ++count;
  }
  const std::string sentence =
      "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
  if (count == 0) spec.required(sentence);
  if (count > 1) spec.invalid("{" + set + "}", sentence + ", but multiple fields are set");
  must_differ(spec["devices"], "name");
}

}  // namespace

void validate_device_class(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  validate_class_spec(object["spec"]);
}

void validate_device_class_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_class_spec(object["spec"]);
}

void validate_resource_claim(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_resource_claim_spec(object["spec"]);
}

void validate_resource_claim_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  object["spec"].must_not_change(old["spec"]);
  validate_resource_claim_spec(object["spec"]);
}

void validate_claim_template(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_claim_template_metadata(object["spec"]["metadata"]);
  validate_resource_claim_spec(object["spec"]["spec"]);
}

void validate_claim_template_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  object["spec"].must_not_change(old["spec"]);
  validate_resource_claim_spec(object["spec"]["spec"]);
}

void validate_resource_slice(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  validate_slice_spec(object["spec"]);
}

void validate_resource_slice_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At spec = object["spec"];
  validate_slice_spec(spec);
  spec["pool"]["name"].must_not_change(old["spec"]["pool"]["name"]);
  for (const std::string_view field : {"driver", "nodeName"}) spec[field].must_not_change(old["spec"][field]);
}

}  // namespace slipway::objects::validation
