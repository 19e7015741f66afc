#pragma once
// PodReconciler: moves one Pod one step: bind, address, start, probe, restart, end. Inside the room only; the door is
// node.hpp.

#include <map>
#include <memory>
#include <set>

#include "core/world/background.hpp"
#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "pods/addresses.hpp"
#include "pods/ending.hpp"
#include "pods/hook.hpp"
#include "pods/hosts.hpp"
#include "pods/images/image_store.hpp"
#include "pods/node.hpp"
#include "pods/node_file.hpp"
#include "pods/pod_status.hpp"
#include "pods/pod_verdict.hpp"
#include "pods/prober.hpp"
#include "pods/scheduling/scheduler.hpp"
#include "pods/volumes/volumes.hpp"

namespace slipway::pods {

inline constexpr const char* node_finalizer = "slipway.dev/node";

class PodReconciler final : public objects::Reconciler {
 public:
  // `look_at` queues a Pod for reconcile().
  PodReconciler(core::World& world, objects::Store& store, Runtime& runtime, const NodeOptions& options,
                const NodeFile& file, std::function<void(const objects::Name&)> look_at);
  ~PodReconciler() override;

  // Before the first reconcile: what the runtime knows, against the Pods that exist. Records without a Pod are ended
  // and removed.
  Result<> adopt(const std::vector<ContainerId>& known);
  Result<objects::Outcome> reconcile(const objects::Name& name) override;
  // A node changed: Pods that fitted nowhere are looked at again.
  std::vector<objects::Name> unscheduled() const { return scheduler_.waiting(); }
  // A ConfigMap or Secret changed: Pods of its namespace that show such things, or wait for one, are to be looked at.
  std::vector<objects::Name> source_changed_in(const std::string& ns);
  // Something of this container changed.
  void on_change(const ContainerId& id);

  // The attempt of a container that counts now, or nullopt when it is not known.
  std::optional<ContainerId> current(const objects::Object& pod, const std::string& container) const;
  // How a container is started, or a command beside one that runs: environment and directory, not yet its confinement.
  // `own_view`: see Confinement.
  Result<ContainerStart> start_of(const objects::Object& pod, const doc::Value& spec, bool own_view,
                                  Absent absent) const;
  // What runs, and the reconciler does nothing from now on.
  std::vector<Up> stop();

 private:
  struct Container {
    int attempt = 0;
    int turn = 0;                       // see Up
    std::unique_ptr<Prober> prober;     // while it runs
    std::optional<Instant> end_by;      // it was asked to end; killed then
    std::optional<Instant> restart_at;  // it ended; the back-off ends then
    int forgiven = 0;                   // restarts that no longer count for the back-off
    std::string start_problem;
    std::string told;        // the problem that the last Event was about
    std::string complained;  // of the probes, last
    int pulled_for = -1;     // the attempt for which the image was looked at
    bool has_pulled = false;
    int announced = -1;  // the attempt whose start was told last
    int failed = -1;     // and the one of which it was told that it could not be started
    std::unique_ptr<Hook> post_start, pre_stop;
    bool was_asked = false;  // SIGTERM was sent
  };
  struct Pod {
    std::string uid;
    std::string address;  // taken from the block; "" for host network, or none yet
    Duration grace{};
    std::map<std::string, Container> containers;
    bool measuring = false;             // what its volumes take
    bool weighing = false;              // what memory its containers take
    std::optional<Instant> measure_at;  // again
    std::optional<Verdict> evicted;
    volumes::Places places;             // of its volumes, as they were last prepared
    std::optional<Instant> prepare_at;  // them again; nullopt: at the next look
    doc::Value shown;                   // of the Pod itself, in them
    bool reads_sources = false;         // see source_changed_in()
    std::string mount_told;             // what the last FailedMount Event said
    bool has_hosts = false;             // a file of its own, or it was looked for
  };
  struct Start {
    ContainerId id;
    ContainerStart what;
  };
  struct Step;                               // one reconcile on its way
  static void settle(Container& container);  // it does not run: nothing is under way

  Pod& remembered(const objects::Object& pod);
  void forget(const objects::Name& name);
  Result<> bind(objects::Object& pod);
  Result<objects::Outcome> run(objects::Object pod, Pod& memory);
  Result<> start_all(const objects::Object& pod, std::span<const Start> starts);  // once the status is durable
  Result<objects::Outcome> end(objects::Object pod, Pod& memory);
  Result<> let_go(const objects::Object& pod);
  Result<objects::Outcome> end_elsewhere(const objects::Object& pod, const std::string& node);
  Result<std::string> address_of(const objects::Object& pod, Pod& memory);
  ContainerView view_of(const objects::Object& pod, const Declared& declared, const Container& container) const;
  void end_guests_of_finished(const Pod& memory, std::span<const ContainerView> views);
  // Each container in its turn (sequence.hpp).
  void advance_all(Step& step, std::span<const Declared> declared, std::span<ContainerView> views);
  void end_sidecars(Step& step, std::span<const Declared> declared, std::span<const ContainerView> views);
  void tell_stopping(const objects::Object& pod, const std::string& container);
  void advance(Step& step, const doc::Value& spec, Container& container, ContainerView& view);
  void prepare_volumes(Step& step);
  void find_hosts(Step& step);
  std::string hosts_file(const Pod& memory) const;
  Result<> make_directories(const objects::Object& pod);
  // Why it has to wait; "" when it need not.
  std::string waits_for(const Step& step, const doc::Value& spec) const;
  Result<ContainerStart> confined_start(const Step& step, const ContainerId& id, const doc::Value& spec);
  // What stands for the container's image; nullopt: nothing that is here.
  std::optional<ImageRuntime> image_of(const doc::Value& spec) const;
  // Its image's digest, as its status has it; "" for what is none.
  std::string image_id_of(const objects::Object& pod, const doc::Value& spec, const ContainerView& view) const;
  // Whether what it runs is here. If not, `view` says why, and what can be done for it has begun.
  bool has_image(Step& step, const doc::Value& spec, Container& container, ContainerView& view);
  bool pull_image(Step& step, const doc::Value& spec, const ImageRuntime& entry, Container& container,
                  ContainerView& view);
  void refuse_image(const Step& step, const doc::Value& spec, Container& container, ContainerView& view,
                    const std::string& reason, const std::string& message);
  void plan_start(Step& step, const doc::Value& spec, Container& container, ContainerView& view);
  void watch_over(Step& step, const doc::Value& spec, Container& container, ContainerView& view);
  void consider_restart(Step& step, const doc::Value& spec, Container& container, ContainerView& view);
  // What is told of an attempt: once that it runs, or why it could not be started.
  void tell_start(const objects::Object& pod, Container& container, const ContainerView& view);
  Surroundings surroundings_of(const objects::Object& pod, const doc::Value& spec, const ContainerView& view) const;
  // Whether the container has done what it wants done first.
  bool has_settled(Step& step, const doc::Value& spec, Container& container, const ContainerView& view);
  std::string last_words_of(const objects::Object& pod, const doc::Value& spec, const ContainerId& id,
                            const ContainerRecord& record) const;
  std::optional<Verdict> verdict_on(Step& step);
  void measure_volumes(Step& step);
  // Where no cgroup does it.
  void weigh(Step& step, std::span<const Declared> declared, std::span<const ContainerView> views);
  std::string out_of_memory_mark(const ContainerId& id) const;
  Result<objects::Outcome> end_by_verdict(objects::Object& pod, Step& step, const Verdict& verdict,
                                          std::span<const Declared> declared, std::vector<ContainerView>& views,
                                          const doc::Value& before);
  // preStop, then SIGTERM, and SIGKILL when the time is over. Returns when to look again.
  Duration ask_to_end(const objects::Object& pod, const doc::Value& spec, const ContainerView& view,
                      Container& container, Duration grace);
  // `before`: the status as it was read.
  Result<> write_status(objects::Object& pod, const doc::Value& before, const std::vector<ContainerView>& views);
  void sweep_orphans();
  // Of a container that is ended with its node; empty: it has none.
  std::move_only_function<std::unique_ptr<Hook>(Duration)> pre_stop_of(const objects::Name& name,
                                                                       const ContainerId& id);

  core::World& world_;
  objects::Store& store_;
  Runtime& runtime_;
  const NodeOptions& options_;
  objects::EventRecorder node_events_;
  Addresses addresses_;
  volumes::Volumes volumes_;
  Hosts hosts_;
  mutable images::ImageStore images_;
  Devices devices_;
  std::optional<Time> stopped_at_, started_at_;  // ends in between were the node's doing
  std::function<void(const objects::Name&)> look_at_;
  scheduling::Scheduler scheduler_;
  std::map<objects::Name, Pod> pods_;
  std::map<std::string, objects::Name> names_;                         // by uid
  std::map<std::pair<std::string, std::string>, int> found_attempts_;  // by uid and container, when adopted
  std::map<std::string, std::vector<ContainerId>> orphans_;            // by uid
  core::TimerId sweep_ = 0;
  bool stopping_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  core::BackgroundTasks background_;
};

}  // namespace slipway::pods
