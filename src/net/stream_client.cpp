// Answers in pieces: bytes go from the network thread to the loop as fast as the loop takes them.

#include "net/stream_client.hpp"

#include <atomic>

#include "net/impl/call.hpp"
#include "net/impl/io_thread.hpp"
#include "net/impl/on_loop.hpp"

namespace slipway::net {
namespace {

// One answer, as both threads share it. What the caller gave us (events_) stays on the loop's thread.
class Stream final : public CallReceiver, public std::enable_shared_from_this<Stream> {
 public:
  Stream(std::shared_ptr<IoPoster> poster, core::Loop& loop, std::size_t max_unread, StreamEvents events)
      : poster_(std::move(poster)), gate_(loop), max_unread_(max_unread), events_(std::move(events)) {}

  // On the network thread.
  void start(const std::shared_ptr<CallContext>& calls, core::HttpRequest request, core::Duration idle_timeout) {
    const auto call = std::make_shared<Call>(calls, std::move(request), idle_timeout, shared_from_this());
    call_ = call;
    call->start();
  }
  void on_head(Call&, int status, core::Headers headers) override {
    gate_.post([self = shared_from_this(), status, what = std::move(headers)] {
      self->run([&](StreamEvents& events) {
        if (events.on_head) events.on_head(status, what);
      });
    });
  }
  core::Result<> on_body(Call& call, std::string_view bytes) override {
    const std::size_t unread = unread_.fetch_add(bytes.size()) + bytes.size();
    if (unread > max_unread_) call.pause();
    gate_.post([self = shared_from_this(), what = std::string(bytes)] {
      self->run([&](StreamEvents& events) {
        if (events.on_body) events.on_body(what);
      });
      self->taken(what.size());
    });
    return {};
  }
  void on_done(core::Result<> result) override {
    gate_.post([self = shared_from_this(), what = std::move(result)]() mutable {
      self->run([&](StreamEvents& events) {
        if (events.on_end) std::exchange(events.on_end, nullptr)(std::move(what));
      });
    });
  }

  // On the loop's thread.
  void cancel() {
    gate_.close();
    is_cancelled_ = true;
    if (!is_running_) events_ = StreamEvents();  // a callback that is running may own us: run() forgets them then
    poster_->post([self = shared_from_this()] {
      if (const auto call = self->call_.lock()) call->drop();
    });
  }

 private:
  template <class Work>
  void run(Work work) {
    if (is_cancelled_) return;
    is_running_ = true;
    work(events_);
    is_running_ = false;
    if (is_cancelled_) events_ = StreamEvents();
  }

  void taken(std::size_t size) {
    const std::size_t before = unread_.fetch_sub(size);
    const std::size_t enough = max_unread_ / 2;
    if (is_cancelled_ || before <= enough || before - size > enough) return;
    poster_->post([self = shared_from_this()] {
      if (const auto call = self->call_.lock()) call->resume();
    });
  }

  std::shared_ptr<IoPoster> poster_;
  LoopGate gate_;
  std::size_t max_unread_;
  std::atomic<std::size_t> unread_ = 0;  // bytes on their way to the loop
  std::weak_ptr<Call> call_;             // on the network thread only

  StreamEvents events_;
  bool is_running_ = false;
  bool is_cancelled_ = false;
};

class Handle final : public StreamHandle {
 public:
  explicit Handle(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
  ~Handle() override { stream_->cancel(); }

 private:
  std::shared_ptr<Stream> stream_;
};

class Client final : public StreamClient {
 public:
  Client(IoThread::Impl& io, core::Loop& loop)
      : poster_(io.poster), loop_(loop), calls_(std::make_shared<CallContext>(CallContext{io.context})) {}

  ~Client() override {
    poster_->post([calls = calls_] { stop_calls(*calls); });
  }

  std::unique_ptr<StreamHandle> open(core::HttpRequest request, StreamOptions options, StreamEvents events) override {
    auto stream = std::make_shared<Stream>(poster_, loop_, options.max_unread, std::move(events));
    poster_->post([calls = calls_, stream, idle = options.idle_timeout, what = std::move(request)]() mutable {
      stream->start(calls, std::move(what), idle);
    });
    return std::make_unique<Handle>(std::move(stream));
  }

 private:
  std::shared_ptr<IoPoster> poster_;
  core::Loop& loop_;
  std::shared_ptr<CallContext> calls_;
};

}  // namespace

std::unique_ptr<StreamClient> make_stream_client(IoThread& io, core::Loop& loop) {
  return std::make_unique<Client>(io.impl(), loop);
}

}  // namespace slipway::net
