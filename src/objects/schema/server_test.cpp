// Our way of a request body against that of Kubernetes' own code: testdata/server.json, made by tools/server-golden.

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "objects/schema/builtin.hpp"
#include "objects/schema/decode.hpp"
#include "source_dir.hpp"

using namespace slipway;
using namespace slipway::objects::schema;

namespace {

// Go shows missing lists and times as null.
void drop_nulls(doc::Value& value) {
  if (value.is_array()) {
    for (doc::Value& element : value.as_array()) drop_nulls(element);
  }
  if (!value.is_object()) return;
  std::vector<std::string> gone;
  for (auto& [key, member] : value.as_object()) {
    if (member.is_null()) gone.push_back(key);
    drop_nulls(member);
  }
  for (const std::string& key : gone) value.as_object().erase(key);
}

}  // namespace

TEST_CASE("a body is refused, or kept, as Kubernetes does it") {
  std::ifstream file(SLIPWAY_SOURCE_DIR "/src/objects/schema/testdata/server.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto rows = doc::parse_json(text);
  REQUIRE(rows.has_value());
  CHECK(rows->size() > 80);
  for (const doc::Value& row : rows->as_array()) {
    CAPTURE(row["in"].as_string());
    auto body = parse_json_body(row["in"].as_string());
    REQUIRE(body.has_value());
    doc::Value& value = body->value;
    const Type* type = builtin().find_body(value["apiVersion"].string_or(""), value["kind"].string_or(""));
    REQUIRE(type != nullptr);
    const auto judged = judge(check(*body, *type), FieldValidation::strict);
    CHECK((judged ? std::string() : judged.error().message) == row["error"].string_or(""));
    if (!judged) continue;
    prune(value, *type);
    normalize(value, *type);
    show_zeros(value, *type);
    apply_defaults(value, *type);
    drop_nulls(value);
    doc::Value expected = row["out"];
    drop_nulls(expected);
    // A mark of old servers that nobody reads.
    if (value["kind"].as_string() == "DaemonSet") expected.at_or_insert("metadata").as_object().erase("annotations");
    CHECK(doc::render_json_canonical(value) == doc::render_json_canonical(expected));
  }
}
