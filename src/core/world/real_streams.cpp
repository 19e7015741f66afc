#include "core/world/real_streams.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/error.hpp"

namespace slipway::core {
namespace {

constexpr std::size_t piece = 64 * 1024;
constexpr char end_of_file = 4;  // a terminal's VEOF as it is set at first

class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(RealLoop& loop, StreamEnds ends, ByteEvents events)
      : loop_(loop), ends_(std::move(ends)), events_(std::move(events)) {}

  void start() {
    if (ends_.is_connecting) {
      deadline_ = loop_.after(ends_.timeout, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->give_up();
      });
    }
    watch_again();
  }
  void close() {
    is_closed_ = true;
    events_ = {};
    shut();
  }
  int descriptor() const { return ends_.fd.get(); }

  void write(std::string_view bytes) {
    if (!ends_.fd || !ends_.writes || ends_writing_) return;
    waiting_ += bytes;
    if (waiting_.size() - sent_ >= ByteStream::full_at) was_full_ = true;
    watch_again();
  }
  std::size_t unsent() const { return waiting_.size() - sent_; }
  void end_writing() {
    if (ends_writing_ || !ends_.writes) return;
    if (ends_.is_terminal) return write(std::string_view(&end_of_file, 1));
    ends_writing_ = true;
    if (unsent() == 0 && !ends_.is_connecting) finish_writing();
    watch_again();
  }
  void set_reading(bool wanted) {
    is_reading_ = wanted;
    watch_again();
  }

 private:
  void watch_again() {
    if (!ends_.fd) return;
    std::uint32_t wanted = 0;
    if (ends_.is_connecting || unsent() > 0) wanted |= EPOLLOUT;
    if (ends_.reads && is_reading_ && !ends_.is_connecting) wanted |= EPOLLIN;
    if (wanted == watched_) return;
    // Never with nothing: a hang-up would be told again and again.
    if (watch_ != 0) loop_.forget(std::exchange(watch_, 0), ends_.fd.get());
    watched_ = wanted;
    if (wanted == 0) return;
    watch_ = loop_.watch(ends_.fd.get(), wanted, [weak = weak_from_this()](std::uint32_t events) {
      if (const auto self = weak.lock()) self->on_event(events);
    });
  }

  void on_event(std::uint32_t events) {
    if (ends_.is_connecting) return on_connected();
    if (unsent() > 0 && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) write_some();
    if (!is_closed_ && ends_.fd && ends_.reads && is_reading_ && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
      read_some();
    watch_again();
  }

  void on_connected() {
    int problem = 0;
    socklen_t size = sizeof problem;
    ::getsockopt(ends_.fd.get(), SOL_SOCKET, SO_ERROR, &problem, &size);
    if (deadline_ != 0) loop_.cancel(std::exchange(deadline_, 0));
    ends_.is_connecting = false;
    if (problem != 0) {
      return end(fail(Code::unavailable, "cannot connect to " + ends_.whom + ": " + std::strerror(problem)));
    }
    if (unsent() > 0) write_some();
    if (!is_closed_ && ends_writing_ && unsent() == 0) finish_writing();
    watch_again();
  }

  void give_up() {
    deadline_ = 0;
    end(fail(Code::deadline_exceeded, "cannot connect to " + ends_.whom + ": it does not answer"));
  }

  void write_some() {
    const std::string_view left = std::string_view(waiting_).substr(sent_);
    const ssize_t written = ::write(ends_.fd.get(), left.data(), left.size());
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (written < 0) {  // it reads no more; what it still says is read
      waiting_.clear();
      sent_ = 0;
      ends_.writes = false;
      if (!ends_.reads) shut();
    } else {
      sent_ += static_cast<std::size_t>(written);
      if (sent_ == waiting_.size() || sent_ >= ByteStream::full_at) waiting_.erase(0, std::exchange(sent_, 0));
      if (ends_writing_ && unsent() == 0) finish_writing();
    }
    if (was_full_ && unsent() < ByteStream::full_at / 2) {
      was_full_ = false;
      if (events_.on_writable) {
        const auto call = events_.on_writable;
        call();
      }
    }
  }

  void finish_writing() {
    ends_.writes = false;
    if (!ends_.reads) return shut();
    ::shutdown(ends_.fd.get(), SHUT_WR);
  }

  void read_some() {
    std::array<char, piece> buffer;
    const ssize_t got = ::read(ends_.fd.get(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0 && !(ends_.is_terminal && errno == EIO)) {
      return end(fail(Code::unavailable, "the connection to " + ends_.whom + " broke off: " + std::strerror(errno)));
    }
    if (got <= 0) return end({});
    if (!events_.on_bytes) return;
    const auto call = events_.on_bytes;
    call({buffer.data(), static_cast<std::size_t>(got)});
  }

  // Of reading; a socket goes on being written to after a clean one.
  void end(Result<> how) {
    ends_.reads = false;
    if (!how || !ends_.writes || ends_.is_terminal) shut();
    const auto call = std::exchange(events_.on_end, nullptr);
    if (call) call(std::move(how));
  }

  void shut() {
    if (deadline_ != 0) loop_.cancel(std::exchange(deadline_, 0));
    if (watch_ != 0) loop_.forget(std::exchange(watch_, 0), ends_.fd.get());
    watched_ = 0;
    ends_.fd.close();
    ends_.writes = ends_.reads = false;
    waiting_.clear();
    sent_ = 0;
  }

  RealLoop& loop_;
  StreamEnds ends_;
  ByteEvents events_;
  RealLoop::WatchId watch_ = 0;
  std::uint32_t watched_ = 0;
  TimerId deadline_ = 0;
  std::string waiting_;
  std::size_t sent_ = 0;
  bool is_reading_ = true;
  bool ends_writing_ = false;
  bool was_full_ = false;
  bool is_closed_ = false;
};

class FdStream final : public ByteStream {
 public:
  explicit FdStream(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  ~FdStream() override { core_->close(); }
  void write(std::string_view bytes) override { core_->write(bytes); }
  bool is_full() const override { return core_->unsent() >= full_at; }
  bool has_unsent() const override { return core_->unsent() > 0; }
  void end_writing() override { core_->end_writing(); }
  void set_reading(bool wanted) override { core_->set_reading(wanted); }
  int descriptor() const { return core_->descriptor(); }

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace

std::unique_ptr<ByteStream> make_stream(RealLoop& loop, StreamEnds ends, ByteEvents events) {
  const auto core = std::make_shared<Core>(loop, std::move(ends), std::move(events));
  core->start();
  return std::make_unique<FdStream>(core);
}

int descriptor_of(const ByteStream& stream) {
  const auto* over = dynamic_cast<const FdStream*>(&stream);
  return over == nullptr ? -1 : over->descriptor();
}

Result<RealLoop*> real_loop_of(Loop& loop) {
  auto* real = dynamic_cast<RealLoop*>(&loop);
  if (real == nullptr) return fail(Code::unimplemented, "streams of bytes are of the real world only");
  return real;
}

Result<std::unique_ptr<ByteStream>> connect_tcp(Loop& loop, const std::string& address, int port, Duration timeout,
                                                ByteEvents events) {
  TRY_ASSIGN(RealLoop * real, real_loop_of(loop));
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<std::uint16_t>(port));
  if (port <= 0 || port > 65535 || ::inet_pton(AF_INET, address.c_str(), &peer.sin_addr) != 1)
    return fail(Code::invalid_argument, address + ":" + std::to_string(port) + " is no address to connect to");
  StreamEnds ends;
  ends.whom = address + ":" + std::to_string(port);
  ends.fd = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!ends.fd) return fail(from_errno(errno, "cannot open a socket"));
  // Also when it is refused at once: the answer comes as an event.
  const int begun = ::connect(ends.fd.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
  if (begun != 0 && errno != EINPROGRESS && errno != ECONNREFUSED)
    return fail(from_errno(errno, "cannot connect to " + ends.whom));
  if (begun != 0 && errno == ECONNREFUSED)
    return fail(Code::unavailable, "cannot connect to " + ends.whom + ": Connection refused");
  ends.is_connecting = true;
  ends.timeout = timeout;
  return make_stream(*real, std::move(ends), std::move(events));
}

Result<std::unique_ptr<ByteStream>> connect_local(Loop& loop, const std::string& directory, const std::string& name,
                                                  ByteEvents events) {
  TRY_ASSIGN(RealLoop * real, real_loop_of(loop));
  // A socket's path holds 107 characters: through the directory's descriptor it is short.
  const Descriptor place(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place) return fail(from_errno(errno, "cannot open " + directory));
  sockaddr_un peer{};
  peer.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(place.get()) + "/" + name;
  if (path.size() >= sizeof peer.sun_path) return fail(Code::invalid_argument, name + " is too long for a socket");
  std::memcpy(peer.sun_path, path.c_str(), path.size() + 1);
  StreamEnds ends;
  ends.whom = directory + "/" + name;
  ends.fd = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!ends.fd) return fail(from_errno(errno, "cannot open a socket"));
  if (::connect(ends.fd.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0) {
    if (errno == ECONNREFUSED || errno == ENOENT) return fail(Code::not_found, "nobody listens at " + ends.whom);
    return fail(from_errno(errno, "cannot connect to " + ends.whom));
  }
  return make_stream(*real, std::move(ends), std::move(events));
}

}  // namespace slipway::core
