#include "gateway/simulated/simulated_gateway.hpp"

#include <cstdlib>

#include "core/doc.hpp"
#include "gateway/http1/message.hpp"
#include "gateway/traffic/balance.hpp"
#include "gateway/traffic/rewrite.hpp"
#include "gateway/traffic/split.hpp"
#include "net/headers.hpp"

namespace slipway::gateway::simulated {
namespace {

using Done = std::move_only_function<void(Result<core::HttpResponse>)>;

core::HttpResponse failure(int status, const std::string& code, const std::string& message) {
  const doc::Value body =
      doc::Object{{"error", doc::Object{{"message", message},
                                        {"type", status < 500 ? "invalid_request_error" : "server_error"},
                                        {"param", nullptr},
                                        {"code", code}}}};
  return {status, {{"content-type", "application/json"}, {"server", "slipway"}}, core::doc::render_json(body)};
}

std::string target_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t slash = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  return slash == std::string::npos ? "/" : url.substr(slash);
}

std::string authority_of(const core::HttpRequest& request) {
  if (auto host = core::header(request.headers, "host"); !host.empty()) return std::string(host);
  const std::size_t scheme = request.url.find("://");
  const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  return request.url.substr(begin, request.url.find('/', begin) - begin);
}

}  // namespace

struct SimulatedGateway::State : std::enable_shared_from_this<State> {
  core::SimulatedWorld& simulated;
  core::World world;
  std::string host;
  int port;
  std::shared_ptr<const traffic::Snapshot> snapshot = std::make_shared<const traffic::Snapshot>();
  traffic::Balancer balancer;
  metrics::Metrics metrics;

  State(core::SimulatedWorld& w, std::string h, int p) : simulated(w), world(w.world()), host(std::move(h)), port(p) {}

  // One request on its way.
  struct Exchange {
    core::HttpRequest request;
    Done done;
    core::Instant began;
    std::shared_ptr<const traffic::Snapshot> snapshot;
    traffic::Matched matched;
    std::size_t destination = 0;
    const traffic::Backend* backend = nullptr;
    const traffic::Endpoint* endpoint = nullptr;
    traffic::Balancer::Lease lease;
    std::string target;
    int attempt = 0;
  };

  void adopt(std::shared_ptr<const traffic::Snapshot> next) {
    snapshot = std::move(next);
    metrics.set_snapshot(snapshot->version, world.clock.monotonic());
  }

  void handle(core::HttpRequest request, Done done) {
    auto e = std::make_shared<Exchange>();
    e->request = std::move(request);
    e->done = std::move(done);
    e->began = world.clock.monotonic();
    e->snapshot = snapshot;
    e->target = target_of(e->request.url);
    const std::string authority = authority_of(e->request);
    const traffic::RequestView view{e->request.method, authority, e->target, &e->request.headers};
    e->matched = traffic::match(*e->snapshot, view);
    if (!e->matched.route)
      return finish(*e, failure(404, "route_not_found", "no route for " + e->target + " at host \"" + authority + "\""),
                    "NR");
    const traffic::HttpRoute& rule = e->matched.route->rule;
    if (rule.redirect)
      return finish(*e, {rule.redirect->code, {{"location", traffic::redirect_location(*rule.redirect, view)}}, ""},
                    "-");
    if (rule.direct_response) return finish(*e, {rule.direct_response->status, {}, rule.direct_response->body}, "-");

    const auto key = traffic::session_key(e->request.headers, e->request.body);
    e->destination = traffic::pick_destination(*e->matched.route, key, world.random.uniform());
    e->backend = &e->snapshot->backends[e->matched.route->backends[e->destination]];
    net::set_header(e->request.headers, "host", authority);
    if (e->backend->endpoints.empty()) {
      const bool missing = !e->backend->problem.empty();
      return finish(*e,
                    failure(503, missing ? "backend_not_found" : "no_ready_endpoint",
                            missing ? e->backend->problem : "no endpoint of " + e->backend->text() + " is ready"),
                    missing ? "NC" : "UH");
    }
    metrics.started(metrics::target_of(*e->backend, nullptr));
    send(std::move(e), "");
  }

  void send(std::shared_ptr<Exchange> e, const std::string& avoid) {
    const auto index = balancer.pick(*e->backend, e->request.headers, world.random, avoid);
    e->endpoint = &e->backend->endpoints[*index];
    e->lease = traffic::Balancer::Lease(balancer, *e->endpoint);
    core::HttpRequest out = e->request;
    out.url = "http://" + e->endpoint->text() + traffic::rewritten_target(e->matched, e->target);
    traffic::apply_request_rules(*e->matched.route, e->destination, out.headers);
    const auto& timeout = e->matched.route->rule.timeout;
    out.timeout = timeout ? *timeout : core::Duration(std::chrono::hours(1));
    world.http.send(std::move(out), [weak = weak_from_this(), e](Result<core::HttpResponse> answer) mutable {
      if (auto self = weak.lock()) self->on_answer(std::move(e), std::move(answer));
    });
  }

  void on_answer(std::shared_ptr<Exchange> e, Result<core::HttpResponse> answer) {
    if (!answer && answer.error().code == Code::unavailable && answer.error().message.starts_with("cannot connect") &&
        e->attempt < std::min(1, e->matched.route->rule.retries)) {
      ++e->attempt;
      const std::string avoid = e->endpoint->text();
      return send(std::move(e), avoid);
    }
    metrics.ended(metrics::target_of(*e->backend, nullptr));
    if (answer) {
      traffic::apply_response_rules(*e->matched.route, e->destination, answer->headers);
      return finish(*e, std::move(*answer), "-");
    }
    if (answer.error().code == Code::deadline_exceeded) {
      return finish(*e, failure(504, "upstream_timeout", "the upstream did not answer in time"), "UT");
    }
    finish(*e, failure(503, "upstream_reset", answer.error().message), "UC");
  }

  void finish(Exchange& e, core::HttpResponse response, const std::string& flags) {
    e.lease = {};
    metrics::Outcome outcome;
    if (e.backend) outcome.target = metrics::target_of(*e.backend, e.endpoint);
    outcome.status = response.status;
    outcome.flags = flags;
    outcome.duration = world.clock.monotonic() - e.began;
    const std::string told(core::header(response.headers, "x-slipway-first-token-seconds"));
    const double seconds = told.empty() ? 0 : std::strtod(told.c_str(), nullptr);
    outcome.first_token = told.empty() ? outcome.duration : core::Duration(static_cast<std::int64_t>(seconds * 1e6));
    metrics.finished(outcome);
    if (e.backend && !e.backend->subset.empty())
      net::set_header(response.headers, "x-slipway-subset", e.backend->subset);
    e.done(std::move(response));
  }
};

SimulatedGateway::SimulatedGateway(core::SimulatedWorld& world, std::string host, int port)
    : state_(std::make_shared<State>(world, std::move(host), port)) {}
SimulatedGateway::~SimulatedGateway() { state_->simulated.stop_serving(state_->host, state_->port); }

Result<> SimulatedGateway::start() {
  return state_->simulated.serve(state_->host, state_->port,
                                 [weak = std::weak_ptr(state_)](core::HttpRequest request, Done done) {
                                   if (auto self = weak.lock()) self->handle(std::move(request), std::move(done));
                                 });
}

std::function<void(std::shared_ptr<const traffic::Snapshot>)> SimulatedGateway::follower() {
  return [weak = std::weak_ptr(state_)](std::shared_ptr<const traffic::Snapshot> snapshot) {
    if (auto self = weak.lock()) self->adopt(std::move(snapshot));
  };
}
void SimulatedGateway::set_snapshot(std::shared_ptr<const traffic::Snapshot> snapshot) {
  state_->adopt(std::move(snapshot));
}
std::uint64_t SimulatedGateway::version() const { return state_->snapshot->version; }
metrics::Metrics& SimulatedGateway::metrics() { return state_->metrics; }
std::string SimulatedGateway::url() const { return "http://" + state_->host + ":" + std::to_string(state_->port); }

}  // namespace slipway::gateway::simulated
