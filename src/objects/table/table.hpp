#pragma once
// Table: objects as `kubectl get` shows them: columns and one row of cells for each object, with the columns, the
// order, the priorities and the texts of kube-apiserver 1.34 (pkg/printers/internalversion), of its aggregator, of
// metrics-server, and for custom resources those of additionalPrinterColumns. Descriptions are ours. Pure: ages are
// counted to a given time. Safe from any thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "objects/object.hpp"
#include "objects/schema/resource.hpp"

namespace slipway::objects::table {

struct Column {
  std::string name;           // "Up-to-date"; kubectl shows it in capitals
  std::string type;           // string, integer, number, boolean, date
  std::string format;         // "name", "quantity", "duration" or empty
  std::string description;    // for people
  std::int32_t priority = 0;  // above 0: only in wide output
};

struct Row {
  doc::Array cells;       // as many as columns; null where a custom resource has nothing
  doc::Value conditions;  // [{type: Completed, ...}] of a Pod that ended; else null
};

struct Table {
  std::vector<Column> columns;
  std::vector<Row> rows;
};

// Objects in the version of `resource`. Never fails: a cell whose object is not as it should be is empty.
Table table_of(const schema::Resource& resource, std::span<const Object> objects, Time now);
// The table of one autoscaling/v1 Scale document, what GET .../scale is asked for as a table.
Table table_of_scale(const Object& scale, Time now);

enum class IncludeObject : std::uint8_t { none, metadata, object };
// ?includeObject=: "None", "Metadata", "Object"; "" is Metadata. invalid_argument with the server's sentence.
Result<IncludeObject> parse_include_object(std::string_view text);

struct WireOptions {
  IncludeObject include = IncludeObject::metadata;
  bool headers = true;         // a watch has them in its first event only
  std::string version = "v1";  // of meta.k8s.io: "v1" or "v1beta1"
  // The list's; of one object alone its resourceVersion.
  std::string resource_version;
  std::string continue_token;
  std::optional<std::int64_t> remaining;
};

// The document that goes over the wire: kind Table of meta.k8s.io. `objects` are those of table_of(), in that order.
doc::Value render_table(const Table& table, std::span<const Object> objects, const WireOptions& options);

// PartialObjectMetadata of meta.k8s.io/VERSION: the object without spec and status.
doc::Value partial_metadata(const Object& object, std::string_view version = "v1");

}  // namespace slipway::objects::table
