// What the reconciler sees and tells of containers between their start and their end.

#include <unistd.h>

#include <algorithm>

#include "core/log.hpp"
#include "pods/connect/process_table.hpp"
#include "pods/last_words.hpp"
#include "pods/pod_step.hpp"

namespace slipway::pods {

using objects::Object;

namespace {

constexpr Duration hook_patience = std::chrono::minutes(10);  // a kubelet waits for ever
constexpr Duration weigh_again = std::chrono::seconds(1);
constexpr Duration measure_again = std::chrono::seconds(10);  // as a kubelet looks at what Pods take

}  // namespace

void PodReconciler::tell_start(const Object& pod, Container& container, const ContainerView& view) {
  const bool has_started = view.current.state == ContainerRecord::State::running || view.current.has_exited();
  const doc::Value& before = container_status(pod, view.name);  // told by an earlier control plane
  const bool is_of_attempt = before["restartCount"].int_or(-1) == view.attempt;
  const bool has_failed = view.current.reason == "StartError";
  // Its record is there a moment before its program is: it may have been told to have started.
  if (has_failed && container.failed < view.attempt) {
    container.failed = container.announced = view.attempt;
    if (is_of_attempt && before["state"]["terminated"].is_object()) return;
    node_events_.warn(pod, "Failed", "Error: failed to start container \"" + view.name + "\": " + view.current.message,
                      field_of(view.name));
  }
  if (!has_started || container.announced >= view.attempt) return;
  container.announced = view.attempt;
  if (!is_of_attempt || !(before["state"]["running"].is_object() || before["state"]["terminated"].is_object())) {
    node_events_.normal(pod, "Created", "Created container: " + view.name, field_of(view.name));
    node_events_.normal(pod, "Started", "Started container " + view.name, field_of(view.name));
  }
}

Surroundings PodReconciler::surroundings_of(const Object& pod, const doc::Value& spec,
                                            const ContainerView& view) const {
  auto what = start_of(pod, spec, view.current.own_view, Absent::left_out);
  const ContainerId id{pod.uid(), view.name, view.attempt};
  Surroundings surroundings;
  if (what) surroundings.environment = std::move(what->environment);
  surroundings.place = [this, id, directory = what ? what->directory : ""](std::vector<std::string> argv) {
    return runtime_.beside(id, {std::move(argv), directory});
  };
  surroundings.health_check = [this](const Grpc& probe) {
    return runtime_.health_check(probe.host, probe.port, probe.service);
  };
  return surroundings;
}

bool PodReconciler::has_settled(Step& step, const doc::Value& spec, Container& container, const ContainerView& view) {
  if (container.prober) return true;
  const doc::Value& before = container_status(step.pod, view.name);
  if (before["restartCount"].int_or(-1) == view.attempt && before["state"]["running"].is_object()) return true;
  if (!container.post_start) {
    auto hook = parse_hook(spec, "postStart", step.address);
    if (!hook || !*hook) return true;
    container.post_start = std::make_unique<Hook>(world_, **hook, surroundings_of(step.pod, spec, view), hook_patience,
                                                  [this, name = step.pod.name()] { look_at_(name); });
  }
  if (!container.post_start->has_ended()) return false;
  const std::string& why = container.post_start->problem();
  if (why.empty()) return true;
  if (!container.end_by) {
    node_events_.warn(step.pod, "FailedPostStartHook", "PostStartHook failed: " + why, field_of(view.name));
    node_events_.normal(step.pod, "Killing", "FailedPostStartHook", field_of(view.name));
  }
  sooner(step.again, ask_to_end(step.pod, spec, view, container, step.memory.grace));
  return false;
}

constexpr std::size_t most_last_words = 4096;  // bytes, as a kubelet reads

std::string PodReconciler::last_words_of(const Object& pod, const doc::Value& spec, const ContainerId& id,
                                         const ContainerRecord& record) const {
  if (!record.reason.empty()) return "";
  const bool may_fall_back = spec["terminationMessagePolicy"].string_or("") == "FallbackToLogsOnError";
  if (!record.own_view && !may_fall_back) return "";
  const std::string path = runtime_.pod_directory(pod.uid()) + "/" + last_words_file(id);
  const std::string written = record.own_view ? volumes_.disk().read_first(path, most_last_words) : "";
  const std::string log = may_fall_back ? runtime_.read_log(id).value_or("") : "";
  return last_words(spec, record.exit.code, written, log);
}

std::optional<Verdict> PodReconciler::verdict_on(Step& step) {
  if (auto verdict = deadline_verdict(step.pod, step.memory.grace, world_.clock.now(), step.again)) return verdict;
  measure_volumes(step);
  return step.memory.evicted;
}

// In the background: a directory may be large.
void PodReconciler::measure_volumes(Step& step) {
  auto limits = volumes_.limits(step.pod, runtime_.pod_directory(step.memory.uid));
  if (limits.empty() || step.memory.evicted) return;
  const Instant now = world_.clock.monotonic();
  sooner(step.again, measure_again);
  if (step.memory.measuring || (step.memory.measure_at && now < *step.memory.measure_at)) return;
  step.memory.measuring = true;
  step.memory.measure_at = now + measure_again;
  background_.run(
      [&disk = volumes_.disk(), limits = std::move(limits)](std::stop_token) -> Result<std::optional<Verdict>> {
        for (const auto& limit : limits) {
          if (disk.usage(limit.path) > limit.bytes) return eviction_verdict(limit.volume, limit.text);
        }
        return std::nullopt;
      },
      [this, name = step.pod.name(), uid = step.memory.uid](Result<std::optional<Verdict>> found) {
        const auto pod = pods_.find(name);
        if (pod == pods_.end() || pod->second.uid != uid) return;
        pod->second.measuring = false;
        if (!found || !*found) return;
        log::warn("pods", "pod evicted", {{"pod", name.text()}, {"why", (*found)->message}});
        pod->second.evicted = std::move(*found);
        look_at_(name);
      });
}

std::string PodReconciler::out_of_memory_mark(const ContainerId& id) const {
  return runtime_.pod_directory(id.pod_uid) + "/out-of-memory-" + id.container + "-" + std::to_string(id.attempt);
}

// The mark first: who comes after a crash knows why the program was killed.
void PodReconciler::weigh(Step& step, std::span<const Declared> declared, std::span<const ContainerView> views) {
  if (options_.cgroups != nullptr) return;
  struct Weighed {
    ContainerId id;
    core::ProcessIdentity process;
    std::int64_t limit = 0;
  };
  std::vector<Weighed> weighed;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const auto limit = limits_of(declared[i].spec).memory;
    if (limit && views[i].current.state == ContainerRecord::State::running)
      weighed.push_back({{step.memory.uid, views[i].name, views[i].attempt}, views[i].current.process, *limit});
  }
  if (weighed.empty()) return;
  sooner(step.again, weigh_again);
  if (std::exchange(step.memory.weighing, true)) return;
  background_.run(
      [&files = world_.files, &clock = world_.clock](std::stop_token) -> Result<connect::ProcessTable> {
        return connect::read_processes(files, clock);
      },
      [this, name = step.pod.name(), weighed = std::move(weighed)](Result<connect::ProcessTable> table) {
        if (const auto pod = pods_.find(name); pod != pods_.end()) pod->second.weighing = false;
        if (!table) return;
        const auto page = static_cast<std::int64_t>(::sysconf(_SC_PAGESIZE));
        for (const auto& [id, process, limit] : weighed) {
          const auto use = connect::tree_use(*table, process);
          if (!use || static_cast<std::int64_t>(use->pages) * page <= limit) continue;
          log::warn("pods", "container takes more memory than it may", {{"container", id.text()}});
          if (!world_.files.write_atomic(out_of_memory_mark(id), "")) continue;
          [[maybe_unused]] auto killed = runtime_.signal(id, SIGKILL);
        }
      });
}

}  // namespace slipway::pods
