#include "core/log.hpp"

#include <doctest/doctest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <thread>
#include <vector>

using namespace slipway;

namespace {

// Takes stderr while it lives.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(::dup(2)), file_(::memfd_create("stderr", 0)) { ::dup2(file_, 2); }
  ~CapturedStderr() {
    ::dup2(saved_, 2);
    ::close(saved_);
    ::close(file_);
    log::set_time_source(nullptr);
    log::set_level(log::Level::info);
  }
  std::string text() const {
    std::string out(1 << 20, '\0');
    const ssize_t size = ::pread(file_, out.data(), out.size(), 0);
    out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return out;
  }

 private:
  int saved_;
  int file_;
};

std::string noon() { return "2026-11-23T12:00:00.000000Z"; }

}  // namespace

TEST_CASE("a record is one line of key=value, quoted where it must be") {
  CapturedStderr captured;
  log::set_time_source(noon);
  log::info("pods", "container started", {{"pod", "dev/x"}, {"pid", 12}, {"command", "a \"b\"\n\\"}, {"empty", ""}});
  log::debug("pods", "not shown");
  log::set_level(log::Level::debug);
  log::debug("pods", "shown");
  CHECK(captured.text() ==
        "time=2026-11-23T12:00:00.000000Z level=info room=pods event=\"container started\" pod=dev/x pid=12 "
        "command=\"a \\\"b\\\"\\n\\\\\" empty=\"\"\n"
        "time=2026-11-23T12:00:00.000000Z level=debug room=pods event=shown\n");
}

TEST_CASE("without a source the time is the machine's") {
  CapturedStderr captured;
  log::warn("core", "x");
  CHECK(captured.text().starts_with("time=20"));
  CHECK(captured.text().find("Z level=warn room=core event=x\n") != std::string::npos);
}

TEST_CASE("threads do not mix their lines, and errors are counted") {
  CapturedStderr captured;
  const std::size_t before = log::error_count();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 50; ++i) log::error("core", std::string(200, 'e'));
    });
  }
  threads.clear();
  CHECK(log::error_count() == before + 200);
  const std::string text = captured.text();
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1, ++lines) {
    CHECK(text.substr(at, 5) == "time=");
  }
  CHECK(lines == 200);
}
