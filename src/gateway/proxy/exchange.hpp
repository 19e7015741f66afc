#pragma once
// Inside proxy/: one request and its response. Chooses the destination, sends the request on, streams the answer back,
// and watches the client meanwhile: when it goes away, the upstream connection is closed at once.

#include "gateway/http1/parser.hpp"
#include "gateway/metrics/token_meter.hpp"
#include "gateway/proxy/reply.hpp"
#include "gateway/proxy/state.hpp"
#include "gateway/traffic/rewrite.hpp"

namespace slipway::gateway::proxy {

class Exchange {
 public:
  // `request` holds a parsed head; what follows it is in `inbox` or still to be read from `client`.
  Exchange(State& state, io::Stream& client, std::string& inbox, http1::Parser& request);
  ~Exchange();
  // Whether the client's connection can carry another request.
  io::Co<bool> run();

 private:
  enum class Step { done, retry };

  void normalise();  // absolute-form targets
  io::Co<Result<>> read_ahead();
  io::Co<Result<>> invite_body();  // 100 Continue, once
  io::Co<bool> forward();
  io::Co<Result<>> open_upstream(const traffic::Endpoint& endpoint, bool may_reuse, bool& reused);
  std::string render_upstream_request() const;
  io::Co<Result<>> receive_head();
  io::Co<bool> relay();
  io::Co<bool> answer(Reply reply, std::string flags);
  io::Co<bool> answer_failure(Error error);
  std::string render_client_head(bool keep, bool bodyless, bool chunked) const;

  void start_watch();
  io::Co<> watch();     // the rest of the request's body, then the client's end
  io::Co<bool> pump();  // whether the whole body went up
  io::Co<> stop_watch();
  void client_went();
  void record(int status, std::string flags);
  void note_content(std::string_view bytes);
  bool keeps_client() const;

  State& state_;
  io::Stream& client_;
  std::string& inbox_;
  http1::Parser& request_;
  const std::shared_ptr<const traffic::Snapshot> snapshot_;  // of the whole exchange
  const core::Instant began_;
  std::string request_id_;

  traffic::Matched matched_;
  std::size_t destination_ = 0;
  const traffic::Backend* backend_ = nullptr;
  const traffic::Endpoint* endpoint_ = nullptr;
  traffic::Balancer::Lease lease_;
  std::optional<metrics::Target> counted_;  // in the in-flight gauge
  std::optional<core::Instant> deadline_;   // of the route's timeout

  std::string prefix_;  // the body as far as it was read before sending: what a retry sends again
  bool whole_ = false;  // prefix_ is all of it
  bool invited_ = false;
  std::unique_ptr<io::Stream> upstream_;
  std::string upstream_inbox_;
  http1::Parser response_{http1::Parser::Kind::response};
  std::optional<metrics::TokenMeter> meter_;

  io::Event watch_ended_;
  bool watching_ = false, pumping_ = false, stopping_ = false;
  bool client_gone_ = false;
  bool recorded_ = false;
};

}  // namespace slipway::gateway::proxy
