#pragma once
// Health: the proxy's own small HTTP face, for probes, the control plane and Prometheus. Inside proxy/ only.

#include <list>

#include "services/proxy/poller.hpp"
#include "services/proxy/socket.hpp"

namespace slipway::services::proxy {

struct Answer {
  int status = 200;
  std::string body;
  std::string type = "text/plain; charset=utf-8";
};
// The path of a request whose head is complete; "" while it is not. invalid_argument: that is no GET. Pure.
Result<std::string> requested_path(std::string_view head);

class Health final : public Handler {
 public:
  using Answering = std::function<Answer(std::string_view path)>;
  Health(Poller& poller, Answering answering) : poller_(poller), answering_(std::move(answering)) {}
  Result<> listen(const Address& at);
  void on_ready(std::uint32_t events) override;
  void go_on();

 private:
  struct Client final : Handler {
    Client(Health& h, core::Descriptor s) : health(h), socket(std::move(s)) {}
    void on_ready(std::uint32_t) override { health.read(*this); }
    Health& health;
    core::Descriptor socket;
    std::string head;
    std::list<std::shared_ptr<Client>>::iterator place;
  };
  void read(Client& client);
  void end(Client& client);

  Poller& poller_;
  Answering answering_;
  core::Descriptor socket_;
  std::list<std::shared_ptr<Client>> clients_;
};

}  // namespace slipway::services::proxy
