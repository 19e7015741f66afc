// How the reconciler starts a container: what it needs first, and what it is given.

#include "pods/environment.hpp"
#include "pods/pod_step.hpp"
#include "pods/security.hpp"

namespace slipway::pods {

using objects::Object;

namespace {

constexpr const char* home_in_view = "/pod";
constexpr const char* temporary = "/tmp";

bool says_something(const doc::Value& context) { return context.size() > 0; }

// By the spec alone; a user that the node is not needs one, too (security.hpp).
bool asks_for_own_view(const doc::Value& spec, Isolation least) {
  return least != Isolation::process || spec["volumeMounts"].size() > 0 ||
         spec["securityContext"]["readOnlyRootFilesystem"].bool_or(false);
}

void replace(Variables& variables, const std::string& name, const std::string& value) {
  std::erase_if(variables, [&](const auto& variable) { return variable.first == name; });
  variables.emplace_back(name, value);
}

bool is_mounted(const std::vector<Mount>& mounts, std::string_view target) {
  return std::ranges::any_of(mounts, [&](const Mount& mount) { return mount.target == target; });
}

}  // namespace

void PodReconciler::prepare_volumes(Step& step) {
  if (step.pod.spec()["volumes"].size() == 0) return;
  Pod& memory = step.memory;
  auto places = volumes_.prepare(step.pod, runtime_.pod_directory(memory.uid), step.address);
  if (places) {
    memory.places = std::move(*places);
    memory.mount_told.clear();
    const auto renewal = volumes::Volumes::renewal(step.pod);
    memory.reads_sources = renewal.has_value();
    if (renewal) sooner(step.again, *renewal);
    return;
  }
  const Error& error = places.error();
  if (error.code == Code::invalid_argument || error.code == Code::unimplemented) {
    step.refused = error.one_line();
    return;
  }
  step.missing = error.message;
  memory.reads_sources = true;
  if (memory.mount_told != step.missing) node_events_.warn(step.pod, "FailedMount", step.missing);
  memory.mount_told = step.missing;
  sooner(step.again, look_for_sources_again);
}

Result<> PodReconciler::make_directories(const Object& pod) {
  const std::string directory = runtime_.pod_directory(pod.uid());
  const volumes::Owner owner = owner_of_volumes(pod);
  TRY(volumes_.disk().make_directory(directory + "/home", has_several_users(pod) ? 01777 : 0700, owner));
  return volumes_.disk().make_directory(directory + "/tmp", 01777, {});
}

Result<ContainerStart> PodReconciler::start_of(const Object& pod, const doc::Value& spec, bool own_view,
                                               Absent absent) const {
  const std::string directory = runtime_.pod_directory(pod.uid());
  const std::string home = own_view ? home_in_view : directory + "/home";
  Variables base = options_.base_environment;
  replace(base, "HOME", home);
  replace(base, "TMPDIR", own_view ? temporary : directory + "/tmp");
  const bool is_of_host = pod.spec()["hostNetwork"].bool_or(false);
  const auto found = pods_.find(pod.name());
  const std::string address = is_of_host ? "127.0.0.1" : found == pods_.end() ? "" : found->second.address;
  TRY_ASSIGN(ContainerStart start, container_start(pod, spec, address, base, sources_in(store_), absent));
  if (start.directory.empty()) start.directory = home;
  return start;
}

std::string PodReconciler::waits_for(const Step& step, const doc::Value& spec) const {
  if (!step.missing.empty()) return step.missing;
  const bool asks = asks_for_own_view(spec, options_.least_isolation) || says_something(spec["securityContext"]) ||
                    says_something(step.pod.spec()["securityContext"]);
  return asks && !runtime_.abilities() ? "the node finds out what this machine lets containers have" : "";
}

Result<ContainerStart> PodReconciler::confined_start(const Step& step, const doc::Value& spec) {
  const Abilities abilities = runtime_.abilities().value_or(Abilities{});
  Confinement confinement;
  confinement.own_view = asks_for_own_view(spec, options_.least_isolation);
  TRY(apply_security(step.pod, spec, abilities, confinement));
  if (confinement.own_view && !abilities.own_view) {
    return fail(Code::invalid_argument,
                "this machine refuses containers a view of the file system of their own (" + abilities.why_not +
                    "), which volumes, a read-only root, another user or the profile's pods.isolation need");
  }
  TRY_ASSIGN(ContainerStart start, start_of(step.pod, spec, confinement.own_view, Absent::refused));
  if (confinement.own_view) {
    TRY_ASSIGN(confinement.mounts, volumes::mounts_of(spec, step.memory.places, start.environment));
    const std::string directory = runtime_.pod_directory(step.memory.uid);
    if (!is_mounted(confinement.mounts, home_in_view)) {
      confinement.mounts.push_back({directory + "/home", "", home_in_view, false});
    }
    if (!is_mounted(confinement.mounts, temporary)) {
      confinement.mounts.push_back({directory + "/tmp", "", temporary, false});
      for (const std::string& path : options_.kept_paths) {
        if (path.starts_with("/tmp/")) confinement.mounts.push_back({path, "", path, false});
      }
    }
  }
  start.confinement = std::move(confinement);
  return start;
}

void PodReconciler::plan_start(Step& step, const doc::Value& spec, Container& container, ContainerView& view) {
  if (step.refused.empty() && !waits_for(step, spec).empty()) {
    view.waiting_reason = view.role == Role::main && step.pod.spec()["initContainers"].size() > 0 ? "PodInitializing"
                                                                                                  : "ContainerCreating";
    if (step.missing.empty()) sooner(step.again, look_again_soon);
    return;
  }
  auto what = confined_start(step, spec);
  auto probes = parse_probes(spec, step.address);
  std::string problem = step.refused;
  if (problem.empty() && !what) problem = what.error().one_line();
  if (problem.empty() && !probes) problem = probes.error().one_line();
  if (!problem.empty()) {
    view.waiting_reason = "CreateContainerConfigError";
    view.waiting_message = problem;
    if (container.told != problem) node_events_.warn(step.pod, "Failed", "Error: " + problem, field_of(view.name));
    container.told = problem;
    if (!what && what.error().code == Code::not_found) {
      step.memory.reads_sources = true;
      sooner(step.again, look_for_sources_again);
    }
    return;
  }
  step.starts.push_back({{step.memory.uid, view.name, view.attempt}, std::move(*what)});
}

}  // namespace slipway::pods
