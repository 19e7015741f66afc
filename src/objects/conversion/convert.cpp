#include "objects/conversion/convert.hpp"

#include "objects/conversion/autoscaler.hpp"
#include "objects/schema/decode.hpp"

namespace slipway::objects::conversion {
namespace {

// core/v1 on the left, events.k8s.io/v1 on the right.
constexpr std::pair<std::string_view, std::string_view> event_names[] = {
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
    {"reportingComponent", "reportingController"},
};

doc::Value renamed_event(doc::Value event, bool to_core) {
  doc::Object out;
  for (auto& [key, value] : event.as_object()) {
    std::string_view name = key;
    for (const auto& [core, events] : event_names) {
      if (name == (to_core ? events : core)) {
        name = to_core ? core : events;
        break;
      }
    }
    out.append(std::string(name), std::move(value));
  }
  return out;
}

bool is_event(const schema::Resource& resource) {
  return resource.kind == "Event" && !resource.is_custom() &&
         (resource.group.empty() || resource.group == "events.k8s.io");
}

bool is_autoscaler(const schema::Resource& resource) {
  return resource.kind == "HorizontalPodAutoscaler" && resource.group == "autoscaling" && !resource.is_custom();
}

}  // namespace

bool is_known(const schema::Resource& from, const schema::Resource& to) {
  if (is_event(from) && is_event(to)) return from.group != to.group;
  return is_autoscaler(from) && is_autoscaler(to) && from.version != to.version;
}

Result<doc::Value> convert(doc::Value object, const schema::Resource& from, const schema::Resource& to) {
  if (from.group == to.group && from.version == to.version && from.kind == to.kind) return object;
  const bool custom = from.is_custom() && to.is_custom() && from.group == to.group && from.kind == to.kind;
  if (!object.is_object() || (!custom && !is_known(from, to))) {
    return fail(Code::internal, "there is no way from " + from.api_version() + " " + from.kind + " to " +
                                    to.api_version() + " " + to.kind);
  }
  if (!custom) {
    if (is_event(from))
      object = renamed_event(std::move(object), to.group.empty());
    else if (to.version == "v1")
      object = autoscaler_v1_from_v2(std::move(object));
    else
      object = autoscaler_v2_from_v1(std::move(object));
    schema::normalize(object, *to.type);
    schema::show_zeros(object, *to.type);
  }
  object.as_object().set("apiVersion", to.api_version());
  return object;
}

}  // namespace slipway::objects::conversion
