// What the reconciler remembers of each Pod, and the processes of Pods that are gone.

#include <algorithm>

#include "core/log.hpp"
#include "objects/kinds.hpp"
#include "pods/pod_reconciler.hpp"

namespace slipway::pods {

using objects::Name;
using objects::Object;
namespace kinds = objects::kinds;

namespace {
constexpr Duration sweep_again = std::chrono::milliseconds(100);
}

Result<> PodReconciler::adopt(const std::vector<ContainerId>& known) {
  if (options_.scheduler.empty()) TRY(hosts_.start());
  TRY_ASSIGN(const auto list, store_.list(kinds::pod));
  std::map<std::string, std::vector<ContainerId>> by_uid;
  for (const auto& id : known) {
    by_uid[id.pod_uid].push_back(id);
    int& highest = found_attempts_[{id.pod_uid, id.container}];
    highest = std::max(highest, id.attempt);
  }
  for (const Object& pod : list.items) {
    by_uid.erase(pod.uid());
    remembered(pod);
    scheduler_.note(pod);
    if (!is_finished(pod)) TRY(devices_.restore(pod.uid(), runtime_.pod_directory(pod.uid())));
  }
  orphans_ = std::move(by_uid);
  sweep_orphans();
  const auto is_alive = [this](const std::string& uid) { return names_.contains(uid); };
  volumes_.sweep(is_alive);
  if (options_.cgroups != nullptr) options_.cgroups->sweep(is_alive);
  return {};
}

PodReconciler::Pod& PodReconciler::remembered(const Object& pod) {
  if (const auto found = pods_.find(pod.name()); found != pods_.end()) {
    if (found->second.uid == pod.uid()) return found->second;
    forget(pod.name());
  }
  Pod& memory = pods_[pod.name()];
  memory.uid = pod.uid();
  names_[memory.uid] = pod.name();
  const std::string address = pod.status()["podIP"].string_or("");
  // A copy that was restored beside the original has other addresses.
  if (addresses_.has(address) && !pod.spec()["hostNetwork"].bool_or(false)) {
    memory.address = address;
    addresses_.reserve(address);
  }
  const std::vector<Declared> declared = declared_containers(pod);
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const std::string name = declared[i].name();
    Container& container = memory.containers[name];
    if (declared[i].role == Role::sidecar) container.turn = static_cast<int>(declared.size() - i);
    container.attempt = static_cast<int>(container_status(pod, name)["restartCount"].int_or(0));
    if (const auto found = found_attempts_.find({memory.uid, name}); found != found_attempts_.end()) {
      container.attempt = std::max(container.attempt, found->second);
    }
  }
  return memory;
}

// The object is gone. Its processes went before (the finalizer), unless somebody took the finalizer away.
void PodReconciler::forget(const Name& name) {
  const auto found = pods_.find(name);
  if (found == pods_.end()) return;
  const Pod& memory = found->second;
  if (!memory.address.empty()) addresses_.release(memory.address);
  for (const auto& [container, state] : memory.containers) {
    const ContainerId id{memory.uid, container, state.attempt};
    if (runtime_.inspect(id).state != ContainerRecord::State::absent) orphans_[memory.uid].push_back(id);
  }
  if (auto removed = volumes_.remove(memory.uid); !removed)
    log::warn("pods", "a volume in memory was not removed", {{"error", removed.error().one_line()}});
  devices_.release(memory.uid);
  hosts_.forget(memory.uid);
  names_.erase(memory.uid);
  pods_.erase(found);
  sweep_orphans();
}

void PodReconciler::sweep_orphans() {
  for (auto it = orphans_.begin(); it != orphans_.end();) {
    for (const auto& id : it->second) {
      if (runtime_.inspect(id).is_up()) [[maybe_unused]]
        auto killed = runtime_.signal(id, SIGKILL);
    }
    it = runtime_.remove_pod(it->first) ? orphans_.erase(it) : std::next(it);
  }
  if (orphans_.empty() || sweep_ != 0) return;
  sweep_ = world_.loop.after(sweep_again, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    sweep_ = 0;
    sweep_orphans();
  });
}

std::vector<Name> PodReconciler::source_changed_in(const std::string& ns) {
  std::vector<Name> readers;
  for (auto at = pods_.lower_bound({ns, ""}); at != pods_.end() && at->first.ns == ns; ++at) {
    if (!at->second.reads_sources) continue;
    at->second.prepare_at.reset();
    readers.push_back(at->first);
  }
  return readers;
}

void PodReconciler::on_change(const ContainerId& id) {
  if (const auto found = names_.find(id.pod_uid); found != names_.end()) look_at_(found->second);
}

std::optional<ContainerId> PodReconciler::current(const Object& pod, const std::string& container) const {
  const auto found = pods_.find(pod.name());
  if (found == pods_.end() || found->second.uid != pod.uid()) return std::nullopt;
  const auto known = found->second.containers.find(container);
  if (known == found->second.containers.end()) return std::nullopt;
  return ContainerId{found->second.uid, container, known->second.attempt};
}

std::move_only_function<std::unique_ptr<Hook>(Duration)> PodReconciler::pre_stop_of(const Name& name,
                                                                                    const ContainerId& id) {
  auto found = store_.find(kinds::pod, name);
  if (!found || !*found) return nullptr;
  for (const Declared& declared : declared_containers(**found)) {
    if (declared.name() != id.container) continue;
    auto action = parse_hook(declared.spec, "preStop", std::as_const(**found).status()["podIP"].string_or(""));
    if (!action || !*action) return nullptr;
    ContainerView view;
    view.name = id.container;
    view.attempt = id.attempt;
    view.current = runtime_.inspect(id);
    return [this, action = std::move(**action), where = surroundings_of(**found, declared.spec, view)](Duration time) {
      return std::make_unique<Hook>(world_, action, where, time, [] {});
    };
  }
  return nullptr;
}

std::vector<Up> PodReconciler::stop() {
  stopping_ = true;
  std::vector<Up> up;
  for (auto& [name, pod] : pods_) {
    for (auto& [container, state] : pod.containers) {
      state.prober.reset();
      const ContainerId id{pod.uid, container, state.attempt};
      if (!runtime_.inspect(id).is_up()) continue;
      up.push_back({.id = id, .grace = pod.grace, .turn = state.turn});
      if (!state.end_by) up.back().pre_stop = pre_stop_of(name, id);  // else it is under way, or was
    }
  }
  return up;
}

}  // namespace slipway::pods
