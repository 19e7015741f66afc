// Listens and accepts.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/log.hpp"
#include "net/impl/connection.hpp"
#include "net/impl/io_thread.hpp"
#include "net/impl/router.hpp"

namespace slipway::net {
namespace {

constexpr core::Duration accept_pause = std::chrono::milliseconds(100);

using asio::ip::tcp;

// Errors name the address.
core::Result<> listen_on(tcp::acceptor& acceptor, const std::string& address, int port) {
  const std::string name = address + ":" + std::to_string(port);
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) return fail(Code::invalid_argument, "\"" + address + "\" is not an IP address to listen on");
  if (port < 0 || port > 65535) return fail(Code::invalid_argument, std::to_string(port) + " is not a port");
  const tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(port));
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (!error) acceptor.non_blocking(true, error);
  if (!error) return {};
  if (error == asio::error::address_in_use) {
    return fail(Code::unavailable, "cannot listen on " + name + ": the port is taken",
                "stop the program that uses it, or choose another port");
  }
  return fail(Code::unavailable, "cannot listen on " + name + ": " + error.message());
}

}  // namespace

struct Server::State {
  State(IoThread::Impl& io_, std::shared_ptr<ServerContext> context_)
      : io(io_), context(std::move(context_)), acceptor(io.context), pause(io.context) {}

  // On the network thread from here on.
  void accept(const std::shared_ptr<State>& self) {
    acceptor.async_accept([this, self](const boost::system::error_code& error, tcp::socket socket) {
      if (!acceptor.is_open()) return;
      if (error) return accept_later(self, error);
      if (context->connections.size() < context->options.max_connections) {
        const auto connection = std::make_shared<Connection>(context, std::move(socket));
        context->connections.insert(connection);
        connection->start();
      }
      accept(self);
    });
  }

  // Out of descriptors or memory: trying again at once would only spin.
  void accept_later(const std::shared_ptr<State>& self, const boost::system::error_code& why) {
    log::warn("net", "cannot accept a connection", {{"why", why.message()}});
    pause.expires_after(accept_pause);
    pause.async_wait([this, self](const boost::system::error_code& error) {
      if (!error && acceptor.is_open()) accept(self);
    });
  }

  void stop() {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
    for (const auto& connection : std::exchange(context->connections, {})) connection->shut();
  }

  IoThread::Impl& io;
  std::shared_ptr<ServerContext> context;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  int port = 0;
};

Server::Server(std::shared_ptr<State> state) : state_(std::move(state)) {}

core::Result<std::unique_ptr<Server>> Server::start(IoThread& io, Router& router, ServerOptions options) {
  std::shared_ptr<const TlsContext> tls;
  if (options.tls) {
    TRY_ASSIGN(tls, TlsContext::for_server(*options.tls));
  }
  const auto routes = router.state_;
  auto context = std::make_shared<ServerContext>(
      ServerContext{std::move(options), routes, routes->routes, routes->guard, io.impl().poster, std::move(tls)});
  auto state = std::make_shared<State>(io.impl(), std::move(context));
  ServerOptions& chosen = state->context->options;
  TRY(listen_on(state->acceptor, chosen.address, chosen.port));
  if (chosen.address != "0.0.0.0" && chosen.address != "::") chosen.allowed_hosts.push_back(chosen.address);
  state->port = state->acceptor.local_endpoint().port();
  asio::post(io.impl().context, [state] { state->accept(state); });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() {
  state_->io.run_and_wait([this] { state_->stop(); });
}

int Server::port() const { return state_->port; }

}  // namespace slipway::net
