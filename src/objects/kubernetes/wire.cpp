#include "objects/kubernetes/wire.hpp"

#include "core/world/real.hpp"
#include "net/client.hpp"

namespace slipway::objects::kubernetes {
namespace {

// net's sentences for what went wrong before a request was written.
bool was_sent(const Error& error) {
  for (const auto* before : {"cannot connect to ", "cannot find the host ", "cannot speak TLS with "}) {
    if (error.message.starts_with(before)) return false;
  }
  return true;
}

// Blocks by running a mailbox of its own, on which the answers arrive. Connections are kept, as with any client.
class RealWire final : public Wire {
 public:
  RealWire(net::IoThread& io, core::Loop& loop)
      : client_(net::make_client(io, inner_.loop())),
        peeks_(net::make_stream_client(io, inner_.loop())),
        streams_(net::make_stream_client(io, loop)) {
    inner_.set_http(*client_);
  }

  Attempt call(core::HttpRequest request) override {
    Attempt attempt{fail(Code::cancelled, "the call was broken off"), true};
    bool is_done = false;
    client_->send(std::move(request), [&](Result<core::HttpResponse> answer) {
      attempt.response = std::move(answer);
      stop(is_done);
    });
    run_until(is_done);
    if (!attempt.response) attempt.may_have_arrived = was_sent(attempt.response.error());
    return attempt;
  }

  Result<Peek> peek(core::HttpRequest request, Duration patience) override {
    Peek peek;
    Result<> outcome;
    bool is_done = false;
    core::TimerId timer = 0;
    net::StreamEvents events;
    events.on_head = [&](int status, const core::Headers&) {
      peek.status = status;
      if (status == 200) timer = inner_.loop().after(patience, [&] { timer = 0, stop(is_done); });
    };
    events.on_body = [&](std::string_view bytes) {
      peek.bytes += bytes;
      if (peek.status == 200 || peek.bytes.size() > 64 * 1024) stop(is_done);
    };
    events.on_end = [&](Result<> result) {
      outcome = std::move(result);
      stop(is_done);
    };
    const auto handle = peeks_->open(std::move(request), {}, std::move(events));
    run_until(is_done);
    if (timer != 0) inner_.loop().cancel(timer);
    TRY(outcome);
    return peek;
  }

  Result<core::RunOutput> run(core::RunRequest request) override {
    Result<core::RunOutput> output = fail(Code::cancelled, "the command was broken off");
    bool is_done = false;
    inner_.world().processes.run(std::move(request), [&](Result<core::RunOutput> result) {
      output = std::move(result);
      stop(is_done);
    });
    run_until(is_done);
    return output;
  }

  void pause(Duration duration) override {
    bool is_done = false;
    inner_.loop().after(duration, [&] { stop(is_done); });
    run_until(is_done);
  }

  std::unique_ptr<net::StreamHandle> open(core::HttpRequest request, net::StreamOptions options,
                                          net::StreamEvents events) override {
    return streams_->open(std::move(request), options, std::move(events));
  }

 private:
  void stop(bool& is_done) {
    is_done = true;
    inner_.stop();
  }
  void run_until(const bool& is_done) {
    while (!is_done) inner_.run();
  }

  core::RealWorld inner_;
  std::unique_ptr<core::HttpClient> client_;
  std::unique_ptr<net::StreamClient> peeks_;
  std::unique_ptr<net::StreamClient> streams_;
};

}  // namespace

std::unique_ptr<Wire> make_wire(net::IoThread& io, core::Loop& loop) { return std::make_unique<RealWire>(io, loop); }

}  // namespace slipway::objects::kubernetes
