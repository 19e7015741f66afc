// Events of both groups.

#include "core/text.hpp"
#include "objects/table/cells.hpp"
#include "objects/table/printer.hpp"

namespace slipway::objects::table {
namespace {

using doc::Value;

// A field by its name in core/v1, else by that in events.k8s.io/v1.
const Value& either(const Value& event, const char* core_name, const char* events_name) {
  const Value& value = event[core_name];
  return value.is_null() ? event[events_name] : value;
}

std::string source(const Value& event) {
  const Value& given = either(event, "source", "deprecatedSource");
  std::string component = text(given["component"]);
  if (component.empty()) component = text(either(event, "reportingComponent", "reportingController"));
  std::string instance = text(given["host"]);
  if (instance.empty()) instance = text(event["reportingInstance"]);
  return instance.empty() ? component : component + ", " + instance;
}

doc::Array event(const Value& object, Time now) {
  const Value& first = either(object, "firstTimestamp", "deprecatedFirstTimestamp");
  const Value& last = either(object, "lastTimestamp", "deprecatedLastTimestamp");
  const Value& series = object["series"];
  const Value& involved = either(object, "involvedObject", "regarding");
  const std::string first_seen = age(first.is_null() ? object["eventTime"] : first, now);
  std::string last_seen = last.is_null() ? first_seen : age(last, now);
  std::int64_t number = count(either(object, "count", "deprecatedCount"));
  if (!series.is_null()) {
    last_seen = age(series["lastObservedTime"], now);
    number = count(series["count"]);
  } else if (number == 0) {
    number = 1;
  }
  const std::string name = text(involved["name"]);
  return {last_seen,
          text(object["type"]),
          text(object["reason"]),
          in_lower(text(involved["kind"])) + (name.empty() ? "" : "/" + name),
          text(involved["fieldPath"]),
          source(object),
          std::string(core::trimmed(text(either(object, "message", "note")), " \t\r\n\v\f")),
          first_seen,
          number,
          name_of(object)};
}

}  // namespace

std::vector<Printer> event_printers() {
  Column name = name_column();
  name.priority = 1;
  const std::vector<Column> columns = {
      column("Last Seen", "string", "How long ago it happened last."),
      column("Type", "string", "Normal, or Warning."),
      column("Reason", "string", "What happened, in one word."),
      column("Object", "string", "What it happened to."),
      wide_column("Subobject", "The part of it that it happened to."),
      wide_column("Source", "Who says so."),
      column("Message", "string", "What happened, in a sentence."),
      wide_column("First Seen", "How long ago it happened first."),
      wide_column("Count", "How often it happened."),
      name,
  };
  return {{"", "Event", columns, event}, {"events.k8s.io", "Event", columns, event}};
}

}  // namespace slipway::objects::table
