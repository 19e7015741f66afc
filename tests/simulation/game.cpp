#include "game.hpp"

#include <stdexcept>

#include "delivery/rollout/routes.hpp"
#include "delivery/rollout/spec.hpp"
#include "objects/kinds.hpp"

namespace slipway::simulation {
namespace {

using namespace std::chrono_literals;
using core::doc::Value;
namespace kinds = objects::kinds;
namespace rollout = delivery::rollout;

}  // namespace

Game::Game(std::uint64_t seed, ChaosOptions options, const support::StoreEntry& store)
    : surroundings_(seed, store), chaos_(surroundings_, seed, options) {
  build();
}

Game::~Game() {
  surroundings_.database->set_commit_fault({});
  surroundings_.simulation.crash_control_plane();
  watches_.clear();
  control_.reset();
}

void Game::build() {
  // A control plane that cannot start (the disk is full) is started again, as a service manager would.
  for (int attempt = 1;; ++attempt) {
    control_ = std::make_unique<ControlPlane>(surroundings_);
    const auto started = control_->start();
    if (started) break;
    note("did not start: " + started.error().one_line());
    if (attempt == 50) throw std::runtime_error("the control plane does not start: " + started.error().render());
    surroundings_.simulation.crash_control_plane();
    control_.reset();
    surroundings_.source.forget_listeners();
    surroundings_.simulation.crash_control_plane();
  }
  for (const auto& kind : {kinds::virtual_service, kinds::rollout}) {
    auto watch = control_->store->watch(kind, "", [this](const objects::WatchEvent&) { check_weight(); });
    if (!watch) throw std::runtime_error(watch.error().render());
    watches_.push_back(std::move(*watch));
  }
}

void Game::crash() {
  note("the control plane dies");
  surroundings_.simulation.crash_control_plane();
  watches_.clear();
  control_.reset();
  surroundings_.source.forget_listeners();
  surroundings_.inbox.clear();                     // connections close
  surroundings_.simulation.crash_control_plane();  // what destructors may have posted
  build();
}

bool Game::run(const std::function<bool()>& done, core::Duration deadline) {
  return surroundings_.simulation.run_until(
      [&] {
        if (chaos_.strikes()) crash();
        return done();
      },
      deadline);
}

Result<Value> Game::ask(const std::string& person, const std::string& method, const std::string& path,
                        const Value& body) {
  const std::string key = std::to_string(++asked_);  // as the real client: a lost answer makes no second promotion
  for (int attempt = 0; attempt < 100; ++attempt) {
    const auto answer = std::make_shared<std::optional<Result<core::HttpResponse>>>();
    core::HttpRequest request;
    request.method = method;
    request.url = api_url + "/api/slipway/v1/" + path;
    request.headers = {{"x-person", person}, {"idempotency-key", key}};
    request.body = core::doc::render_json(body);
    request.timeout = 5s;
    surroundings_.send(std::move(request),
                       [answer](Result<core::HttpResponse> result) { *answer = std::move(result); });
    if (!run([&] { return answer->has_value(); }, 60s)) return fail(Code::internal, "a request has no end");
    if (!**answer || (**answer)->status >= 500) {
      run([] { return false; }, 300ms);
      continue;
    }
    TRY_ASSIGN(Value text, core::doc::parse_json((**answer)->body));
    if ((**answer)->status < 300) return text;
    Code code = Code::internal;
    for (const Code known : {Code::invalid_argument, Code::permission_denied, Code::not_found, Code::already_exists,
                             Code::conflict, Code::failed_precondition}) {
      if (core::name_of(known) == text["error"]["code"].string_or("")) code = known;
    }
    return fail(code, text["error"]["message"].string_or(""));
  }
  return fail(Code::deadline_exceeded, method + " " + path + " is never answered");
}

Result<Value> Game::wait_for(const std::string& path, const std::function<bool(const Value&)>& good,
                             core::Duration deadline) {
  const core::Instant end = surroundings_.world.clock.monotonic() + deadline;
  Value last;
  while (surroundings_.world.clock.monotonic() < end) {
    TRY_ASSIGN(last, ask(grace, "GET", path));
    if (good(last)) return last;
    run([] { return false; }, 1s);
  }
  return fail(Code::deadline_exceeded,
              "GET " + path + " stays " +
                  core::doc::render_json(last["status"].is_null() ? last : last["status"]).substr(0, 1500));
}

void Game::violated(const std::string& what) {
  note("VIOLATED: " + what);
  violations_.push_back(what);
}

void Game::note(const std::string& line) {
  notes_ += core::render_rfc3339_micro(surroundings_.world.clock.now()) + " " + line + "\n";
}

// The canary never gets more than the steps so far declare, at any instant that a reader of the store can see.
void Game::check_weight() {
  const auto object = control_->store->find(kinds::rollout, {"production", model});
  const auto service = control_->store->find(kinds::virtual_service, {"production", model});
  if (!object || !service || !*object || !*service) return;
  const auto spec = rollout::parse_spec(**object);
  if (!spec) return violated("the rollout is not readable: " + spec.error().one_line());
  const auto weight = rollout::canary_weight((*service)->document(), spec->routing);
  if (!weight || !*weight) return violated("the canary's weight is not readable");
  const int declared = spec->declared_weight(static_cast<int>((*object)->status()["currentStepIndex"].int_or(0)));
  if (**weight > declared)
    violated("the canary has " + std::to_string(**weight) + " %, declared are " + std::to_string(declared) + " %");
}

}  // namespace slipway::simulation
