#include "objects/store_watch.hpp"

#include <charconv>
#include <deque>

#include "core/log.hpp"

namespace slipway::objects {
namespace {
constexpr auto look_again = std::chrono::seconds(1);  // after an error of the backend
}  // namespace

struct StoreWatch::State {
  State(core::Loop& l, Backend& b, const Kind& k, OnEvent f) : loop(l), backend(b), kind(k), on_event(std::move(f)) {}
  core::Loop& loop;
  Backend& backend;
  Kind kind;
  OnEvent on_event;
  std::unique_ptr<ChangeWatch> changes;
  bool is_closed = false;

  static Result<> follow(const std::shared_ptr<State>& state, std::int64_t after);
  // Everything there is, as added; then what changes after that.
  static Result<> begin(const std::shared_ptr<State>& state);
  static void begin_again(const std::shared_ptr<State>& state, core::Duration wait = {});
};

namespace {

Result<std::int64_t> parse_version(const std::string& text) {
  std::int64_t version = 0;
  const auto* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, version);
  if (parsed.ec == std::errc{} && parsed.ptr == end) return version;
  return fail(Code::invalid_argument, "resourceVersion \"" + text + "\" is not one of this store");
}

}  // namespace

Result<> StoreWatch::State::follow(const std::shared_ptr<State>& state, std::int64_t after) {
  TRY_ASSIGN(state->changes,
             state->backend.watch(state->kind, after, [weak = std::weak_ptr(state)](const auto& change) {
               const auto alive = weak.lock();
               if (!alive || alive->is_closed) return;
               if (change == nullptr) return begin_again(alive);
               alive->on_event(*change);
             }));
  return {};
}

Result<> StoreWatch::State::begin(const std::shared_ptr<State>& state) {
  auto backlog = std::make_shared<std::deque<std::string>>();
  TRY_ASSIGN(const auto version, state->backend.list(state->kind, {}, [&](Stored stored) {
    backlog->push_back(std::move(stored.body));
    return true;
  }));
  // Posted before any later change can be: the loop keeps the order.
  state->loop.post([weak = std::weak_ptr(state), backlog] {
    while (!backlog->empty()) {
      const auto alive = weak.lock();
      if (!alive || alive->is_closed) return;
      auto document = doc::parse_json(backlog->front(), "<object store>");
      backlog->pop_front();
      if (document) {
        alive->on_event({EventType::added, Object(std::move(*document))});
      } else {
        log::error("objects", "a stored object is not JSON", {{"error", document.error().one_line()}});
      }
    }
  });
  return follow(state, version);
}

// Whoever watches would be deaf for ever otherwise.
void StoreWatch::State::begin_again(const std::shared_ptr<State>& state, core::Duration wait) {
  log::warn("objects", "a watch fell behind and begins again", {{"kind", state->kind.kind}});
  state->loop.after(wait, [weak = std::weak_ptr(state)] {
    const auto alive = weak.lock();
    if (!alive || alive->is_closed) return;
    if (auto begun = begin(alive); !begun) {
      log::error("objects", "a watch cannot begin", {{"kind", alive->kind.kind}, {"error", begun.error().one_line()}});
      begin_again(alive, look_again);
    }
  });
}

StoreWatch::~StoreWatch() {
  state_->is_closed = true;
  state_->changes.reset();
}

Result<std::unique_ptr<Watch>> StoreWatch::open(core::Loop& loop, Backend& backend, const Kind& kind,
                                                const std::string& version, OnEvent on_event) {
  auto state = std::make_shared<State>(loop, backend, kind, std::move(on_event));
  if (version.empty()) {
    TRY(State::begin(state));
  } else {
    TRY_ASSIGN(const auto after, parse_version(version));
    TRY(State::follow(state, after));
  }
  return std::unique_ptr<Watch>(new StoreWatch(std::move(state)));
}

}  // namespace slipway::objects
