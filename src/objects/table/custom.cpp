// Tables whose columns are found elsewhere: custom resources' in their definition, metrics' in the objects themselves.

#include "objects/jsonpath/json_path.hpp"
#include "objects/patch/go_text.hpp"
#include "objects/table/cells.hpp"
#include "objects/table/printer.hpp"
#include "objects/table/usage.hpp"

namespace slipway::objects::table {
namespace {

using doc::Value;

// A whole number of a double, where it has one.
Value integer_cell(const Value& value) {
  if (value.is_int()) return value;
  constexpr double limit = 9.2e18;
  const double number = value.double_or(0);
  if (!value.is_number() || !(number > -limit && number < limit)) return {};
  return static_cast<std::int64_t>(number);
}

Value date_cell(const Value& value, Time now) {
  if (!value.is_string()) return {};
  const std::string& text = value.as_string();
  if (text.empty() || text == "null") return "<unknown>";
  const auto time = core::parse_rfc3339(text);
  return time ? human_duration(now - *time) : "<invalid>";
}

Value cell(const std::string& type, const Value& value, Time now) {
  if (type == "string") {
    if (value.is_null()) return "<no value>";
    return value.is_array() || value.is_object() ? patch::go_json(value) : patch::go_text(value);
  }
  if (value.is_null()) return {};
  if (type == "integer") return integer_cell(value);
  if (type == "number") return value.is_number() ? Value(value.as_double()) : Value();
  if (type == "boolean") return value.is_bool() ? value : Value();
  if (type == "date") return date_cell(value, now);
  return {};
}

// What an object of metrics.k8s.io uses: a node by itself, a pod by its containers.
std::map<std::string, std::string> usage_of(const Value& object) {
  std::map<std::string, std::string> usage;
  const auto add = [&](const Value& used) {
    if (!used.is_object()) return;
    for (const auto& [name, value] : used.as_object()) {
      const auto [at, is_new] = usage.emplace(name, quantity(value));
      if (!is_new) at->second = sum_of_quantities(at->second, quantity(value));
    }
  };
  add(object["usage"]);
  for (const Value& container : elements(object["containers"])) add(container["usage"]);
  return usage;
}

}  // namespace

Table table_of_custom(const schema::Custom& custom, std::span<const Object> objects, Time now) {
  std::vector<schema::PrinterColumn> given = custom.columns;
  if (given.empty()) given.push_back({"Age", "date", "", age_column().description, 0, ".metadata.creationTimestamp"});
  Table table;
  table.columns.push_back(name_column());
  std::vector<std::optional<jsonpath::JsonPath>> paths;
  for (const schema::PrinterColumn& column : given) {
    std::string description = column.description;
    if (description.empty())
      description = "Custom resource definition column (in JSONPath format): " + column.json_path;
    table.columns.push_back({column.name, column.type, column.format, std::move(description), column.priority});
    auto path = jsonpath::JsonPath::parse(column.json_path);
    paths.push_back(path ? std::optional(std::move(*path)) : std::nullopt);
  }
  for (const Object& object : objects) {
    Row& row = table.rows.emplace_back();
    row.cells.emplace_back(name_of(object.document()));
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const Value* value = paths[i] ? paths[i]->find_first(object.document()) : nullptr;
      row.cells.push_back(value == nullptr ? Value() : cell(given[i].type, *value, now));
    }
  }
  return table;
}

Table table_of_metrics(const schema::Resource&, std::span<const Object> objects) {
  std::vector<std::string> names = {"cpu", "memory"};
  if (!objects.empty()) {
    names.clear();
    for (const auto& [name, used] : usage_of(objects.front().document())) names.push_back(name);
  }
  Table table;
  table.columns.push_back(name_column());
  for (const std::string& name : names) table.columns.push_back({name, "string", "quantity", ""});
  table.columns.push_back({"Window", "string", "duration", ""});
  for (const Object& object : objects) {
    auto usage = usage_of(object.document());
    Row& row = table.rows.emplace_back();
    row.cells.emplace_back(name_of(object.document()));
    for (const std::string& name : names) row.cells.emplace_back(usage.contains(name) ? usage[name] : "0");
    row.cells.emplace_back(text(object.document()["window"]));
  }
  return table;
}

}  // namespace slipway::objects::table
