#include "serving/simulator/process.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "core/log.hpp"
#include "core/stop_signals.hpp"
#include "core/world/real.hpp"
#include "net/http.hpp"
#include "serving/simulator/model_server.hpp"

namespace slipway::serving::simulator {
namespace {

// The model behind a real server; everything but the sockets runs on the world's loop.
class Served {
 public:
  explicit Served(Options options) : options_(std::move(options)), model_(options_, host()) {}

  Result<> listen() {
    world_.loop().post([this] { model_.start(); });  // before any request can be posted
    const auto handler = [this](net::Request request, std::shared_ptr<net::Responder> responder) {
      model_.handle(std::move(request), std::move(responder));
    };
    net::RouteOptions anyone;
    anyone.public_ = true;
    for (const auto* method : {"GET", "POST"}) router_.add(method, "/{path...}", handler, anyone);
    net::ServerOptions options;
    options.address = options_.host;
    options.port = options_.port;
    options.loop = &world_.loop();
    options.allowed_hosts = {"*"};  // a gateway passes the users' Host on
    TRY_ASSIGN(server_, net::Server::start(io_, router_, options));
    return {};
  }

  // Returns the exit code when stop() has drained, or when an injected failure ends it.
  int run() {
    world_.run();
    server_.reset();
    return exit_code_;
  }
  // From any thread.
  void stop() {
    world_.loop().post([this] { model_.drain([this] { world_.stop(); }); });
  }
  int port() const { return server_->port(); }

 private:
  Host host() {
    Host host;
    host.monotonic = [] { return core::real_clock().monotonic(); };
    host.now = [] { return core::real_clock().now(); };
    host.after = [this](Duration delay, core::Task task) { world_.loop().after(delay, std::move(task)); };
    host.post = [this](core::Task task) { world_.loop().post(std::move(task)); };
    host.uniform = [] { return core::real_random().uniform(); };
    host.exit = [this](int code) {
      exit_code_ = code;
      world_.stop();
    };
    return host;
  }

  core::RealWorld world_;
  net::IoThread io_;
  Options options_;
  ModelServer model_;
  net::Router router_;
  std::unique_ptr<net::Server> server_;
  int exit_code_ = 0;
};

}  // namespace

int run_model_server(const std::vector<std::string>& arguments) {
  auto options = parse_options(arguments);
  if (!options) {
    std::fputs((options.error().render() + "\n\nslipway model-server flags:\n" + options_help()).c_str(), stderr);
    return 2;
  }
  core::block_stop_signals();

  const auto where = options->host + ":" + std::to_string(options->port);
  auto served = std::make_unique<Served>(std::move(*options));
  if (auto listening = served->listen(); !listening) {
    std::fputs((listening.error().render() + "\n").c_str(), stderr);
    return 1;
  }
  log::info("model-server", "listening", {{"address", where}, {"port", served->port()}});
  std::thread waiter([&] {
    core::wait_for_stop_signal();
    served->stop();
  });
  const int code = served->run();
  // An injected failure ends it without a signal: the waiter is woken by one.
  // NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread): every thread blocks it; sigwait takes it
  pthread_kill(waiter.native_handle(), SIGTERM);
  waiter.join();
  return code;
}

struct BackgroundModelServer::State {
  explicit State(Options options) : served(std::move(options)) {}
  Served served;
  std::thread thread;
};

BackgroundModelServer::BackgroundModelServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<BackgroundModelServer>> BackgroundModelServer::start(const std::vector<std::string>& arguments) {
  TRY_ASSIGN(auto options, parse_options(arguments));
  options.host = "127.0.0.1";
  options.port = 0;
  options.linger = {};
  auto state = std::make_unique<State>(std::move(options));
  TRY(state->served.listen());
  state->thread = std::thread([raw = state.get()] { raw->served.run(); });
  return std::unique_ptr<BackgroundModelServer>(new BackgroundModelServer(std::move(state)));
}

BackgroundModelServer::~BackgroundModelServer() {
  state_->served.stop();
  state_->thread.join();
}

int BackgroundModelServer::port() const { return state_->served.port(); }

}  // namespace slipway::serving::simulator
