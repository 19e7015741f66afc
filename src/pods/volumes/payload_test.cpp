#include "pods/volumes/payload.hpp"

#include <doctest/doctest.h>

#include "objects/kinds.hpp"

namespace slipway::pods::volumes {
namespace {

objects::Object from(const char* yaml) { return objects::Object(*doc::parse_yaml(yaml, "test.yaml")); }

Result<std::optional<objects::Object>> find_source(const objects::Kind& kind, const objects::Name& name) {
  std::optional<objects::Object> found;
  if (name == objects::Name{"prod", "settings"} && kind == objects::kinds::config_map)
    found = from("data: {color: blue, size: '5'}\nbinaryData: {image: AAEC}");
  if (name == objects::Name{"prod", "keys"} && kind == objects::kinds::secret) found = from("data: {token: c2VjcmV0}");
  return found;
}

Result<Payload> payload(const char* volume) {
  static const FindSource find = find_source;
  const auto pod = from(R"yaml(
metadata: {name: a, namespace: prod, labels: {tier: web, app: "a \"b\""}}
spec: {containers: [{name: main, resources: {limits: {memory: 64Mi}}}]}
)yaml");
  const auto token = [](const doc::Value& projection) -> Result<std::string> {
    return "token for " + projection["audience"].string_or("us");
  };
  return payload_of(pod, *doc::parse_yaml(volume, "volume.yaml"), {find, "127.20.0.1", token, true});
}

std::string shown(const Result<Payload>& payload) {
  if (!payload) return payload.error().message;
  std::string text;
  for (const auto& [path, file] : *payload) {
    const std::string mode{static_cast<char>('0' + (file.mode >> 6 & 7)), static_cast<char>('0' + (file.mode >> 3 & 7)),
                           static_cast<char>('0' + (file.mode & 7))};
    text += path + " " + mode + " " + (file.bytes.find('\0') == std::string::npos ? file.bytes : "binary") + "\n";
  }
  return text;
}

TEST_CASE("Payload: what a volume of objects shows") {
  struct Row {
    const char* volume;
    const char* shown;
  };
  for (const Row& row :
       {Row{"{name: v, configMap: {name: settings}}", "color 644 blue\nimage 644 binary\nsize 644 5\n"},
        Row{"{name: v, configMap: {name: settings, defaultMode: 256, items: [{key: size, path: a/b, mode: 384}, {key: "
            "color, path: c}]}}",
            "a/b 600 5\nc 400 blue\n"},
        Row{"{name: v, secret: {secretName: keys}}", "token 644 secret\n"},
        Row{"{name: v, configMap: {name: nobody}}", "configmap \"nobody\" not found"},
        Row{"{name: v, configMap: {name: nobody, optional: true}}", ""},
        Row{"{name: v, configMap: {name: settings, items: [{key: x, path: x}]}}",
            "references non-existent config key: x"},
        Row{"{name: v, configMap: {name: settings, items: [{key: size, path: ../x}]}}",
            "path \"../x\" leaves the volume"},
        Row{"{name: v, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}, {path: memory, "
            "resourceFieldRef: {containerName: main, resource: limits.memory, divisor: 1Mi}}]}}",
            "labels 644 app=\"a \\\"b\\\"\"\ntier=\"web\"\nmemory 644 64\n"},
        Row{"{name: v, projected: {sources: [{serviceAccountToken: {path: token}}, {configMap: {name: settings, items: "
            "[{key: color, path: color}]}}, {secret: {name: nobody, optional: true}}, {downwardAPI: {items: [{path: "
            "namespace, fieldRef: {fieldPath: metadata.namespace}}]}}]}}",
            "color 644 blue\nnamespace 644 prod\ntoken 600 token for us\n"},
        Row{"{name: v, projected: {sources: [{clusterTrustBundle: {path: x}}]}}",
            "a projection of clusterTrustBundle is not supported"}}) {
    CAPTURE(row.volume);
    CHECK(shown(payload(row.volume)) == std::string(row.shown));
  }
}

}  // namespace
}  // namespace slipway::pods::volumes
