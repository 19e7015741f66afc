#include "gateway/proxy/gateway.hpp"

#include <csignal>
#include <cstdio>
#include <thread>

#include "core/log.hpp"
#include "core/stop_signals.hpp"
#include "core/world/real.hpp"
#include "gateway/proxy/admin.hpp"
#include "gateway/proxy/follower.hpp"
#include "gateway/proxy/session.hpp"

namespace slipway::gateway::proxy {

struct Gateway::Impl {
  GatewayOptions options;
  io::Loop loop;
  State state{loop, {}, core::real_random().next()};
  std::unique_ptr<io::Listener> listener, admin;
  int port = 0, admin_port = 0;
  io::Event accepting_ended{loop}, admin_ended{loop};
  std::set<std::shared_ptr<io::Stream>> admin_clients;
  io::Event admin_clients_ended{loop};
  bool admin_closed = false;
  std::unique_ptr<Follower> follower;
  std::thread thread;

  void adopt(traffic::Snapshot snapshot) {
    state.snapshot = std::make_shared<const traffic::Snapshot>(std::move(snapshot));
    state.pool.keep_only(*state.snapshot);
    state.metrics.set_snapshot(state.snapshot->version, loop.now());
    log::info("gateway", "rules taken over",
              {{"version", state.snapshot->version}, {"routes", state.snapshot->routes.size()}});
  }

  void drain() {
    if (!std::exchange(state.draining, true))
      log::info("gateway", "draining", {{"connections", state.sessions.size()}});
    const std::vector<Session*> all(state.sessions.begin(), state.sessions.end());
    for (Session* session : all) session->end_if_idle();
  }

  io::Co<> serve(std::shared_ptr<Session> session) { co_await session->run(); }

  io::Co<> accept_clients() {
    for (;;) {
      auto stream = co_await listener->accept();
      if (!stream && stream.error().code == Code::cancelled) co_return;
      if (!stream) {  // out of descriptors, most likely: those who are here go first
        log::warn("gateway", "cannot accept", {{"why", stream.error().message}});
        io::Event pause(loop);
        co_await pause.wait_for(std::chrono::milliseconds(100));
        continue;
      }
      if (state.sessions.size() >= state.limits.connections) continue;  // closed: somebody waits for memory otherwise
      auto session = std::make_shared<Session>(state, std::move(*stream));
      loop.spawn(serve(std::move(session)));
    }
  }

  io::Co<> accept_admin() {
    for (;;) {
      auto stream = co_await admin->accept();
      if (!stream && stream.error().code == Code::cancelled) co_return;
      if (!stream) {
        io::Event pause(loop);
        co_await pause.wait_for(std::chrono::milliseconds(100));
        continue;
      }
      std::shared_ptr<io::Stream> client = std::move(*stream);
      admin_clients.insert(client);
      loop.spawn(serve_admin(state, client, [this] { drain(); }), [this, client] {
        admin_clients.erase(client);
        if (admin_closed && admin_clients.empty()) admin_clients_ended.set();
      });
    }
  }

  // On the loop: the order of the end. The loop stops when all of it is over.
  io::Co<> shut_down() {
    listener->close();
    co_await accepting_ended.wait();
    drain();
    state.stopping = true;
    if (state.sessions.empty()) state.all_ended.set();
    const bool in_time = co_await state.all_ended.wait_for(options.limits.drain);
    if (!in_time) {
      log::warn("gateway", "cutting connections that did not end in time", {{"connections", state.sessions.size()}});
      const std::vector<Session*> all(state.sessions.begin(), state.sessions.end());
      for (Session* session : all) session->cut();
      co_await state.all_ended.wait();  // a connect under way ends by its own limit
    }
    admin->close();
    co_await admin_ended.wait();
    admin_closed = true;
    for (const auto& client : admin_clients) client->close();
    if (!admin_clients.empty()) co_await admin_clients_ended.wait();
    state.pool.clear();
  }
};

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() { stop(); }

Result<std::unique_ptr<Gateway>> Gateway::start(GatewayOptions options) {
  auto impl = std::make_unique<Impl>();
  Impl& i = *impl;
  i.options = std::move(options);
  i.state.limits = i.options.limits;
  TRY_ASSIGN(const io::HostPort at, io::parse_host_port(i.options.listen));
  TRY_ASSIGN(const io::HostPort admin_at, io::parse_host_port(i.options.admin));
  TRY_ASSIGN(i.listener, io::Listener::open(i.loop, at.host, at.port));
  TRY_ASSIGN(i.admin, io::Listener::open(i.loop, admin_at.host, admin_at.port));
  i.port = i.listener->port();
  i.admin_port = i.admin->port();

  if (!i.options.cache.empty()) {
    if (auto kept = read_cache(i.options.cache))
      i.adopt(std::move(*kept));
    else if (kept.error().code != Code::not_found) {
      log::warn("gateway", "the kept rules are unusable",
                {{"file", i.options.cache}, {"why", kept.error().one_line()}});
    }
  }
  if (!i.options.control_plane.empty()) {
    auto deliver = [&i](traffic::Snapshot snapshot) {
      auto shared = std::make_shared<traffic::Snapshot>(std::move(snapshot));
      i.loop.post([&i, shared] { i.adopt(std::move(*shared)); });
    };
    TRY_ASSIGN(i.follower,
               Follower::start(i.options.control_plane, i.options.cache, i.state.snapshot->version, deliver));
  }
  i.loop.spawn(i.accept_clients(), [&i] { i.accepting_ended.set(); });
  i.loop.spawn(i.accept_admin(), [&i] { i.admin_ended.set(); });
  i.thread = std::thread([&i] { i.loop.run(); });
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

int Gateway::port() const { return impl_->port; }
int Gateway::admin_port() const { return impl_->admin_port; }

void Gateway::set_snapshot(traffic::Snapshot snapshot) {
  Impl& i = *impl_;
  auto shared = std::make_shared<traffic::Snapshot>(std::move(snapshot));
  i.loop.post([&i, shared] { i.adopt(std::move(*shared)); });
}

void Gateway::begin_drain() {
  Impl& i = *impl_;
  i.loop.post([&i] { i.drain(); });
}

void Gateway::stop() {
  Impl& i = *impl_;
  if (!i.thread.joinable()) return;
  i.follower.reset();
  i.loop.post([&i] { i.loop.spawn(i.shut_down(), [&i] { i.loop.stop(); }); });
  i.thread.join();
}

int gateway_main(GatewayOptions options) {
  core::block_stop_signals();
  std::signal(SIGPIPE, SIG_IGN);

  auto gateway = Gateway::start(std::move(options));
  if (!gateway) {
    std::fputs(("slipway gateway: " + gateway.error().render() + "\n").c_str(), stderr);
    return 1;
  }
  log::info("gateway", "serving", {{"port", (*gateway)->port()}, {"admin", (*gateway)->admin_port()}});
  const int signal = core::wait_for_stop_signal();
  log::info("gateway", "stopping", {{"signal", signal}});
  (*gateway)->stop();
  return 0;
}

}  // namespace slipway::gateway::proxy
