#include "objects/leader_election.hpp"

#include "core/log.hpp"
#include "objects/kinds.hpp"

namespace slipway::objects {
namespace {

constexpr double jitter = 1.2;  // of the pauses of those who wait, so that they do not all come at once

std::int64_t whole_seconds(Duration duration) {
  return std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(duration).count());
}

}  // namespace

struct LeaderElection::State {
  State(core::World& w, Store& s, LeaderElectionOptions o, LeaderCallbacks c)
      : clock(w.clock), loop(w.loop), random(w.random), store(s), options(std::move(o)), callbacks(std::move(c)) {}
  ~State() {
    *alive = false;
    stop_timers();
  }

  void stop_timers() {
    for (auto* timer : {&next, &end}) {
      if (*timer != 0) loop.cancel(std::exchange(*timer, 0));
    }
  }

  bool is_leading() const { return led && clock.monotonic() < leads_until; }

  void plan(Duration delay) {
    if (next != 0) loop.cancel(next);
    next = loop.after(delay, [this] {
      next = 0;
      step();
    });
  }

  void step() {
    const auto still = alive;
    // Its time may be over before the timer got its turn.
    if (led && !is_leading()) lose("it could not renew the lease in time");
    if (!*still || is_stopped) return;
    const auto held = try_to_hold();
    if (!held) log::debug("objects", "the lease could not be taken", {{"error", held.error().one_line()}});
    if (held && *held && !led) {
      led = true;
      log::info("objects", "leads", {{"lease", options.lease.text()}, {"identity", options.identity}});
      if (callbacks.started_leading) callbacks.started_leading();
      if (!*still) return;
    } else if (held && !*held && led) {
      lose("somebody else holds the lease");
      if (!*still) return;
    }
    tell_leader();
    if (!*still || is_stopped) return;
    if (led) watch_the_end();
    plan(led ? options.retry_period
             : std::chrono::duration_cast<Duration>(options.retry_period * (1 + jitter * random.uniform())));
  }

  void watch_the_end() {
    if (end != 0) loop.cancel(end);
    end = loop.after(leads_until - clock.monotonic(), [this] {
      end = 0;
      if (led && !is_leading()) lose("it could not renew the lease in time");
    });
  }

  void lose(std::string_view why) {
    led = false;
    if (end != 0) loop.cancel(std::exchange(end, 0));
    log::warn("objects", "does not lead any more", {{"lease", options.lease.text()}, {"why", why}});
    if (callbacks.stopped_leading) callbacks.stopped_leading();
  }

  void tell_leader() {
    if (observed.holder == told) return;
    told = observed.holder;
    if (callbacks.new_leader && !told.empty()) callbacks.new_leader(told);
  }

  // What is in the Lease, and when this process first saw it so.
  void observe(const Object& lease) {
    const auto& spec = lease.spec();
    if (observed.is_known && observed.spec == spec) return;
    observed = {true, spec, spec["holderIdentity"].string_or(""), clock.monotonic()};
  }

  bool is_held_by_another() const {
    if (observed.holder.empty() || observed.holder == options.identity) return false;
    // As long as its holder said, and never less than we would have said ourselves, unless it let go.
    const auto said = std::chrono::seconds(observed.spec["leaseDurationSeconds"].int_or(0));
    return clock.monotonic() < observed.at + std::max<Duration>(said, options.lease_duration);
  }

  // Whether this process holds the Lease now.
  Result<bool> try_to_hold() {
    const auto began = clock.monotonic();
    TRY_ASSIGN(auto lease, store.find(kinds::lease, options.lease));
    const auto now = core::render_rfc3339_micro(clock.now());
    Result<Object> written;
    if (!lease) {
      auto fresh = Object::make(kinds::lease, options.lease);
      fresh.spec() = spec_of(now, now, 0);
      written = store.create(std::move(fresh));
    } else {
      observe(*lease);
      if (is_held_by_another()) return false;
      const auto& spec = lease->spec();
      const bool renews = observed.holder == options.identity;
      const auto transitions = spec["leaseTransitions"].int_or(0);
      auto wanted = spec_of(renews ? spec["acquireTime"].string_or(now) : now, now, transitions + (renews ? 0 : 1));
      for (auto& [key, value] : wanted.as_object()) lease->spec().at_or_insert(key) = value;
      written = store.update(std::move(*lease));
    }
    if (!written) {
      const auto code = written.error().code;
      if (code == Code::conflict || code == Code::already_exists) return led;  // look again: somebody was faster
      return fail(std::move(written).error());
    }
    observe(*written);
    // From before the write: whoever watches saw it later.
    leads_until = began + options.renew_deadline;
    return true;
  }

  doc::Value spec_of(const std::string& acquired, const std::string& renewed, std::int64_t transitions) const {
    return doc::Object{{"holderIdentity", options.identity},
                       {"leaseDurationSeconds", whole_seconds(options.lease_duration)},
                       {"acquireTime", acquired},
                       {"renewTime", renewed},
                       {"leaseTransitions", transitions}};
  }

  Result<> let_go() {
    TRY_ASSIGN(auto lease, store.get(kinds::lease, options.lease));
    if (lease.spec()["holderIdentity"].string_or("") != options.identity) return {};
    auto& spec = lease.spec();
    spec.at_or_insert("holderIdentity") = "";
    spec.at_or_insert("leaseDurationSeconds") = 1;
    spec.at_or_insert("renewTime") = core::render_rfc3339_micro(clock.now());
    TRY(store.update(std::move(lease)));
    return {};
  }

  struct Observed {
    bool is_known = false;
    doc::Value spec;
    std::string holder;
    core::Instant at;
  };

  core::Clock& clock;
  core::Loop& loop;
  core::Random& random;
  Store& store;
  LeaderElectionOptions options;
  LeaderCallbacks callbacks;
  Observed observed;
  std::string told;
  bool led = false;
  bool is_stopped = true;
  core::Instant leads_until;
  core::TimerId next = 0;
  core::TimerId end = 0;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

Result<std::unique_ptr<LeaderElection>> LeaderElection::make(core::World& world, Store& store,
                                                             LeaderElectionOptions options, LeaderCallbacks callbacks) {
  if (options.identity.empty()) return fail(Code::invalid_argument, "a leader election needs an identity");
  if (options.lease.name.empty()) return fail(Code::invalid_argument, "a leader election needs the name of a Lease");
  if (options.retry_period <= Duration::zero() || options.renew_deadline <= options.retry_period ||
      options.lease_duration <= options.renew_deadline) {
    return fail(Code::invalid_argument,
                "the lease's duration must be longer than the renew deadline, and that longer than the retry period");
  }
  return std::unique_ptr<LeaderElection>(
      new LeaderElection(std::make_unique<State>(world, store, std::move(options), std::move(callbacks))));
}

LeaderElection::LeaderElection(std::unique_ptr<State> state) : state_(std::move(state)) {}
LeaderElection::~LeaderElection() = default;

void LeaderElection::start() {
  state_->is_stopped = false;
  state_->plan({});
}

void LeaderElection::release() {
  auto& s = *state_;
  s.is_stopped = true;
  s.stop_timers();
  if (!std::exchange(s.led, false)) return;
  const auto still = s.alive;
  // First nobody acts as the leader any more, then the others may.
  if (s.callbacks.stopped_leading) s.callbacks.stopped_leading();
  if (!*still) return;
  if (auto done = s.let_go(); !done) {
    log::warn("objects", "the lease could not be let go and runs out", {{"error", done.error().one_line()}});
  }
}

bool LeaderElection::is_leading() const { return state_->is_leading(); }
std::string LeaderElection::leader() const { return state_->observed.holder; }

}  // namespace slipway::objects
