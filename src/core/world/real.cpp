// Puts the parts of the real world together.

#include "core/world/real.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <cassert>
#include <csignal>

#include "core/world/real_background.hpp"
#include "core/world/real_loop.hpp"
#include "core/world/real_notices.hpp"
#include "core/world/real_processes.hpp"

namespace slipway::core {
namespace {

// A child's 0, 1 and 2 are put together from descriptors above 2, so those three must not be free for the taking.
void occupy_standard_descriptors() {
  int fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= 2) fd = ::open("/dev/null", O_RDWR);
  if (fd > 2) ::close(fd);
}

// Long lists are made and sent many times a second: what one took stays for the next, where the system would have to
// clear the pages anew each time.
void keep_freed_memory() {
  constexpr int kept = 32 << 20;    // bytes at the end of the heap
  constexpr int largest = 8 << 20;  // of one piece that comes from the heap
  ::mallopt(M_TRIM_THRESHOLD, kept);
  ::mallopt(M_MMAP_THRESHOLD, largest);
}

}  // namespace

struct RealWorld::State {
  RealLoop loop;
  RealProcesses processes{loop};
  RealBackground background{loop};
  RealNotices notices{loop};
  HttpClient* http = nullptr;
};

RealWorld::RealWorld() : state_(std::make_unique<State>()) {
  occupy_standard_descriptors();
  keep_freed_memory();
  // A command that does not read its input must not end this process. Children get the default action back.
  std::signal(SIGPIPE, SIG_IGN);
}

RealWorld::~RealWorld() { state_->loop.clear(); }

void RealWorld::set_http(HttpClient& http) { state_->http = &http; }

World RealWorld::world() {
  assert(state_->http != nullptr);
  State& s = *state_;
  return World{real_clock(), s.loop, real_random(), s.processes, *s.http, real_files(), s.background};
}

Loop& RealWorld::loop() { return state_->loop; }
Notices& RealWorld::notices() { return state_->notices; }
void RealWorld::run() { state_->loop.run(); }
void RealWorld::stop() { state_->loop.stop(); }

}  // namespace slipway::core
