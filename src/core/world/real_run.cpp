#include "core/world/real_run.hpp"

#include <fcntl.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>

#include "core/world/real_spawn.hpp"

namespace slipway::core {
namespace {

constexpr std::size_t error_tail = 64 * 1024;
// How long a command's own children may keep its output open after it ended.
constexpr Duration output_grace = std::chrono::milliseconds(200);

struct PipeEnds {
  Descriptor read;
  Descriptor write;
};

Result<PipeEnds> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(from_errno(errno, "cannot make a pipe"));
  return PipeEnds{Descriptor(ends[0]), Descriptor(ends[1])};
}

void make_nonblocking(const Descriptor& fd) { ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

}  // namespace

CommandRun::CommandRun(RealLoop& loop, RunRequest request, Done done)
    : loop_(loop), request_(std::move(request)), done_(std::move(done)) {}

CommandRun::~CommandRun() {
  kill_and_reap();
  if (deadline_ != 0) loop_.cancel(deadline_);
  if (grace_ != 0) loop_.cancel(grace_);
  close(in_);
  close(out_);
  close(err_);
}

void CommandRun::start() {
  if (auto launched = launch_with_pipes(); !launched) return finish(fail(std::move(launched).error()));
  watch_ = std::make_unique<ExitWatch>(loop_, pid_, [this] { ended(); });
  deadline_ = loop_.after(request_.timeout, [this] {
    deadline_ = 0;
    give_up(Error(Code::deadline_exceeded,
                  "\"" + request_.argv.front() + "\" did not finish within " + render_for_people(request_.timeout)));
  });
  if (request_.input.empty()) return close(in_);
  in_.watch = loop_.watch(in_.fd.get(), EPOLLOUT, [this](std::uint32_t) { write_input(); });
}

Result<> CommandRun::launch_with_pipes() {
  TRY_ASSIGN(PipeEnds in, make_pipe());
  TRY_ASSIGN(PipeEnds out, make_pipe());
  TRY_ASSIGN(PipeEnds err, make_pipe());
  Launch child;
  child.argv = request_.argv;
  child.environment = request_.environment;
  child.directory = request_.directory;
  child.stdin_fd = in.read.get();
  child.stdout_fd = out.write.get();
  child.stderr_fd = err.write.get();
  TRY_ASSIGN(pid_, launch(child));

  make_nonblocking(in.write);
  make_nonblocking(out.read);
  make_nonblocking(err.read);
  in_.fd = std::move(in.write);
  out_.fd = std::move(out.read);
  err_.fd = std::move(err.read);
  out_.watch = loop_.watch(out_.fd.get(), EPOLLIN, [this](std::uint32_t) { read_output(out_, false); });
  err_.watch = loop_.watch(err_.fd.get(), EPOLLIN, [this](std::uint32_t) { read_output(err_, true); });
  return {};
}

void CommandRun::write_input() {
  const std::string_view left = std::string_view(request_.input).substr(written_);
  const ssize_t written = ::write(in_.fd.get(), left.data(), left.size());
  if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (written > 0) written_ += static_cast<std::size_t>(written);
  // EPIPE: a command need not read all of its input.
  if (written < 0 || written_ == request_.input.size()) close(in_);
}

void CommandRun::read_output(Pipe& pipe, bool is_error) {
  std::array<char, 65536> buffer;
  const ssize_t got = ::read(pipe.fd.get(), buffer.data(), buffer.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    close(pipe);
    return finish_if_complete();
  }
  std::string& text = is_error ? output_.err : output_.out;
  text.append(buffer.data(), static_cast<std::size_t>(got));
  if (is_error && text.size() > error_tail) text.erase(0, text.size() - error_tail);
  if (!is_error && text.size() > request_.max_output) {
    give_up(Error(Code::resource_exhausted, "\"" + request_.argv.front() + "\" wrote more than " +
                                                std::to_string(request_.max_output) + " bytes"));
  }
}

void CommandRun::close(Pipe& pipe) {
  if (pipe.watch != 0) loop_.forget(std::exchange(pipe.watch, 0), pipe.fd.get());
  pipe.fd.close();
}

void CommandRun::ended() {
  exited_ = true;
  watch_.reset();
  grace_ = loop_.after(output_grace, [this] {
    grace_ = 0;
    close(out_);
    close(err_);
    finish_if_complete();
  });
  finish_if_complete();
}

void CommandRun::finish_if_complete() {
  if (!exited_ || out_.fd || err_.fd) return;
  kill_and_reap();  // only what it left behind in its group
  finish(std::move(output_));
}

void CommandRun::give_up(Error why) {
  kill_and_reap();
  finish(fail(std::move(why)));
}

void CommandRun::kill_and_reap() {
  watch_.reset();
  if (pid_ == 0) return;
  // Before it is reaped its pid, and so the number of its group, cannot be anybody else's.
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  output_.exit = WIFSIGNALED(status) ? Exit{128 + WTERMSIG(status), WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
}

void CommandRun::finish(Result<RunOutput> result) {
  if (deadline_ != 0) loop_.cancel(std::exchange(deadline_, 0));
  if (grace_ != 0) loop_.cancel(std::exchange(grace_, 0));
  close(in_);
  close(out_);
  close(err_);
  auto done = std::move(done_);
  done(std::move(result));  // `this` may be gone after it
}

}  // namespace slipway::core
