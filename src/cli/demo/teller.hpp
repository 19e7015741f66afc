#pragma once
// Teller: what `slipway demo` says while it plays, to people on stdout and, with --record, to programs as JSON lines
// (time, seconds, step, actor, event, object, digest, detail). Thread-safe.

#include <fstream>
#include <mutex>
#include <string>

#include "core/doc.hpp"
#include "core/time.hpp"

namespace slipway::cli::demo {

struct Line {
  std::string actor, event, object, digest, detail;
  double seconds = -1;
};

class Teller {
 public:
  Teller();
  Result<> record_to(const std::string& path);

  // A new step of the story: "2", "git push".
  void begin_step(std::string number, std::string title);
  void tell(const Line& line);                 // something happened now
  void tell(const Line& line, core::Time at);  // ... or then
  void say(const std::string& text);           // a remark, not an event
  std::string step() const;
  double elapsed() const;

 private:
  void write(const Line& line, core::Time at);
  mutable std::mutex mutex_;
  std::ofstream record_;
  std::string step_;
  core::Instant start_;
};

}  // namespace slipway::cli::demo
