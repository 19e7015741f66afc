#include "pods/downward.hpp"

#include "core/quantity.hpp"

namespace slipway::pods {
namespace {

// metadata.labels['k'] and metadata.annotations['k'].
std::optional<std::string> subscript(std::string_view path, std::string_view map) {
  if (!path.starts_with(map)) return std::nullopt;
  path.remove_prefix(map.size());
  if (path.size() < 4 || !path.starts_with("['") || !path.ends_with("']")) return std::nullopt;
  return std::string(path.substr(2, path.size() - 4));
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string lines_of(const doc::Value& map) {
  std::map<std::string, std::string> sorted;
  if (map.is_object()) {
    for (const auto& [key, value] : map.as_object()) sorted.emplace(key, value.string_or(""));
  }
  std::string text;
  for (const auto& [key, value] : sorted) text += (text.empty() ? "" : "\n") + key + "=" + quoted(value);
  return text;
}

}  // namespace

Result<std::string> field_value(const objects::Object& pod, const std::string& path, const std::string& pod_ip) {
  if (path == "metadata.name") return pod.name().name;
  if (path == "metadata.namespace") return pod.name().ns;
  if (path == "metadata.uid") return pod.uid();
  if (path == "status.podIP" || path == "status.podIPs") return pod_ip;
  if (path == "status.hostIP" || path == "status.hostIPs") return "127.0.0.1";
  if (path == "spec.nodeName") return pod.spec()["nodeName"].string_or("");
  if (path == "spec.serviceAccountName") return pod.spec()["serviceAccountName"].string_or("");
  if (auto key = subscript(path, "metadata.labels")) return pod.label(*key);
  if (auto key = subscript(path, "metadata.annotations")) return pod.annotation(*key);
  return fail(Code::invalid_argument, "fieldPath \"" + path + "\" is not supported",
              "use metadata.name, metadata.namespace, metadata.uid, metadata.labels['k'] or status.podIP");
}

Result<std::string> resource_value(const doc::Value& container, const doc::Value& reference) {
  const std::string path = reference["resource"].string_or("");
  const std::size_t dot = path.find('.');
  const std::string kind = path.substr(0, dot);
  const std::string name = dot == std::string::npos ? "" : path.substr(dot + 1);
  const doc::Value& said = container["resources"][kind][name];
  if (said.is_null()) {
    return fail(Code::invalid_argument, "resourceFieldRef " + path + ": the container says nothing of it",
                "a node's own size is not given to containers here: set the limit");
  }
  TRY_ASSIGN(const auto amount, core::Quantity::parse(said.string_or("")));
  TRY_ASSIGN(const auto divisor, core::Quantity::parse(reference["divisor"].string_or("1")));
  const std::int64_t unit = divisor.milli() > 0 ? divisor.milli() : 1000;
  return std::to_string(amount.milli() / unit + (amount.milli() % unit > 0));
}

Result<std::string> field_text(const objects::Object& pod, const std::string& path, const std::string& pod_ip) {
  for (const std::string_view map : {"labels", "annotations"}) {
    if (path == "metadata." + std::string(map)) return lines_of(pod.document()["metadata"][map]);
  }
  return field_value(pod, path, pod_ip);
}

}  // namespace slipway::pods
