#include "objects/conversion/convert.hpp"

#include <doctest/doctest.h>

#include "objects/conversion/label_text.hpp"
#include "objects/schema/builtin.hpp"
#include "objects/schema/decode.hpp"
#include "support/golden.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::objects::conversion;

namespace {

const schema::Resource& kind(const std::string& api_version, std::string_view name) {
  const auto slash = api_version.find('/');
  const std::string group = slash == std::string::npos ? "" : api_version.substr(0, slash);
  const auto* resource = schema::builtin().find(group, api_version.substr(slash + 1), name);
  REQUIRE(resource != nullptr);
  return *resource;
}

}  // namespace

TEST_CASE("objects are converted as Kubernetes' own code converts them, annotations to the letter") {
  const auto rows = doc::parse_json(support::source_file("src/objects/conversion/testdata/server.json"));
  REQUIRE(rows.has_value());
  CHECK(rows->size() >= 20);
  for (const doc::Value& row : rows->as_array()) {
    CAPTURE(doc::render_json(row["in"]));
    doc::Value object = row["in"];
    const auto& from = kind(object["apiVersion"].as_string(), object["kind"].as_string());
    const auto& to = kind(row["to"].as_string(), object["kind"].as_string());
    schema::normalize(object, *from.type);
    schema::show_zeros(object, *from.type);
    schema::apply_defaults(object, *from.type);
    CHECK(is_known(from, to));
    auto converted = convert(object, from, to);
    REQUIRE(converted.has_value());
    support::drop_nulls(*converted);
    doc::Value expected = row["out"];
    support::drop_nulls(expected);
    CHECK(doc::render_json_canonical(*converted) == doc::render_json_canonical(expected));
  }
}

TEST_CASE("a custom resource changes its apiVersion and nothing else") {
  schema::Resource v1;
  v1.group = "x.io";
  v1.version = "v1";
  v1.kind = "Widget";
  v1.custom = std::make_shared<schema::Custom>();
  schema::Resource v2 = v1;
  v2.version = "v2";
  const auto object = doc::parse_json(R"({"apiVersion":"x.io/v1","kind":"Widget","spec":{"a":1}})");
  CHECK(doc::render_json(*convert(*object, v1, v2)) == R"({"apiVersion":"x.io/v2","kind":"Widget","spec":{"a":1}})");
  CHECK(*convert(*object, v1, v1) == *object);
  CHECK_FALSE(is_known(v1, v2));
  const auto none = convert(*object, v1, kind("v1", "Pod"));
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().message == "there is no way from x.io/v1 Widget to v1 Pod");
}

TEST_CASE("labels and selectors are written sorted") {
  CHECK(labels_text(*doc::parse_json(R"({"b":"2","a":"1"})")) == "a=1,b=2");
  CHECK(labels_text({}).empty());
  const auto selector = doc::parse_json(R"({"matchLabels":{"b":"2","a":"1"},"matchExpressions":[
      {"key":"t","operator":"NotIn","values":["y","x"]},{"key":"c","operator":"DoesNotExist"}]})");
  CHECK(*selector_text(*selector) == "a=1,b=2,!c,t notin (x,y)");
  CHECK(selector_text({})->empty());
  CHECK_FALSE(selector_text(*doc::parse_json(R"({"matchExpressions":[{"key":"a","operator":"Like"}]})")).has_value());
}
