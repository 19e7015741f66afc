#pragma once
// Inside proxy/: one client connection, from accept to close, with one exchange after another.

#include "gateway/http1/parser.hpp"
#include "gateway/proxy/state.hpp"

namespace slipway::gateway::proxy {

class Session {
 public:
  Session(State& state, std::unique_ptr<io::Stream> client);
  ~Session();
  io::Co<> run();
  void end_if_idle();  // draining: between two requests nothing is lost
  void cut();

 private:
  // Whether a request's head came; false: the connection is over (an answer was sent where one is due).
  io::Co<bool> read_head();
  io::Co<> refuse(Error error);
  // Lets the client read our last answer although it is still sending: closing at once would reset the connection.
  io::Co<> close_gently();

  State& state_;
  std::unique_ptr<io::Stream> client_;
  std::string inbox_;  // bytes read and not parsed yet
  http1::Parser request_{http1::Parser::Kind::request};
  bool idle_ = false;
};

}  // namespace slipway::gateway::proxy
