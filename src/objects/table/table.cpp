#include "objects/table/table.hpp"

#include <iterator>
#include <map>

#include "objects/table/cells.hpp"
#include "objects/table/printer.hpp"

namespace slipway::objects::table {
namespace {

using doc::Value;
using Printers = std::map<std::pair<std::string_view, std::string_view>, Printer>;

const Printers& printers() {
  static const Printers all = [] {
    Printers out;
    for (auto* of_file : {pod_printers, workload_printers, cluster_printers, network_printers, storage_printers,
                          policy_printers, driver_printers, autoscaler_printers, event_printers}) {
      for (Printer& printer : of_file()) out.emplace(std::pair(printer.group, printer.kind), std::move(printer));
    }
    return out;
  }();
  return all;
}

// By name and time of creation: kinds that have no printer of their own.
Table plain_table(std::span<const Object> objects) {
  Table table;
  table.columns = {name_column(), {"Created At", "date", "", "When the object was created."}};
  for (const Object& object : objects) {
    table.rows.push_back({{name_of(object.document()),
                           text_or(object.document()["metadata"]["creationTimestamp"], "0001-01-01T00:00:00Z")},
                          {}});
  }
  return table;
}

Table printed(const Printer& printer, std::span<const Object> objects, Time now) {
  Table table;
  table.columns = printer.columns;
  table.rows.reserve(objects.size());
  for (const Object& object : objects) {
    Row row;
    row.cells = printer.cells(object.document(), now);
    if (printer.conditions != nullptr) row.conditions = printer.conditions(object.document());
    table.rows.push_back(std::move(row));
  }
  return table;
}

Value column_value(const Column& column) {
  return doc::Object{{"name", column.name},
                     {"type", column.type},
                     {"format", column.format},
                     {"description", column.description},
                     {"priority", std::int64_t{column.priority}}};
}

Value shown_object(const Object& object, const WireOptions& options) {
  switch (options.include) {
    case IncludeObject::none:
      return {};
    case IncludeObject::object:
      return object.document();
    case IncludeObject::metadata:
      break;
  }
  return partial_metadata(object, options.version);
}

}  // namespace

const Printer* find_printer(std::string_view group, std::string_view kind) {
  const auto found = printers().find({group, kind});
  return found == printers().end() ? nullptr : &found->second;
}

Table table_of(const schema::Resource& resource, std::span<const Object> objects, Time now) {
  if (resource.is_custom()) return table_of_custom(*resource.custom, objects, now);
  if (resource.group == "metrics.k8s.io") return table_of_metrics(resource, objects);
  const Printer* printer = find_printer(resource.group, resource.kind);
  return printer == nullptr ? plain_table(objects) : printed(*printer, objects, now);
}

Table table_of_scale(const Object& scale, Time now) {
  return printed(*find_printer("autoscaling", "Scale"), {&scale, 1}, now);
}

Result<IncludeObject> parse_include_object(std::string_view text) {
  if (text.empty() || text == "Metadata") return IncludeObject::metadata;
  if (text == "None") return IncludeObject::none;
  if (text == "Object") return IncludeObject::object;
  return fail(Code::invalid_argument, "Unable to convert to Table as requested: includeObject: Invalid value: \"" +
                                          std::string(text) + "\": must be 'Metadata', 'Object', 'None', or empty");
}

Value render_table(const Table& table, std::span<const Object> objects, const WireOptions& options) {
  doc::Object metadata;
  if (!options.resource_version.empty()) metadata.set("resourceVersion", options.resource_version);
  if (!options.continue_token.empty()) metadata.set("continue", options.continue_token);
  if (options.remaining) metadata.set("remainingItemCount", *options.remaining);
  Value columns;
  if (options.headers) {
    doc::Array list;
    std::ranges::transform(table.columns, std::back_inserter(list), column_value);
    columns = std::move(list);
  }
  doc::Array rows;
  rows.reserve(table.rows.size());
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    doc::Object row{{"cells", table.rows[i].cells}};
    if (!table.rows[i].conditions.is_null()) row.set("conditions", table.rows[i].conditions);
    row.set("object", i < objects.size() ? shown_object(objects[i], options) : Value());
    rows.emplace_back(std::move(row));
  }
  return doc::Object{{"kind", "Table"},
                     {"apiVersion", "meta.k8s.io/" + options.version},
                     {"metadata", std::move(metadata)},
                     {"columnDefinitions", std::move(columns)},
                     {"rows", std::move(rows)}};
}

Value partial_metadata(const Object& object, std::string_view version) {
  return doc::Object{{"kind", "PartialObjectMetadata"},
                     {"apiVersion", "meta.k8s.io/" + std::string(version)},
                     {"metadata", object.document()["metadata"]}};
}

}  // namespace slipway::objects::table
