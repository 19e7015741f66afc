#include "objects/jsonpath/json_path.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "source_dir.hpp"

using namespace slipway;
using objects::jsonpath::JsonPath;

namespace {

doc::Value pod() {
  return *doc::parse_yaml(R"(
metadata:
  name: web
  annotations: {a.b/c: yes-please}
spec:
  containers:
  - {name: one, image: i1, ports: [{containerPort: 80}, {containerPort: 443}]}
  - {name: two, image: i2}
status:
  conditions:
  - {type: Ready, status: "True", seen: 3}
  - {type: Initialized, status: "False", seen: 5}
)",
                          "pod.yaml");
}

// What the path finds in pod(), as JSON, or the error.
std::string found(std::string_view path) {
  const doc::Value document = pod();
  const auto parsed = JsonPath::parse(path);
  if (!parsed) return parsed.error().one_line();
  const auto values = parsed->find(document);
  if (!values) return values.error().message;
  doc::Array out;
  for (const doc::Value* value : *values) out.push_back(*value);
  return doc::render_json(out);
}

}  // namespace

TEST_CASE("a JSONPath finds what a printer column, a selectable field and kubectl mean by it") {
  struct Row {
    std::string_view path, found;
  };
  const Row rows[] = {
      {".metadata.name", R"(["web"])"},
      {"$.metadata.name", R"(["web"])"},
      {".spec.replicas", "[]"},
      {".metadata.name.first", "[]"},
      {R"(.metadata.annotations['a\.b/c'])", R"(["yes-please"])"},
      {R"(.metadata.annotations.a\.b/c)", R"(["yes-please"])"},
      {".metadata.annotations['a.b/c']", "[]"},  // a dot in quotes separates, as in client-go
      {".spec['containers'][0].name", R"(["one"])"},
      {".spec.containers[*].name", R"(["one","two"])"},
      {".spec.containers[-1].name", R"(["two"])"},
      {".spec.containers[0:1].name", R"(["one"])"},
      {".spec.containers[1,0].name", R"(["two","one"])"},
      {".spec.containers[0]['name', 'image']", R"(["one","i1"])"},
      {".spec.containers[*].ports[*].containerPort", "[80,443]"},
      {R"(.status.conditions[?(@.type=="Ready")].status)", R"(["True"])"},
      {R"(.status.conditions[?(@.type == 'Initialized')].status)", R"(["False"])"},
      {R"(.status.conditions[?(@.type!="Ready")].status)", R"(["False"])"},
      {".status.conditions[?(@.seen>3)].type", R"(["Initialized"])"},
      {".status.conditions[?(@.seen<=3)].type", R"(["Ready"])"},
      {".spec.containers[?(@.ports)].name", R"(["one"])"},
      {".metadata.annotations.*", R"(["yes-please"])"},
      {"..containerPort", "[80,443]"},
      {".spec.containers[2].name", "array index out of bounds: index 2, length 2"},
      {".metadata[0]", "map[string]interface {} is not array or slice"},
      {R"(.status.conditions[?(@.seen=="3")])", "incompatible types for comparison"},
      {".spec.containers[", "<json path>:1:17: unterminated array"},
      {".spec.containers[x]", "<json path>:1:18: invalid array index x"},
      {".spec.containers[?(@.name", "<json path>:1:17: unterminated filter"},
      {"spec", "<json path>:1:1: unrecognized identifier spec"},
      {".a#", "[]"},
      {".a[0]#", "<json path>:1:6: unrecognized character in action: U+0023 '#'"},
      {".....", "<json path>:1:3: invalid multiple recursive descent"},
      {"[?(@.a=1)]", "<json path>:1:7: unrecognized filter operator ="},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(found(row.path) == row.found);
  }
}

TEST_CASE("a path that multiplies its values is stopped") {
  const auto document = doc::parse_json(std::string(80, '[') + std::string(80, ']'));
  REQUIRE(document.has_value());
  const auto parsed = JsonPath::parse("..[*]..[*]..[*]..[*]");
  REQUIRE(parsed.has_value());
  const auto values = parsed->find(*document);
  REQUIRE_FALSE(values.has_value());
  CHECK(values.error().message == "more than 100000 values found");
}

TEST_CASE("paths find what they find in Kubernetes' own code") {
  std::ifstream file(SLIPWAY_SOURCE_DIR "/src/objects/jsonpath/testdata/server.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto rows = doc::parse_json(text);
  REQUIRE(rows.has_value());
  CHECK(rows->size() > 40);
  const doc::Value* document = nullptr;
  for (const doc::Value& row : rows->as_array()) {
    CAPTURE(row["path"].as_string());
    if (!row["in"].is_null()) document = &row["in"];
    const auto path = JsonPath::parse(row["path"].as_string());
    const bool refused = !row["error"].is_null();
    if (!path) {
      CHECK_MESSAGE(refused, path.error().message);
      continue;
    }
    const auto values = path->find(*document);
    if (!values) {
      CHECK_MESSAGE(refused, values.error().message);
      continue;
    }
    CHECK_FALSE(refused);
    doc::Array out;
    for (const doc::Value* value : *values) out.push_back(*value);
    CHECK(doc::render_json_canonical(out) ==
          doc::render_json_canonical(row["out"].is_null() ? doc::Array() : row["out"]));
  }
}
