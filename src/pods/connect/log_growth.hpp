#pragma once
// LogGrowth: when to read a log that is followed again. Told where this machine can tell, else now and then. Not of its
// writer's end: Session::container_ended. Inside the room only.

#include <functional>
#include <string>

#include "core/world/notices.hpp"

namespace slipway::pods::connect {

class LogGrowth {
 public:
  // `notices` may be null. `call` comes on the loop, after an expect() and never inside it; not after the destructor.
  LogGrowth(core::World& world, core::Notices* notices, std::string path, std::function<void()> call);
  ~LogGrowth();
  // Of what is written from now on, and of another file under that name: asked for before reading, nothing is missed.
  void expect();

 private:
  void told();
  void tell();
  core::World& world_;
  core::Notices* notices_;
  std::string path_;
  std::function<void()> call_;
  core::NoticeId notice_ = 0;
  core::TimerId timer_ = 0;
  Duration patience_{};  // while there is no such file: it may just be rotated
  Instant told_at_{};
};

}  // namespace slipway::pods::connect
