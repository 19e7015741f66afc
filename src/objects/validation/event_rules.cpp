// kubernetes pkg/apis/core/validation/events.go. The server names the fields as its own structs do, in both groups.

#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::validation {

namespace {

// The same event in either group.
struct View {
  At object;
  bool is_core;

  At involved() const { return object[is_core ? "involvedObject" : "regarding"]; }
  At involved_namespace() const { return object["involvedObject"]["namespace"].with(involved()["namespace"].value()); }
  At controller() const { return object[is_core ? "reportingComponent" : "reportingController"]; }
  At message() const { return object["message"].with(object[is_core ? "message" : "note"].value()); }
  At older(std::string_view core_name, std::string_view events_name) const {
    return object[core_name].with(object[is_core ? core_name : events_name].value());
  }
};

constexpr std::size_t most_note_bytes = 1024;
constexpr std::size_t most_bytes = 128;

void must_be_short(At text, std::size_t most, bool is_required) {
  if (is_required) text.must_be_given();
  if (text.text().size() > most) text.invalid("", "can have at most " + std::to_string(most) + " characters");
}

void validate_basics(const View& event) {
  const std::string_view ns = event.object["metadata"]["namespace"].text();
  const At involved = event.involved_namespace();
  const auto mismatch = [&] { involved.invalid(doc::Value(involved.text()), "does not match event.namespace"); };
  if (!event.object["eventTime"]) {
    if (involved.text().empty()) {
      if (!ns.empty() && ns != "default") mismatch();
    } else if (ns != involved.text()) {
      mismatch();
    }
  } else {
    if (involved.text().empty() && ns != "default" && ns != "kube-system") mismatch();
    const At controller = event.controller();
    controller.must_be_given();
    controller.must_be(qualified_name);
    must_be_short(event.object["reportingInstance"], most_bytes, true);
    must_be_short(event.object["action"], most_bytes, true);
    must_be_short(event.object["reason"], most_bytes, true);
    must_be_short(event.message(), most_note_bytes, false);
  }
  event.object["namespace"].must_be(dns1123_subdomain, ns);
}

void validate_series(At object) {
  const At series = object["series"];
  if (!series) return;
  if (series["count"].number() < 2) object["series.count"].invalid("", "should be at least 2");
  if (!series["lastObservedTime"]) object["series.lastObservedTime"].required();
}

void must_be_unset(At field) {
  if (field) field.invalid("", "needs to be unset");
}

}  // namespace

void validate_core_event(At object) { validate_basics({object, true}); }
void validate_core_event_update(At object, At) { validate_basics({object, true}); }

void validate_event(At object) {
  const View event{object, false};
  validate_basics(event);
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_series(object);
  if (!object["eventTime"]) object["eventTime"].required();
  const std::string_view type = object["type"].text();
  if (type != "Normal" && type != "Warning") object["type"].invalid("", "has invalid value: " + std::string(type));
  must_be_unset(event.older("firstTimestamp", "deprecatedFirstTimestamp"));
  must_be_unset(event.older("lastTimestamp", "deprecatedLastTimestamp"));
  if (const At count = event.older("count", "deprecatedCount"); count.number() != 0) must_be_unset(count);
  const At source = event.older("source", "deprecatedSource");
  if (!source["component"].text().empty() || !source["host"].text().empty()) must_be_unset(source);
}

void validate_event_update(At object, At old) {
  const View event{object, false};
  const View before{old, false};
  validate_basics(event);
  validate_metadata_update(object["metadata"], old["metadata"]);
  if (!object["series"].is_same_as(old["series"])) validate_series(object);
  object["involvedObject"].with(event.involved().value()).must_not_change(before.involved());
  object["reason"].must_not_change(old["reason"]);
  event.message().must_not_change(before.message());
  for (const auto& [core_name, name] : {std::pair<std::string_view, std::string_view>("source", "deprecatedSource"),
                                        {"firstTimestamp", "deprecatedFirstTimestamp"},
                                        {"lastTimestamp", "deprecatedLastTimestamp"},
                                        {"count", "deprecatedCount"}}) {
    event.older(core_name, name).must_not_change(before.older(core_name, name));
  }
  for (const std::string_view field :
       {"type", "eventTime", "action", "related", "reportingController", "reportingInstance"}) {
    object[field].must_not_change(old[field]);
  }
}

}  // namespace slipway::objects::validation
