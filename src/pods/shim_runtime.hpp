#pragma once
// ShimRuntime: containers as processes of this machine, each under a shim that survives the control plane. Its truth
// is the directory of each attempt (docs/internals/pods.md); this class only remembers what it read there.

#include <map>
#include <memory>

#include "core/world/notices.hpp"
#include "pods/runtime.hpp"

namespace slipway::pods {

struct ShimOptions {
  std::string directory;                  // DIR/pods; made when absent
  std::vector<std::string> shim_command;  // {"/usr/bin/slipway", "shim"}; "--dir PATH" is added
  std::string boot_id;                    // empty: this machine's; records of another boot are of dead processes
  core::Notices* notices = nullptr;       // outlives the runtime; null: shims are looked at again and again
  std::optional<std::int64_t> user = {};  // whom the shims run as; default: this process's
  // Makes the directory of an attempt; it need not wait for the disk, since the shim does. Empty: world.files makes it.
  std::function<Result<>(const std::string&)> make_directory = {};
};

// For ShimOptions::make_directory, on this machine.
Result<> make_directory_at_once(const std::string& path);

class ShimRuntime final : public Runtime {
 public:
  // `world` outlives it. The destructor leaves every program running.
  ShimRuntime(core::World& world, ShimOptions options);
  ~ShimRuntime() override;

  Result<std::vector<ContainerId>> recover() override;
  void on_change(std::function<void(const ContainerId&)> callback) override;
  const std::optional<Abilities>& abilities() const override { return abilities_; }
  std::string pod_directory(const std::string& pod_uid) const override;
  Command beside(const ContainerId& id, Command command) const override;
  Command health_check(const std::string& host, int port, const std::string& service) const override;
  Result<> start(const ContainerId& id, const ContainerStart& start) override;
  ContainerRecord inspect(const ContainerId& id) const override;
  Result<> signal(const ContainerId& id, int signal_number) override;
  Result<> remove(const ContainerId& id) override;
  Result<> remove_pod(const std::string& pod_uid) override;
  Result<std::string> read_log(const ContainerId& id) const override;
  std::string log_path(const ContainerId& id) const override;
  std::string attach_directory(const ContainerId& id) const override;

 private:
  struct Entry {
    ContainerRecord record;
    core::ProcessIdentity shim;
    bool is_our_child = false;       // its end arrives as a callback
    core::NoticeId records = 0;      // tells of new ones
    core::NoticeId end_of_shim = 0;  // of one that is not our child
    core::TimerId timer = 0;         // for what nobody tells us
    Duration interval{};
  };
  void find_abilities();
  std::string directory_of(const ContainerId& id) const;
  Result<> launch_shim(const ContainerId& id);
  void on_shim_exit(const ContainerId& id, core::Exit exit);
  // Reads the records again; true when the entry changed.
  bool refresh(const ContainerId& id, Entry& entry);
  // Sees to it that we look again when its shim has something to tell: by notices, else by a timer.
  void follow(const ContainerId& id, Entry& entry);
  bool is_told(const ContainerId& id, Entry& entry);
  core::NoticeId watch_records(const ContainerId& id);  // 0: nobody tells us
  void look_again(const ContainerId& id, Entry& entry);
  void unfollow(Entry& entry);
  void look(const ContainerId& id);
  void relaunch_later(const ContainerId& id, Entry& entry);
  Result<> withdraw(const ContainerId& id, Entry& entry);
  void declare_lost(const ContainerId& id, Entry& entry, const std::string& reason, const std::string& message);
  void kill_session(const core::ProcessIdentity& shim);
  void forget(std::map<ContainerId, Entry>::iterator entry);
  void changed(const ContainerId& id);

  core::World& world_;
  ShimOptions options_;
  std::map<ContainerId, Entry> entries_;
  std::optional<Abilities> abilities_;
  std::function<void(const ContainerId&)> callback_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // callbacks hold it weakly
};

}  // namespace slipway::pods
