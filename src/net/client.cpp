// The asynchronous client: requests go from the loop to the network thread, answers come back.

#include "net/client.hpp"

#include <map>

#include "net/impl/call.hpp"
#include "net/impl/io_thread.hpp"
#include "net/impl/on_loop.hpp"

namespace slipway::net {
namespace {

using Done = std::move_only_function<void(core::Result<core::HttpResponse>)>;

// What waits on the loop's side. The callbacks never leave that thread: not to run, and not to be destroyed.
class Waiting {
 public:
  explicit Waiting(core::Loop& loop) : gate_(loop) {}

  std::uint64_t add(Done done) {
    callbacks_.emplace(++last_, std::move(done));
    return last_;
  }

  // From the network thread.
  void deliver(const std::shared_ptr<Waiting>& self, std::uint64_t id, core::Result<core::HttpResponse> result) {
    gate_.post([self, id, late = std::move(result)]() mutable { self->run(id, std::move(late)); });
  }

  void close() {
    gate_.close();
    const auto forgotten = std::exchange(callbacks_, {});
  }

 private:
  void run(std::uint64_t id, core::Result<core::HttpResponse> result) {
    auto callback = callbacks_.extract(id);
    if (callback) callback.mapped()(std::move(result));
  }

  LoopGate gate_;
  std::map<std::uint64_t, Done> callbacks_;  // on the loop's thread only
  std::uint64_t last_ = 0;
};

// Collects an answer that is wanted whole. On the network thread.
class Collector final : public CallReceiver {
 public:
  Collector(std::shared_ptr<Waiting> waiting, std::uint64_t id) : waiting_(std::move(waiting)), id_(id) {}

  void on_head(Call&, int status, core::Headers headers) override {
    response_.status = status;
    response_.headers = std::move(headers);
  }
  core::Result<> on_body(Call& call, std::string_view bytes) override {
    response_.body += bytes;
    const std::size_t limit = call.request().max_response;
    if (response_.body.size() <= limit) return {};
    return fail(Code::resource_exhausted,
                call.where() + ": the answer is larger than " + std::to_string(limit) + " bytes");
  }
  void on_done(core::Result<> result) override {
    if (result) {
      waiting_->deliver(waiting_, id_, std::move(response_));
    } else {
      waiting_->deliver(waiting_, id_, std::unexpected<Error>(std::move(result).error()));
    }
  }

 private:
  std::shared_ptr<Waiting> waiting_;
  std::uint64_t id_;
  core::HttpResponse response_;
};

class Client final : public core::HttpClient {
 public:
  Client(IoThread::Impl& io, core::Loop& loop)
      : poster_(io.poster),
        calls_(std::make_shared<CallContext>(CallContext{io.context})),
        waiting_(std::make_shared<Waiting>(loop)) {}

  ~Client() override {
    waiting_->close();
    poster_->post([calls = calls_] { stop_calls(*calls); });
  }

  void send(core::HttpRequest request, Done done) override {
    const std::uint64_t id = waiting_->add(std::move(done));
    poster_->post([calls = calls_, waiting = waiting_, id, what = std::move(request)]() mutable {
      auto collector = std::make_shared<Collector>(std::move(waiting), id);
      std::make_shared<Call>(calls, std::move(what), std::nullopt, std::move(collector))->start();
    });
  }

 private:
  std::shared_ptr<IoPoster> poster_;
  std::shared_ptr<CallContext> calls_;
  std::shared_ptr<Waiting> waiting_;
};

}  // namespace

void stop_calls(CallContext& context) {
  context.is_stopped = true;
  context.pool.clear();
  for (const auto& call : std::exchange(context.calls, {})) call->drop();
}

std::unique_ptr<core::HttpClient> make_client(IoThread& io, core::Loop& loop) {
  return std::make_unique<Client>(io.impl(), loop);
}

}  // namespace slipway::net
