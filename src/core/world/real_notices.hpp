#pragma once
// RealNotices: inotify for directories, pidfds for processes. Inside the real world only.

#include <map>
#include <set>

#include "core/world/notices.hpp"
#include "core/world/real_loop.hpp"

namespace slipway::core {

class RealNotices final : public Notices {
 public:
  explicit RealNotices(RealLoop& loop) : loop_(loop) {}
  ~RealNotices() override;

  Result<NoticeId> on_new_file(const std::string& directory, std::function<void()> call) override;
  Result<NoticeId> on_growth(const std::string& file, std::function<void()> call) override;
  Result<NoticeId> on_end(const ProcessIdentity& process, std::function<void()> call) override;
  void forget(NoticeId id) override;

 private:
  struct Ending {
    Descriptor pidfd;
    RealLoop::WatchId watch = 0;
  };
  Result<> open();
  Result<NoticeId> watch(const std::string& path, std::uint32_t events, std::function<void()> call);
  void read_events();
  void stop_watching(NoticeId id);  // of a process
  void read_one(int watch, std::uint32_t events);
  void tell(NoticeId id);  // in a task of its own, unless it is forgotten until then

  RealLoop& loop_;
  Descriptor inotify_;  // opened when first needed
  RealLoop::WatchId inotify_watch_ = 0;
  NoticeId next_ = 1;
  std::map<NoticeId, std::function<void()>> calls_;
  std::map<int, std::set<NoticeId>> listeners_;  // by inotify's number of the directory or file
  std::map<NoticeId, int> watch_of_;
  std::map<NoticeId, Ending> endings_;
};

}  // namespace slipway::core
