// Environment variables and the downward API.

#include <algorithm>

#include "core/text.hpp"
#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::string_view env_fields[] = {
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs",     "status.podIP", "status.podIPs"};
constexpr std::string_view known_fields[] = {
    "metadata.annotations", "metadata.labels", "metadata.name",      "metadata.namespace",
    "metadata.uid",         "spec.nodeName",   "spec.restartPolicy", "spec.serviceAccountName",
    "spec.schedulerName",   "status.phase",    "status.hostIP",      "status.hostIPs",
    "status.podIP",         "status.podIPs",   "spec.host"};
constexpr std::string_view resource_fields[] = {"limits.cpu",   "limits.ephemeral-storage",   "limits.memory",
                                                "requests.cpu", "requests.ephemeral-storage", "requests.memory"};
constexpr std::string_view byte_divisors[] = {"1",   "1k",  "1M",  "1G",  "1T",  "1P", "1E",
                                              "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"};

template <class List>
bool is_among(const List& list, std::string_view text) {
  return std::ranges::find(list, text) != std::end(list);
}

bool is_huge_pages_field(std::string_view resource) {
  return resource.starts_with("requests.hugepages-") || resource.starts_with("limits.hugepages-");
}

void validate_divisor(At selector) {
  const At divisor = selector["divisor"];
  if (divisor.quantity().milli() == 0) return;
  const std::string_view resource = selector["resource"].text();
  const std::string given = divisor.value().string_or("");
  if (resource.ends_with(".cpu")) {
    if (given == "1" || given == "1m") return;
    divisor.invalid(doc::Value(resource), "only divisor's values 1m and 1 are supported with the cpu resource");
    return;
  }
  std::string_view what;
  if (resource.ends_with(".memory")) what = "memory resource";
  if (resource.ends_with(".ephemeral-storage")) what = "local ephemeral storage resource";
  if (is_huge_pages_field(resource)) what = "hugepages resource";
  if (what.empty() || is_among(byte_divisors, given)) return;
  divisor.invalid(
      doc::Value(resource),
      "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the " +
          std::string(what));
}

void validate_key_of(At selector) {
  selector["name"].with(doc::Value(selector["name"].text())).must_be(dns1123_subdomain, selector["name"].text());
  if (const At key = selector["key"]; key.must_be_given()) key.must_be(config_map_key);
}

void validate_file_key(At selector) {
  if (const At key = selector["key"]; key.must_be_given()) key.must_be(env_var_name);
  if (const At volume = selector["volumeName"]; volume.must_be_given()) volume.must_be(dns1123_label);
  if (const At path = selector["path"]; path.must_be_given()) validate_no_parent_directories(path, path.text());
}

void validate_value_from(At variable) {
  const At source = variable["valueFrom"];
  if (!source) return;
  int sources = 0;
  const auto when = [&](std::string_view name, auto validate) {
    const At member = source[name];
    if (!member) return;
    ++sources;
    validate(member);
  };
  when("fieldRef", [](At selector) { validate_object_field(selector, env_fields); });
  when("resourceFieldRef", [](At selector) { validate_resource_field(selector, false); });
  when("configMapKeyRef", validate_key_of);
  when("secretKeyRef", validate_key_of);
  when("fileKeyRef", validate_file_key);
  if (sources == 0) {
    source.invalid("", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
  } else if (!variable["value"].text().empty()) {
    source.invalid("", "may not be specified when `value` is not empty");
  } else if (sources > 1) {
    source.invalid("", "may not have more than one field specified at a time");
  }
}

}  // namespace

void validate_object_field(At selector, std::span<const std::string_view> supported) {
  const At version = selector["apiVersion"];
  const At field = selector["fieldPath"];
  if (!version.must_be_given() || !field.must_be_given()) return;
  const auto cannot_convert = [&](const std::string& why) { field.invalid("error converting fieldPath: " + why); };
  if (version.text() != "v1") return cannot_convert("unsupported pod version: " + std::string(version.text()));
  const std::string_view path = field.text();
  const std::size_t bracket = path.find("['");
  if (path.ends_with("']") && bracket != std::string_view::npos && bracket != 0 && bracket + 4 <= path.size()) {
    const std::string_view head = path.substr(0, bracket);
    const std::string_view key = path.substr(bracket + 2, path.size() - bracket - 4);
    if (head == "metadata.annotations") {
      const std::string lower = core::in_lower(key);
      selector.must_be(qualified_name, lower);
    } else if (head == "metadata.labels") {
      selector.must_be(qualified_name, key);
    } else {
      cannot_convert("field label does not support subscript: " + std::string(path));
    }
    return;
  }
  if (!is_among(known_fields, path)) return cannot_convert("field label not supported: " + std::string(path));
  if (path != "spec.host") field.must_be_one_of(supported);
}

void validate_resource_field(At selector, bool in_volume) {
  const At resource = selector["resource"];
  if (in_volume && selector["containerName"].text().empty()) {
    selector["containerName"].required();
  } else if (resource.must_be_given() && !is_huge_pages_field(resource.text())) {
    resource.must_be_one_of(resource_fields);
  }
  validate_divisor(selector);
}

void validate_env(At env) {
  for (const At variable : env.elements()) {
    if (const At name = variable["name"]; name.must_be_given()) name.must_be(env_var_name);
    validate_value_from(variable);
  }
}

void validate_env_from(At sources) {
  for (const At source : sources.elements()) {
    if (const At prefix = source["prefix"]; !prefix.text().empty()) prefix.must_be(env_var_name);
    int named = 0;
    for (const std::string_view kind : {"configMapRef", "secretRef"}) {
      const At reference = source[kind];
      if (!reference) continue;
      ++named;
      const At name = reference["name"];
      if (!name.must_be_given()) continue;
      for (const std::string& complaint : dns1123_subdomain(without_dash_at_end(name.text()))) name.invalid(complaint);
    }
    if (named == 0) sources.invalid("", "must specify one of: `configMapRef` or `secretRef`");
    if (named > 1) sources.invalid("", "may not have more than one field specified at a time");
  }
}

}  // namespace slipway::objects::validation
