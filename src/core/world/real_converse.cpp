// Programs that are talked to: pipes or a terminal around posix_spawn.

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/error.hpp"
#include "core/world/real_processes.hpp"
#include "core/world/real_spawn.hpp"
#include "core/world/real_streams.hpp"

namespace slipway::core {
namespace {

struct Ends {
  Descriptor read, write;
};

Result<Ends> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(from_errno(errno, "cannot make a pipe"));
  return Ends{Descriptor(ends[0]), Descriptor(ends[1])};
}

void make_nonblocking(const Descriptor& fd) { ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

void set_size(int master, TerminalSize size) {
  winsize wanted{};
  wanted.ws_row = size.rows;
  wanted.ws_col = size.columns;
  ::ioctl(master, TIOCSWINSZ, &wanted);
}

struct Terminal {
  Descriptor master;
  std::string path;
};

Result<Terminal> open_terminal(TerminalSize size) {
  Terminal terminal;
  terminal.master = Descriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, 64> path{};
  if (!terminal.master || ::grantpt(terminal.master.get()) != 0 || ::unlockpt(terminal.master.get()) != 0 ||
      ::ptsname_r(terminal.master.get(), path.data(), path.size()) != 0) {
    return fail(from_errno(errno, "cannot open a terminal"));
  }
  terminal.path = path.data();
  set_size(terminal.master.get(), size);
  return terminal;
}

class Program final : public Conversation {
 public:
  explicit Program(RealLoop& loop) : loop_(loop) {}
  ~Program() override {
    watch_.reset();
    if (pid_ == 0) return;
    // It is not reaped before, so neither its number nor that of its group can be anybody else's.
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  Result<> start(ConverseRequest request, ConverseEvents events) {
    has_terminal_ = request.terminal;
    on_exit_ = std::move(events.on_exit);
    ByteEvents input;
    input.on_writable = std::move(events.on_input_writable);
    Launch child;
    child.argv = std::move(request.argv);
    child.environment = std::move(request.environment);
    child.directory = std::move(request.directory);
    if (request.terminal) {
      events.out.on_writable = std::move(input.on_writable);
      TRY(start_on_terminal(child, request.size, std::move(events.out)));
    } else {
      TRY(start_on_pipes(child, request.has_input, std::move(input), std::move(events)));
    }
    watch_ = std::make_unique<ExitWatch>(loop_, pid_, [this] { ended(); });
    return {};
  }

  void write_input(std::string_view bytes) override {
    if (auto* stream = input()) stream->write(bytes);
  }
  bool is_input_full() const override {
    const auto* stream = has_terminal_ ? out_.get() : in_.get();
    return stream != nullptr && stream->is_full();
  }
  void end_input() override {
    if (auto* stream = input()) stream->end_writing();
  }
  void resize(TerminalSize size) override {
    if (has_terminal_ && out_ && descriptor_of(*out_) >= 0) set_size(descriptor_of(*out_), size);
  }
  void set_reading(bool out, bool err) override {
    if (out_) out_->set_reading(out);
    if (err_) err_->set_reading(err);
  }

 private:
  ByteStream* input() { return has_terminal_ ? out_.get() : in_.get(); }

  Result<> start_on_terminal(Launch& child, TerminalSize size, ByteEvents events) {
    TRY_ASSIGN(Terminal terminal, open_terminal(size));
    child.terminal = terminal.path;
    TRY_ASSIGN(pid_, launch(child));
    make_nonblocking(terminal.master);
    StreamEnds ends;
    ends.fd = std::move(terminal.master);
    ends.is_terminal = true;
    ends.whom = "the terminal";
    out_ = make_stream(loop_, std::move(ends), std::move(events));
    return {};
  }

  Result<> start_on_pipes(Launch& child, bool has_input, ByteEvents input, ConverseEvents events) {
    Ends in;
    if (has_input) {
      TRY_ASSIGN(in, make_pipe());
    }
    TRY_ASSIGN(Ends out, make_pipe());
    TRY_ASSIGN(Ends err, make_pipe());
    child.stdin_fd = in.read.get();
    child.stdout_fd = out.write.get();
    child.stderr_fd = err.write.get();
    TRY_ASSIGN(pid_, launch(child));
    if (has_input) in_ = one_way(std::move(in.write), false, std::move(input));
    out_ = one_way(std::move(out.read), true, std::move(events.out));
    err_ = one_way(std::move(err.read), true, std::move(events.err));
    return {};
  }

  std::unique_ptr<ByteStream> one_way(Descriptor fd, bool reads, ByteEvents events) {
    make_nonblocking(fd);
    StreamEnds ends;
    ends.fd = std::move(fd);
    ends.reads = reads;
    ends.writes = !reads;
    ends.whom = "the program";
    return make_stream(loop_, std::move(ends), std::move(events));
  }

  void ended() {
    siginfo_t status{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &status, WEXITED | WNOHANG | WNOWAIT) != 0 || status.si_pid != pid_)
      return;
    watch_.reset();
    Exit exit{status.si_status, 0};
    if (status.si_code != CLD_EXITED) exit = {128 + status.si_status, status.si_status};
    if (const auto call = std::exchange(on_exit_, nullptr)) call(exit);
  }

  RealLoop& loop_;
  bool has_terminal_ = false;
  int pid_ = 0;
  std::unique_ptr<ByteStream> in_, out_, err_;
  std::unique_ptr<ExitWatch> watch_;
  std::function<void(Exit)> on_exit_;
};

}  // namespace

Result<std::unique_ptr<Conversation>> converse(Loop& loop, ConverseRequest request, ConverseEvents events) {
  TRY_ASSIGN(RealLoop * real, real_loop_of(loop));
  auto program = std::make_unique<Program>(*real);
  TRY(program->start(std::move(request), std::move(events)));
  return std::unique_ptr<Conversation>(std::move(program));
}

}  // namespace slipway::core
