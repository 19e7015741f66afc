#include "core/world/real_notices.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/world/real.hpp"
#include "core/world/real_spawn.hpp"

namespace slipway::core {
namespace {
constexpr std::uint32_t growth = IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF;
}

RealNotices::~RealNotices() {
  for (auto& [id, ending] : endings_) loop_.forget(ending.watch, ending.pidfd.get());
  if (inotify_) loop_.forget(inotify_watch_, inotify_.get());
}

Result<> RealNotices::open() {
  if (inotify_) return {};
  inotify_ = Descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify_)
    return fail(Code::resource_exhausted, std::string("cannot watch directories: ") + std::strerror(errno));
  inotify_watch_ = loop_.watch(inotify_.get(), EPOLLIN, [this](std::uint32_t) { read_events(); });
  return {};
}

Result<NoticeId> RealNotices::on_new_file(const std::string& directory, std::function<void()> call) {
  return watch(directory, IN_MOVED_TO | IN_ONLYDIR, std::move(call));
}

Result<NoticeId> RealNotices::on_growth(const std::string& file, std::function<void()> call) {
  return watch(file, growth | IN_ONESHOT, std::move(call));
}

Result<NoticeId> RealNotices::watch(const std::string& path, std::uint32_t events, std::function<void()> call) {
  TRY(open());
  const int watch = ::inotify_add_watch(inotify_.get(), path.c_str(), events);
  if (watch < 0) {
    const Code code = errno == ENOENT || errno == ENOTDIR ? Code::not_found : Code::resource_exhausted;
    return fail(code, "cannot watch " + path + ": " + std::strerror(errno));
  }
  const NoticeId id = next_++;
  listeners_[watch].insert(id);
  watch_of_.emplace(id, watch);
  calls_.emplace(id, std::move(call));
  return id;
}

void RealNotices::read_events() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  while (true) {
    const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (got <= 0) return;
    // One call a directory for all that one read brought, however many files came.
    std::map<int, std::uint32_t> news;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      at += sizeof event + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) {  // some were dropped: everybody looks
        for (const auto& [id, watch] : watch_of_) tell(id);
      }
      news[event.wd] |= event.mask;
    }
    for (const auto& [watch, events] : news) read_one(watch, events);
  }
}

void RealNotices::read_one(int watch, std::uint32_t events) {
  const auto found = listeners_.find(watch);
  if (found == listeners_.end()) return;
  if ((events & (IN_MOVED_TO | growth)) != 0) {
    for (const NoticeId id : found->second) tell(id);
  }
  if ((events & IN_IGNORED) == 0) return;
  // It is gone, or was told once: the kernel's number of it means nothing any more.
  for (const NoticeId id : found->second) watch_of_.erase(id);
  listeners_.erase(found);
}

void RealNotices::tell(NoticeId id) {
  loop_.post([this, id] {
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;
    const std::function<void()> call = found->second;  // it may forget itself
    call();
  });
}

Result<NoticeId> RealNotices::on_end(const ProcessIdentity& process, std::function<void()> call) {
  Ending ending{.pidfd = open_pidfd(process.pid)};
  if (!ending.pidfd && errno != ESRCH)
    return fail(Code::unimplemented, std::string("cannot watch a process: ") + std::strerror(errno));
  // Opened first: from here on the pid cannot come to mean another process unnoticed.
  const auto running = identify(process.pid);
  if (!ending.pidfd || !running || *running != process)
    return fail(Code::not_found, "process " + std::to_string(process.pid) + " is gone");
  const NoticeId id = next_++;
  ending.watch = loop_.watch(ending.pidfd.get(), EPOLLIN, [this, id](std::uint32_t) {
    stop_watching(id);
    tell(id);
  });
  endings_.emplace(id, std::move(ending));
  calls_.emplace(id, std::move(call));
  return id;
}

void RealNotices::stop_watching(NoticeId id) {
  if (auto ending = endings_.extract(id)) loop_.forget(ending.mapped().watch, ending.mapped().pidfd.get());
}

void RealNotices::forget(NoticeId id) {
  calls_.erase(id);
  stop_watching(id);
  const auto found = watch_of_.find(id);
  if (found == watch_of_.end()) return;
  const int watch = found->second;
  watch_of_.erase(found);
  auto& listeners = listeners_[watch];
  listeners.erase(id);
  if (!listeners.empty()) return;
  listeners_.erase(watch);
  ::inotify_rm_watch(inotify_.get(), watch);
}

}  // namespace slipway::core
