// Our tables against those of Kubernetes' own code: testdata/server.json, made by tools/table-golden.

#include <doctest/doctest.h>

#include <set>

#include "objects/schema/builtin.hpp"
#include "objects/schema/decode.hpp"
#include "objects/table/table.hpp"
#include "support/golden.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::objects::table;

namespace {

constexpr const char* cases = "src/objects/table/testdata/server.json";

const Time now = *core::parse_rfc3339("2026-11-23T10:00:00Z");

// "@-90" is ninety seconds ago, inside of other texts too; "@-90us" a time with microseconds.
std::string with_times(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t mark = text.find("\"@", at);
    if (mark == std::string::npos) return out + text.substr(at);
    const std::size_t end = text.find('"', mark + 2);
    const std::string inside = text.substr(mark + 2, end - mark - 2);
    const Time time = now + std::chrono::seconds(std::stoll(inside));
    // A quote inside of a text is escaped, and so is the one behind the mark.
    const bool escaped = mark > 0 && text[mark - 1] == '\\';
    out += text.substr(at, mark - at) + "\"";
    out += inside.ends_with("us") ? core::render_rfc3339_micro(time) : core::render_rfc3339(time);
    out += escaped ? "\\\"" : "\"";
    at = end + 1;
  }
  return out;
}

// As it is when it was written by a client and read again.
Object kept(doc::Value value) {
  const auto* type = schema::builtin().find_body(value["apiVersion"].string_or(""), value["kind"].string_or(""));
  if (type != nullptr) {
    schema::prune(value, *type);
    schema::normalize(value, *type);
    schema::show_zeros(value, *type);
    schema::apply_defaults(value, *type);
  }
  return Object(std::move(value));
}

schema::Resource custom_kind(const doc::Value& columns) {
  auto custom = std::make_shared<schema::Custom>();
  for (const doc::Value& column : columns.as_array()) {
    custom->columns.push_back({column["name"].string_or(""), column["type"].string_or(""),
                               column["format"].string_or(""), column["description"].string_or(""),
                               static_cast<int>(column["priority"].int_or(0)), column["jsonPath"].string_or("")});
  }
  schema::Resource resource;
  resource.kind = "W";
  resource.custom = custom;
  return resource;
}

Table table_for(const doc::Value& row, const Object& object) {
  const std::span<const Object> one{&object, 1};
  if (!row["columns"].is_null()) return table_of(custom_kind(row["columns"]), one, now);
  if (object.kind() == "Scale") return table_of_scale(object, now);
  const std::string version = object.api_version();
  const auto slash = version.find('/');
  const std::string group = slash == std::string::npos ? "" : version.substr(0, slash);
  const auto* resource = schema::builtin().find(group, version.substr(slash + 1), object.kind());
  REQUIRE(resource != nullptr);
  return table_of(*resource, one, now);
}

}  // namespace

TEST_CASE("every kind is shown with the columns and cells of a Kubernetes API server") {
  const auto rows = doc::parse_json(with_times(support::source_file(cases)));
  REQUIRE_MESSAGE(rows.has_value(), (rows ? "" : rows.error().render()));
  CHECK(rows->size() > 200);
  for (const doc::Value& row : rows->as_array()) {
    CAPTURE(row["about"].as_string());
    const Object object = kept(row["in"]);
    const Table table = table_for(row, object);
    doc::Array headers;
    for (const Column& column : table.columns)
      headers.emplace_back(column.name + "|" + column.type + "|" + column.format + "|" +
                           std::to_string(column.priority));
    CHECK(doc::render_json(headers) == doc::render_json(row["headers"]));
    REQUIRE(table.rows.size() == 1);
    CHECK(doc::render_json(table.rows[0].cells) == doc::render_json(row["row"]["cells"]));
    CHECK(doc::render_json_canonical(table.rows[0].conditions) == doc::render_json_canonical(row["row"]["conditions"]));
  }
}

TEST_CASE("every built-in kind that can be listed has a case among them, or is shown by name and time") {
  const auto rows = doc::parse_json(support::source_file(cases));
  REQUIRE(rows.has_value());
  std::set<std::string> covered;
  for (const doc::Value& row : rows->as_array())
    covered.insert(row["in"]["apiVersion"].as_string() + " " + row["in"]["kind"].as_string());
  // Of servers whose code is not asked there: see table_test.cpp.
  covered.insert({"apiregistration.k8s.io/v1 APIService", "apiextensions.k8s.io/v1 CustomResourceDefinition",
                  "metrics.k8s.io/v1beta1 NodeMetrics", "metrics.k8s.io/v1beta1 PodMetrics"});
  for (const schema::Resource& resource : schema::builtin().resources()) {
    if (std::ranges::find(resource.verbs, "list") == resource.verbs.end()) continue;
    CHECK_MESSAGE(covered.contains(resource.api_version() + " " + resource.kind), resource.kind);
  }
}
