#pragma once
// ModelServer: the HTTP face of a simulated model: /v1/chat/completions, /v1/completions, /v1/models, /health,
// /metrics. It knows requests and responders, not sockets: process.cpp puts it behind net::Server, program.cpp into the
// simulated world. One thread, its host's.

#include "net/http.hpp"
#include "serving/simulator/engine.hpp"

namespace slipway::serving::simulator {

struct Completion;

class ModelServer {
 public:
  ModelServer(Options options, Host host);
  ~ModelServer();
  void start();  // loading begins
  void handle(net::Request request, std::shared_ptr<net::Responder> responder);
  // /health says 503 from now on and, after Options::linger, completions are refused; `done` runs when the last one
  // under way has ended.
  void drain(core::Task done);

 private:
  struct Answer;
  void complete(const net::Request& request, bool chat, std::shared_ptr<net::Responder> responder);
  bool inject_failure(const std::shared_ptr<net::Responder>& responder);
  std::vector<std::string> pieces_for(const Completion& completion, int prompt_tokens, bool& limited) const;
  void check_drained();

  Options options_;
  Host host_;
  Engine engine_;
  bool loaded_ = false;
  bool leaving_ = false;   // told to end
  bool draining_ = false;  // lingered enough
  core::Task drained_;
  int completions_ = 0;
  std::vector<std::shared_ptr<net::Responder>> hanging_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace slipway::serving::simulator
