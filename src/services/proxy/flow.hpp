#pragma once
// Flow: one TCP connection through a Service: finds an endpoint that answers, carries bytes both ways, ends as its ends
// end. What one side has not taken yet is at most one buffer; until then nothing more is read of the other. Inside
// proxy/ only.

#include <memory>
#include <set>
#include <string>

#include "services/proxy/balance.hpp"
#include "services/proxy/poller.hpp"
#include "services/proxy/socket.hpp"

namespace slipway::services::proxy {

class Flow {
 public:
  // The Flow tells its end once, by `ended`, and is told nothing after; its holder gives it to Poller::bury().
  Flow(Poller& poller, core::Descriptor client, std::string client_host, std::shared_ptr<Balance> balance,
       std::function<void(Flow&)> ended);
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;
  // Looks for an endpoint. No more connections are accepted when it answers false: descriptors are short.
  bool start();
  void cut();

 private:
  struct End final : Handler {
    explicit End(Flow& of) : flow(of) {}
    void on_ready(std::uint32_t events) override { flow.on_ready(*this, events); }
    Flow& flow;
    core::Descriptor socket;
    std::string pending;     // read from the other, not yet taken by this one
    bool may_have = false;   // something to read, as far as is known
    bool is_over = false;    // the kernel said that the end, or an error, is there to be read
    bool takes = false;      // it can be written to
    bool has_ended = false;  // it sends no more
    bool is_told = false;    // that nothing more comes: its reading end was shut
    bool is_deaf = false;    // it takes nothing any more: what is for it is dropped
  };
  enum class Step { more, waits, broken };

  void on_ready(End& end, std::uint32_t events);
  bool try_endpoints();
  bool try_silent_ones();
  void connected();
  void carry();
  static Step move(End& from, End& to);
  static void give(End& to, std::string_view bytes);
  void give_up();
  void end();

  Poller& poller_;
  std::string client_host_;
  std::shared_ptr<Balance> balance_;
  std::function<void(Flow&)> ended_;
  std::set<Address> tried_;
  Instant began_{};
  bool was_silent_ = false;  // one of those that were tried
  bool is_connected_ = false;
  bool is_out_of_descriptors_ = false;
  End client_{*this}, server_{*this};
};

}  // namespace slipway::services::proxy
