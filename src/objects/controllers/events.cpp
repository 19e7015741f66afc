#include "objects/controllers/events.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "objects/kinds.hpp"

namespace slipway::objects::controllers {
namespace {

constexpr auto kept_for = std::chrono::hours(1);
constexpr auto look_every = std::chrono::minutes(10);
constexpr std::size_t page_size = 100;

Time last_told(const Object& event) {
  const auto& document = event.document();
  Time last = event.created().value_or(Time{});
  for (const auto* path : {"lastTimestamp", "deprecatedLastTimestamp", "eventTime", "series.lastObservedTime"}) {
    if (const auto time = core::parse_rfc3339(document.at_path(path).string_or(""))) last = std::max(last, *time);
  }
  return last;
}

}  // namespace

EventExpiry::~EventExpiry() {
  if (timer_ != 0) world_.loop.cancel(timer_);
}

void EventExpiry::start() { look_later(look_every, std::nullopt); }

void EventExpiry::look_later(Duration time, std::optional<Name> after) {
  timer_ = world_.loop.after(time, [this, after = std::move(after)]() mutable { look(std::move(after)); });
}

void EventExpiry::look(std::optional<Name> after) {
  std::vector<Stored> page;
  const auto listed = backend_.list(kinds::event, {"", std::move(after)}, [&](Stored stored) {
    page.push_back(std::move(stored));
    return page.size() < page_size;
  });
  if (!listed) log::warn("objects", "old events are not looked at", {{"why", listed.error().one_line()}});
  const Time now = world_.clock.now();
  for (const auto& stored : page) {
    auto event = stored.parse();
    if (!event || now - last_told(*event) < kept_for) continue;
    // Told again meanwhile, or gone: the next look will see.
    [[maybe_unused]] auto erased = backend_.erase(kinds::event, std::move(*event), stored.version);
  }
  if (page.size() < page_size) return look_later(look_every, std::nullopt);
  look_later(Duration{}, page.back().name);
}

}  // namespace slipway::objects::controllers
