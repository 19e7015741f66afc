#include "services/proxy/rules_file.hpp"

#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/log.hpp"
#include "core/world/real.hpp"

namespace slipway::services::proxy {
namespace {

constexpr Duration look_period = std::chrono::milliseconds(500);

}  // namespace

void RulesFile::start() {
  if (auto watched = watch(); !watched) {
    log::warn("services", "looks for new rules twice a second", {{"why", watched.error().one_line()}});
    look_again();
  }
  read();
}

Result<> RulesFile::watch() {
  const std::string directory = path_.substr(0, path_.rfind('/') + 1);
  inotify_ = core::Descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify_ || ::inotify_add_watch(inotify_.get(), directory.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
    return fail(Code::resource_exhausted, "cannot watch " + directory + ": " + std::strerror(errno));
  return poller_.add(inotify_.get(), EPOLLIN, *this);
}

void RulesFile::look_again() {
  poller_.after(look_period, [this] {
    read();
    look_again();
  });
}

void RulesFile::on_ready(std::uint32_t) {
  std::array<char, 4096> ignored{};
  while (::read(inotify_.get(), ignored.data(), ignored.size()) > 0) continue;
  read();
}

void RulesFile::read() {
  auto text = core::real_files().read(path_);
  if (!text && text.error().code != Code::not_found) return poller_.after(look_period, [this] { read(); });
  if (!text || *text == last_) return;
  last_ = *text;
  auto rules = parse_rules(last_, path_);
  if (!rules) return log::error("services", "the rules are unusable", {{"why", rules.error().one_line()}});
  on_rules_(std::move(*rules));
}

}  // namespace slipway::services::proxy
