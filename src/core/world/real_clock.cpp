// This machine's clocks, randomness and sleep.

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "core/world/real.hpp"

namespace slipway::core {
namespace {

class RealClock final : public Clock {
 public:
  Time now() const override { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }
  Instant monotonic() const override {
    return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
  }
};

class RealRandom final : public Random {
 public:
  std::uint64_t next() override {
    // One system call fills a thread's buffer for 64 draws.
    struct Buffer {
      std::array<std::uint64_t, 64> words{};
      std::size_t left = 0;
    };
    thread_local Buffer buffer;
    if (buffer.left == 0) {
      fill(buffer.words);
      buffer.left = buffer.words.size();
    }
    std::uint64_t& word = buffer.words[--buffer.left];
    const std::uint64_t drawn = word;
    word = 0;
    return drawn;
  }

 private:
  static void fill(std::array<std::uint64_t, 64>& words) {
    auto* bytes = reinterpret_cast<unsigned char*>(words.data());
    std::size_t done = 0;
    while (done < sizeof words) {
      const ssize_t got = ::getrandom(bytes + done, sizeof words - done, 0);
      if (got > 0) {
        done += static_cast<std::size_t>(got);
      } else if (errno != EINTR) {
        std::abort();  // no kernel that runs this program lacks getrandom; guessable tokens would be worse than a stop
      }
    }
  }
};

}  // namespace

Clock& real_clock() {
  static RealClock clock;
  return clock;
}

Random& real_random() {
  static RealRandom random;
  return random;
}

void sleep_for(Duration duration) { std::this_thread::sleep_for(duration); }

}  // namespace slipway::core
