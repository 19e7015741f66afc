#include "support/in_step.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "net/client.hpp"

namespace slipway::support {

using namespace objects;
using core::Duration;
using core::Result;

namespace {

constexpr Duration patience = std::chrono::seconds(20);  // real time; never needed when all is well

}  // namespace

struct InStep::Watcher {
  Kind kind;
  std::function<void(const WatchEvent&)> on_event;
  std::map<Name, std::string> heard;  // the last version
  std::map<Name, std::vector<Expected>> expected;
  std::unique_ptr<Watch> watch;
};

class InStep::Ticket final : public Watch {
 public:
  Ticket(InStep& store, std::shared_ptr<Watcher> watcher) : store_(store), watcher_(std::move(watcher)) {}
  ~Ticket() override {
    watcher_->on_event = nullptr;
    watcher_->watch.reset();
    std::erase(store_.watchers_, watcher_);
  }

 private:
  InStep& store_;
  std::shared_ptr<Watcher> watcher_;
};

InStep::InStep(core::SimulatedWorld& simulated, KubeConfig config, InStepOptions options)
    : simulated_(simulated), client_(net::make_client(io_, real_.loop())), settles_(options.settles) {
  real_.set_http(*client_);
  world_.emplace(real_.world());
  store_ = make_kubernetes_store(*world_, io_, std::move(config), std::move(options.store));
  simulated_.keep_in_step_with([this] { catch_up(); });
}

InStep::~InStep() { simulated_.keep_in_step_with({}); }

Result<Object> InStep::get(const Kind& kind, const Name& name) { return store_->get(kind, name); }
Result<std::optional<Object>> InStep::find(const Kind& kind, const Name& name) { return store_->find(kind, name); }
Result<List> InStep::list(const Kind& kind, const ListOptions& options) { return store_->list(kind, options); }
Result<Object> InStep::create(Object object) { return expect(store_->create(std::move(object))); }
Result<Object> InStep::update(Object object) { return expect(store_->update(std::move(object))); }
Result<Object> InStep::update_status(Object object) { return expect(store_->update_status(std::move(object))); }
Result<Object> InStep::apply(Object object) { return expect(store_->apply(std::move(object))); }
Result<Object> InStep::bind(const Object& pod, const std::string& node, const std::string& finalizer) {
  return expect(store_->bind(pod, node, finalizer));
}

Result<> InStep::remove(const Kind& kind, const Name& name, const DeleteOptions& options) {
  const auto before = store_->find(kind, name);
  TRY(store_->remove(kind, name, options));
  is_unsettled_ = true;
  if (!before || !*before) return {};
  if (!is_there(**before)) {
    expect(What::is_gone, **before);
  } else if (!(*before)->is_being_deleted()) {
    expect(What::begins_to_end, **before);
  }
  return {};
}

Result<std::unique_ptr<Watch>> InStep::watch(const Kind& kind, const std::string& version,
                                             std::function<void(const WatchEvent&)> on_event) {
  auto watcher = std::make_shared<Watcher>();
  watcher->kind = kind;
  watcher->on_event = std::move(on_event);
  TRY_ASSIGN(watcher->watch, store_->watch(kind, version, [this, raw = watcher.get()](const WatchEvent& event) {
    heard(*raw, event);
  }));
  watchers_.push_back(watcher);
  return std::make_unique<Ticket>(*this, std::move(watcher));
}

bool InStep::is_there(const Object& object) {
  const auto kind = store_->find_kind(object.api_version(), object.kind());
  if (!kind) return false;
  const auto found = store_->find(*kind, object.name());
  return !found || (*found && (*found)->uid() == object.uid());
}

Result<Object> InStep::expect(Result<Object> written) {
  if (!written) return written;
  const bool may_be_gone = written->is_being_deleted() && written->finalizers().empty();
  expect(may_be_gone && !is_there(*written) ? What::is_gone : What::is_written, *written);
  return written;
}

void InStep::expect(What what, const Object& object) {
  for (const auto& watcher : watchers_) {
    if (watcher->kind.kind != object.kind()) continue;
    if (what == What::is_written && watcher->heard[object.name()] == object.resource_version()) continue;
    watcher->expected[object.name()].push_back({what, object.uid(), object.resource_version()});
  }
}

bool InStep::Expected::is_met_by(const WatchEvent& event) const {
  if (event.object.uid() != uid) return false;
  if (event.type == EventType::deleted) return true;
  switch (what) {
    case What::is_written:
      return event.object.resource_version() == version;
    case What::begins_to_end:
      return event.object.is_being_deleted();
    case What::is_gone:
      return false;
  }
  return false;
}

void InStep::heard(Watcher& watcher, const WatchEvent& event) {
  has_heard_ = true;
  if (is_waiting_) real_.stop();
  const auto name = event.object.name();
  watcher.heard[name] = event.object.resource_version();
  auto& expected = watcher.expected[name];
  // What was written before it will not be told any more.
  auto met = expected.size();
  while (met > 0 && !expected[met - 1].is_met_by(event)) --met;
  expected.erase(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(met));
  if (expected.empty()) watcher.expected.erase(name);
  const auto found = std::ranges::find(watchers_, &watcher, [](const auto& each) { return each.get(); });
  if (found == watchers_.end()) return;
  simulated_.world().loop.post([weak = std::weak_ptr(*found), event] {
    const auto still = weak.lock();
    if (still && still->on_event) still->on_event(event);
  });
}

bool InStep::is_behind() const {
  return std::ranges::any_of(watchers_, [](const auto& watcher) { return !watcher->expected.empty(); });
}

void InStep::wait(Duration duration) {
  is_waiting_ = true;
  const auto timer = real_.loop().after(duration, [this] { real_.stop(); });
  real_.run();
  real_.loop().cancel(timer);
  is_waiting_ = false;
}

void InStep::catch_up() {
  const auto& clock = core::real_clock();
  const auto end = clock.monotonic() + patience;
  wait({});
  while (is_behind() && clock.monotonic() < end) wait(end - clock.monotonic());
  CHECK_MESSAGE(!is_behind(), "something was written, and whoever watches was not told");
  if (is_behind()) {
    for (const auto& watcher : watchers_) watcher->expected.clear();
  }
  if (!std::exchange(is_unsettled_, false) || settles_ == Duration{}) return;
  do {
    has_heard_ = false;
    wait(settles_);
  } while (has_heard_ && clock.monotonic() < end);
}

}  // namespace slipway::support
