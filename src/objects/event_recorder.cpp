#include "objects/event_recorder.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "objects/kinds.hpp"

namespace slipway::objects {
namespace {

constexpr std::size_t most_remembered = 1000;
constexpr int most_different = 10;
constexpr Duration similar_within = std::chrono::minutes(10);
constexpr const char* combined = "(combined from similar events): ";

std::string suffix(core::Random& random) {
  auto text = random.uuid();
  std::erase(text, '-');
  return text.substr(0, 16);
}

}  // namespace

EventRecorder::EventRecorder(core::World& world, Store& store, std::string component, std::string host)
    : world_(world), store_(store), component_(std::move(component)), host_(std::move(host)) {}

void EventRecorder::normal(const Object& about, std::string_view reason, const std::string& message,
                           const std::string& field) {
  record(about, "Normal", reason, message, field);
}

void EventRecorder::warn(const Object& about, std::string_view reason, const std::string& message,
                         const std::string& field) {
  record(about, "Warning", reason, message, field);
}

void EventRecorder::record(const Object& about, std::string_view type, std::string_view reason,
                           const std::string& message, const std::string& field) {
  const std::string alike = about.uid() + '\n' + std::string(reason) + '\n' + field + '\n';
  std::string key = alike + message;
  std::string text = message;
  if (!said_.contains(key) && is_one_of_many(alike)) {
    key = alike + combined;
    text = combined + message;
  }
  if (const auto found = said_.find(key); found != said_.end()) {
    const auto counted = say_again(found->second, text);
    if (counted) return;
    if (counted.error().code != Code::not_found)
      return log::warn("events", "an event is lost", {{"why", counted.error().one_line()}});
  }
  auto event = say(about, type, reason, text, field);
  if (!event) return log::warn("events", "an event is lost", {{"why", event.error().one_line()}});
  // What was forgotten is said anew.
  if (said_.size() >= most_remembered) said_.clear();
  said_.insert_or_assign(key, std::move(*event));
}

bool EventRecorder::is_one_of_many(const std::string& alike) {
  if (similar_.size() >= most_remembered && !similar_.contains(alike)) similar_.clear();
  const Instant now = world_.clock.monotonic();
  Similar& similar = similar_[alike];
  if (similar.different == 0 || now - similar.since > similar_within) similar = {now, 0};
  return ++similar.different > most_different;
}

Result<> EventRecorder::say_again(const Name& name, const std::string& message) {
  TRY(modify(store_, kinds::event, name, [&](Object& event) {
    auto& document = event.document();
    document.at_or_insert("count") = document["count"].int_or(1) + 1;
    document.at_or_insert("message") = message;
    document.at_or_insert("lastTimestamp") = core::render_rfc3339(world_.clock.now());
    return true;
  }));
  return {};
}

Result<Name> EventRecorder::say(const Object& about, std::string_view type, std::string_view reason,
                                const std::string& message, const std::string& field) {
  const auto now = core::render_rfc3339(world_.clock.now());
  const auto of = about.name();
  Object event = Object::make(kinds::event, {of.ns.empty() ? "default" : of.ns, of.name + "." + suffix(world_.random)});
  doc::Object involved{
      {"apiVersion", about.api_version()}, {"kind", about.kind()}, {"name", of.name}, {"uid", about.uid()}};
  if (!of.ns.empty()) involved.set("namespace", of.ns);
  if (!field.empty()) involved.set("fieldPath", field);
  doc::Object source{{"component", component_}};
  if (!host_.empty()) source.set("host", host_);
  auto& document = event.document().as_object();
  document.set("involvedObject", std::move(involved));
  document.set("type", type);
  document.set("reason", reason);
  document.set("message", message);
  document.set("source", std::move(source));
  document.set("reportingComponent", component_);
  document.set("reportingInstance", host_);
  document.set("count", 1);
  document.set("firstTimestamp", now);
  document.set("lastTimestamp", now);
  TRY_ASSIGN(const auto made, store_.create(std::move(event)));
  return made.name();
}

}  // namespace slipway::objects
