#include "services/proxy/proxy.hpp"

#include <sys/resource.h>

#include <cstdio>
#include <limits>
#include <thread>

#include "core/log.hpp"
#include "core/stop_signals.hpp"
#include "services/proxy/health.hpp"
#include "services/proxy/rules_file.hpp"
#include "services/proxy/switchboard.hpp"

namespace slipway::services::proxy {
namespace {

// Two for each connection. How many there may be.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::size_t>::max();
  const rlimit most{limit.rlim_max, limit.rlim_max};
  return ::setrlimit(RLIMIT_NOFILE, &most) == 0 ? limit.rlim_max : limit.rlim_cur;
}

std::string problems_of(const Switchboard& board) {
  doc::Array list;
  for (const auto& [place, problem] : board.problems()) {
    list.emplace_back(doc::Object{{"rule", problem.rule},
                                  {"protocol", name_of(place.protocol)},
                                  {"address", place.at.text()},
                                  {"why", problem.why}});
  }
  return doc::render_json(list);
}

std::string metrics_of(const Switchboard& board) {
  const auto metric = [](const std::string& name, const char* type, std::uint64_t value) {
    return "# TYPE " + name + " " + type + "\n" + name + " " + std::to_string(value) + "\n";
  };
  const Traffic& traffic = board.traffic();
  return metric("slipway_services_connections_total", "counter", traffic.connections) +
         metric("slipway_services_connections", "gauge", traffic.flows.size()) +
         metric("slipway_services_datagrams_total", "counter", traffic.datagrams) +
         metric("slipway_services_udp_clients", "gauge", traffic.exchanges) +
         metric("slipway_services_listeners", "gauge", board.fronts()) +
         metric("slipway_services_listeners_failing", "gauge", board.problems().size());
}

Answer answer_to(std::string_view path, const Switchboard& board) {
  if (path == "/healthz" || path == "/livez") return {.body = "ok"};
  if (path == "/readyz")
    return board.has_rules() ? Answer{.body = "ok"} : Answer{.status = 503, .body = "no rules yet"};
  if (path == "/problems") return {.body = problems_of(board), .type = "application/json"};
  if (path == "/metrics") return {.body = metrics_of(board), .type = "text/plain; version=0.0.4"};
  return {.status = 404, .body = "not found"};
}

}  // namespace

struct Proxy::Impl {
  Poller poller;
  Switchboard board{poller};
  std::unique_ptr<Health> health;
  std::unique_ptr<RulesFile> file;
  std::thread thread;
};

namespace {

constexpr Duration retry_period = std::chrono::seconds(2);

}  // namespace

// Services are served, whoever has that port.
void Proxy::listen_for_health(Impl& i, const Address& at) {
  auto listening = i.health->listen(at);
  if (listening) return;
  log::warn("services", "nobody can ask how it goes", {{"why", listening.error().one_line()}});
  i.poller.after(retry_period, [&i, at] { listen_for_health(i, at); });
}

Proxy::Proxy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Proxy>> Proxy::start(ProxyOptions options) {
  auto impl = std::make_unique<Impl>();
  Impl& i = *impl;
  TRY_ASSIGN(const Address at, parse_address(options.health));
  TRY(i.poller.open());
  i.board.limit_descriptors(options.descriptors);
  i.health = std::make_unique<Health>(i.poller, [&i](std::string_view path) { return answer_to(path, i.board); });
  listen_for_health(i, at);
  i.file = std::make_unique<RulesFile>(i.poller, options.rules, [&i](const Rules& rules) { i.board.follow(rules); });
  i.poller.post([&i] { i.file->start(); });
  i.thread = std::thread([&i] { i.poller.run(); });
  return std::unique_ptr<Proxy>(new Proxy(std::move(impl)));
}

Proxy::~Proxy() {
  Impl& i = *impl_;
  i.poller.post([&i] { i.board.close(); });
  i.poller.stop();
  i.thread.join();
}

int proxy_main(ProxyOptions options) {
  core::block_stop_signals();
  options.descriptors = raise_descriptor_limit();
  auto proxy = Proxy::start(std::move(options));
  if (!proxy) {
    std::fputs(("slipway service-proxy: " + proxy.error().render() + "\n").c_str(), stderr);
    return 1;
  }
  log::info("services", "serving");
  const int signal = core::wait_for_stop_signal();
  log::info("services", "stopping", {{"signal", signal}});
  return 0;
}

}  // namespace slipway::services::proxy
