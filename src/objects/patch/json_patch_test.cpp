#include "objects/patch/json_patch.hpp"

#include <doctest/doctest.h>

#include "objects/patch/merge_patch.hpp"

using namespace slipway;
using namespace slipway::objects::patch;

namespace {

std::string patched(std::string_view document, std::string_view patch) {
  const auto result = apply_json_patch(doc::parse_json(document).value(), doc::parse_json(patch).value());
  return result ? doc::render_json(*result) : "error: " + result.error().message;
}

}  // namespace

TEST_CASE("the six operations of a JSON patch") {
  struct Row {
    const char *document, *patch, *result;
  };
  const Row rows[] = {
      {R"({"a":1})", R"([{"op":"add","path":"/b","value":[1]},{"op":"add","path":"/b/-","value":2}])",
       R"({"a":1,"b":[1,2]})"},
      {R"({"a":[1,3]})", R"([{"op":"add","path":"/a/1","value":2}])", R"({"a":[1,2,3]})"},
      {R"({"a":[1,2]})", R"([{"op":"remove","path":"/a/-1"}])", R"({"a":[1]})"},
      {R"({"a/b":1,"c~d":2})", R"([{"op":"remove","path":"/a~1b"},{"op":"replace","path":"/c~0d","value":3}])",
       R"({"c~d":3})"},
      {R"({"a":{"b":1}})", R"([{"op":"move","from":"/a/b","path":"/c"}])", R"({"a":{},"c":1})"},
      {R"({"a":{"b":1}})", R"([{"op":"copy","from":"/a","path":"/a/c"}])", R"({"a":{"b":1,"c":{"b":1}}})"},
      {R"({"a":{"b":1}})", R"([{"op":"test","path":"/a","value":{"b":1.0}}])", R"({"a":{"b":1}})"},
      {R"({"a":1})", R"([{"op":"replace","path":"","value":{"b":2}}])", R"({"b":2})"},
      {R"({})", R"([{"op":"replace","path":"/a","value":1},{"op":"test","path":"/b","value":null}])", R"({"a":1})"},
  };
  for (const auto& row : rows) CHECK(patched(row.document, row.patch) == row.result);
}

TEST_CASE("a JSON patch that does not apply says so in the API server's words") {
  CHECK(patched(R"({"a":1})", R"([{"op":"remove","path":"/b"}])") ==
        "error: error in remove for path: '/b': Unable to remove nonexistent key: b: missing value");
  CHECK(patched(R"({"a":1})", R"([{"op":"replace","path":"/b/c","value":1}])") ==
        "error: replace operation does not apply: doc is missing path: /b/c: missing value");
  CHECK(patched(R"({"a":1})", R"([{"op":"add","path":"/b/c","value":1}])") ==
        "error: add operation does not apply: doc is missing path: \"/b/c\": missing value");
  CHECK(patched(R"({"a":1})", R"([{"op":"test","path":"/a","value":2}])") ==
        "error: testing value /a failed: test failed");
  CHECK(patched(R"({"a":[]})", R"([{"op":"add","path":"/a/1","value":2}])") ==
        "error: error in add for path: '/a/1': Unable to access invalid index: 1: invalid index referenced");
  CHECK(patched(R"({"a":1})", R"([{"op":"frob","path":"/a"}])") == "error: Unexpected kind: frob");
  CHECK(patched(R"({"a":1})", R"({"op":"add"})").starts_with("error: json: cannot unmarshal object"));
}

TEST_CASE("a JSON patch may not have more than ten thousand operations, nor copy without end, nor nest too deep") {
  doc::Array many(kMaxJsonPatchOperations + 1, doc::Object{{"op", "test"}, {"path", ""}, {"value", doc::Object{}}});
  auto refused = apply_json_patch(doc::Object{}, many);
  REQUIRE(!refused);
  CHECK(refused.error().code == Code::resource_exhausted);
  CHECK(refused.error().message == "The allowed maximum operations in a JSON patch is 10000, got 10001");
  many.pop_back();
  CHECK(apply_json_patch(doc::Object{}, many).has_value());

  doc::Array doubling(100, doc::Object{{"op", "copy"}, {"from", "/a"}, {"path", "/a/-"}});
  refused = apply_json_patch(doc::Object{{"a", doc::Array{std::string(1000, 'x')}}}, doubling);
  REQUIRE(!refused);
  CHECK(refused.error().code == Code::resource_exhausted);

  doc::Array nesting;
  for (int i = 0; i < 300; ++i) {
    nesting.emplace_back(doc::Object{{"op", "add"}, {"path", "/b"}, {"value", doc::Object{}}});
    nesting.emplace_back(doc::Object{{"op", "move"}, {"from", "/a"}, {"path", "/b/a"}});
    nesting.emplace_back(doc::Object{{"op", "move"}, {"from", "/b"}, {"path", "/a"}});
  }
  CHECK(!apply_json_patch(doc::Object{{"a", 1}}, nesting));
}

TEST_CASE("a merge patch removes what is null, also inside what is new, and must be an object") {
  const auto target = doc::parse_json(R"({"a":{"b":1,"c":[1,2]},"d":1})").value();
  const auto patch = doc::parse_json(R"({"a":{"b":null,"c":[3]},"e":{"f":null,"g":1}})").value();
  CHECK(doc::render_json(apply_merge_patch(target, patch).value()) == R"({"a":{"c":[3]},"d":1,"e":{"g":1}})");
  CHECK(apply_merge_patch(target, doc::Array{}).error().message == "Invalid JSON Patch");
}
