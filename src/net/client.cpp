// The asynchronous client: requests go from the loop to the network thread, answers come back.

#include "net/client.hpp"

#include <boost/asio/post.hpp>
#include <map>
#include <mutex>

#include "net/impl/call.hpp"
#include "net/impl/io_thread.hpp"

namespace slipway::net {
namespace {

using Done = std::move_only_function<void(core::Result<core::HttpResponse>)>;

// What waits on the loop's side. The callbacks never leave that thread: not to run, and not to be destroyed.
class Waiting {
 public:
  explicit Waiting(core::Loop& loop) : loop_(&loop) {}

  std::uint64_t add(Done done) {
    callbacks_.emplace(++last_, std::move(done));
    return last_;
  }

  // From the network thread. The lock is held across post() so that the loop is not used after close().
  void deliver(const std::shared_ptr<Waiting>& self, std::uint64_t id, core::Result<core::HttpResponse> result) {
    const std::lock_guard lock(mutex_);
    if (loop_ == nullptr) return;
    loop_->post([self, id, late = std::move(result)]() mutable { self->run(id, std::move(late)); });
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      loop_ = nullptr;
    }
    const auto forgotten = std::exchange(callbacks_, {});
  }

 private:
  void run(std::uint64_t id, core::Result<core::HttpResponse> result) {
    auto callback = callbacks_.extract(id);
    if (callback) callback.mapped()(std::move(result));
  }

  std::mutex mutex_;
  core::Loop* loop_;                         // guarded by mutex_; null when closed
  std::map<std::uint64_t, Done> callbacks_;  // on the loop's thread only
  std::uint64_t last_ = 0;
};

class Client final : public core::HttpClient {
 public:
  Client(IoThread::Impl& io, core::Loop& loop)
      : poster_(io.poster),
        calls_(std::make_shared<CallContext>(CallContext{io.context})),
        waiting_(std::make_shared<Waiting>(loop)) {}

  ~Client() override {
    waiting_->close();
    poster_->post([calls = calls_] {
      calls->is_stopped = true;
      calls->pool.clear();
      for (const auto& call : std::exchange(calls->calls, {})) call->drop();
    });
  }

  void send(core::HttpRequest request, Done done) override {
    const std::uint64_t id = waiting_->add(std::move(done));
    poster_->post([calls = calls_, waiting = waiting_, id, what = std::move(request)]() mutable {
      auto deliver = [waiting, id](core::Result<core::HttpResponse> result) {
        waiting->deliver(waiting, id, std::move(result));
      };
      std::make_shared<Call>(calls, std::move(what), std::move(deliver))->start();
    });
  }

 private:
  std::shared_ptr<IoPoster> poster_;
  std::shared_ptr<CallContext> calls_;
  std::shared_ptr<Waiting> waiting_;
};

}  // namespace

std::unique_ptr<core::HttpClient> make_client(IoThread& io, core::Loop& loop) {
  return std::make_unique<Client>(io.impl(), loop);
}

}  // namespace slipway::net
