// How the reconciler starts a container: what it needs first, and what it is given.

#include <array>

#include "core/log.hpp"
#include "pods/environment.hpp"
#include "pods/last_words.hpp"
#include "pods/pod_step.hpp"
#include "pods/security.hpp"

namespace slipway::pods {

using objects::Object;

namespace {

constexpr const char* home_in_view = "/pod";
constexpr const char* temporary = "/tmp";
constexpr Duration volumes_last = std::chrono::minutes(1);  // until they are looked at again, as a kubelet does

bool says_something(const doc::Value& context) { return context.size() > 0; }

// By the spec alone; a user that the node is not needs one, too (security.hpp).
bool asks_for_own_view(const Object& pod, const doc::Value& spec, Isolation least) {
  return least != Isolation::process || spec["volumeMounts"].size() > 0 || pod.spec()["hostAliases"].size() > 0 ||
         spec["securityContext"]["readOnlyRootFilesystem"].bool_or(false);
}

void replace(Variables& variables, const std::string& name, const std::string& value) {
  std::erase_if(variables, [&](const auto& variable) { return variable.first == name; });
  variables.emplace_back(name, value);
}

// What every program expects of a machine, where the root is an image's, but for devices, which the shim shows.
constexpr std::array<std::string_view, 4> of_the_machine{"/proc", "/sys", "/etc/resolv.conf", "/etc/hosts"};

bool is_mounted(const std::vector<Mount>& mounts, std::string_view target) {
  return std::ranges::any_of(mounts, [&](const Mount& mount) { return mount.target == target; });
}

// The proxy of Services listens for them (services/); on a cluster there is none of ours.
Result<> check_host_ports(const Object& pod, const doc::Value& spec, bool are_served) {
  if (are_served || pod.spec()["hostNetwork"].bool_or(false)) return {};
  const doc::Value& ports = spec["ports"];
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i]["hostPort"].int_or(0) == 0) continue;
    return fail(Code::invalid_argument, "hostPort " + ports[i]["hostPort"].string_or("") +
                                            " is not served: use hostNetwork, a Service or kubectl port-forward");
  }
  return {};
}

Result<> check_hooks(const doc::Value& spec, const std::string& address) {
  for (const char* name : {"postStart", "preStop"}) TRY(parse_hook(spec, name, address));
  return {};
}

// What volumes can show of their Pod.
doc::Value shown_of(const Object& pod) {
  const doc::Value& metadata = pod.document()["metadata"];
  return doc::Array{metadata["generation"], metadata["labels"], metadata["annotations"]};
}

}  // namespace

void PodReconciler::prepare_volumes(Step& step) {
  if (const auto system = step.pod.spec()["os"]["name"].string_or("linux"); system != "linux") {
    step.refused = "the Pod is for " + system + ", and this machine runs linux";
    return;
  }
  if (step.pod.spec()["volumes"].size() == 0) return;
  Pod& memory = step.memory;
  const Instant now = world_.clock.monotonic();
  doc::Value shown = shown_of(step.pod);
  if (memory.prepare_at && now < *memory.prepare_at && memory.shown == shown) {
    if (memory.reads_sources) sooner(step.again, *memory.prepare_at - now);
    return;
  }
  memory.prepare_at.reset();
  auto places = volumes_.prepare(step.pod, runtime_.pod_directory(memory.uid), step.address);
  if (places) {
    memory.places = std::move(*places);
    memory.prepare_at = now + volumes_last;
    memory.shown = std::move(shown);
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

std::string PodReconciler::hosts_file(const Pod& memory) const { return runtime_.pod_directory(memory.uid) + "/hosts"; }

// Of a Pod that an earlier control plane started.
void PodReconciler::find_hosts(Step& step) {
  if (std::exchange(step.memory.has_hosts, true)) return;
  const std::string file = hosts_file(step.memory);
  if (!world_.files.exists(file)) return;
  if (auto kept = hosts_.keep(step.pod, step.address, file); !kept)
    log::warn("pods", "a Pod's hosts are not kept",
              {{"pod", step.pod.name().text()}, {"why", kept.error().one_line()}});
}

Result<> PodReconciler::make_directories(const Object& pod) {
  const std::string directory = runtime_.pod_directory(pod.uid());
  const volumes::Owner owner = owner_of_volumes(pod);
  TRY(volumes_.disk().make_directory_of_pod(directory + "/home", has_several_users(pod) ? 01777 : 0700, owner));
  return volumes_.disk().make_directory_of_pod(directory + "/tmp", 01777, {});
}

Result<ContainerStart> PodReconciler::start_of(const Object& pod, const doc::Value& spec, bool own_view,
                                               Absent absent) const {
  const std::string directory = runtime_.pod_directory(pod.uid());
  const std::string home = own_view ? home_in_view : directory + "/home";
  const std::optional<ImageRuntime> image = image_of(spec);
  Variables base = hosts_.variables(pod);
  for (const auto& [name, value] : options_.base_environment) replace(base, name, value);
  if (const auto name = host_name_of(pod); !name.empty()) replace(base, "HOSTNAME", name);
  replace(base, "HOME", home);
  for (const auto& [name, value] : image ? image->environment : Variables()) replace(base, name, value);
  replace(base, "TMPDIR", own_view ? temporary : directory + "/tmp");
  const bool is_of_host = pod.spec()["hostNetwork"].bool_or(false);
  const auto found = pods_.find(pod.name());
  const std::string address = is_of_host ? "127.0.0.1" : found == pods_.end() ? "" : found->second.address;
  TRY_ASSIGN(ContainerStart start, container_start(pod, with_image(spec, image ? &*image : nullptr), address, base,
                                                   sources_in(store_), absent));
  if (start.directory.empty() && image && !image->id.empty())
    start.directory = image->directory.empty() ? "/" : image->directory;
  if (start.directory.empty()) start.directory = home;
  return start;
}

std::string PodReconciler::waits_for(const Step& step, const doc::Value& spec) const {
  if (!step.missing.empty()) return step.missing;
  const ImageRuntime* image = find_image(options_.images, spec["image"].string_or(""));
  const bool has_root = image != nullptr && (!image->root.empty() || !image->archive.empty());
  const bool asks = has_root || asks_for_own_view(step.pod, spec, options_.least_isolation) ||
                    says_something(spec["securityContext"]) || says_something(step.pod.spec()["securityContext"]);
  return asks && !runtime_.abilities() ? "the node finds out what this machine lets containers have" : "";
}

Result<ContainerStart> PodReconciler::confined_start(const Step& step, const ContainerId& id, const doc::Value& spec) {
  TRY(check_host_ports(step.pod, spec, options_.scheduler.empty()));
  const Abilities abilities = runtime_.abilities().value_or(Abilities{});
  Confinement confinement;
  confinement.own_view = asks_for_own_view(step.pod, spec, options_.least_isolation);
  const std::optional<ImageRuntime> image = image_of(spec);
  if (image && !image->root.empty()) {
    confinement.root = image->root;
    confinement.own_view = true;
    confinement.keeps_root = !image->id.empty();
  }
  if (options_.least_isolation == Isolation::container && confinement.root.empty()) {
    return fail(Code::invalid_argument, "image \"" + spec["image"].string_or("") +
                                            "\" has no root file system here, and the profile's pods.isolation is "
                                            "container: give it one in pods.images");
  }
  TRY(apply_security(step.pod, spec, abilities, image ? image->user : std::nullopt, confinement));
  if (confinement.own_view && !abilities.own_view) {
    return fail(Code::invalid_argument,
                "this machine refuses containers a view of the file system of their own (" + abilities.why_not +
                    "), which volumes, a read-only root, another user or the profile's pods.isolation need");
  }
  TRY_ASSIGN(ContainerStart start, start_of(step.pod, spec, confinement.own_view, Absent::refused));
  TRY_ASSIGN(const DeviceIds given, devices_.take(id.pod_uid, id.container, runtime_.pod_directory(id.pod_uid),
                                                  devices_wanted(spec, devices_.all())));
  for (auto& [name, value] : device_variables(given)) replace(start.environment, name, value);
  Limits limits = limits_of(spec);
  if (options_.cgroups != nullptr && options_.cgroups->limits_processes()) limits.processes = options_.most_processes;
  if (options_.cgroups != nullptr && !limits.empty()) {
    TRY_ASSIGN(confinement.groups_of_control, options_.cgroups->make(id, limits));
  }
  if (confinement.own_view) {
    TRY_ASSIGN(confinement.mounts, volumes::mounts_of(spec, step.memory.places, start.environment));
    const std::string directory = runtime_.pod_directory(step.memory.uid);
    confinement.host_name = host_name_of(step.pod);
    if (!is_mounted(confinement.mounts, "/etc/hosts")) {
      TRY(hosts_.keep(step.pod, step.address, hosts_file(step.memory)));
      confinement.mounts.push_back({hosts_file(step.memory), "", "/etc/hosts", false});
    }
    if (!confinement.root.empty()) {
      for (const std::string_view path : of_the_machine) {
        if (!is_mounted(confinement.mounts, path) &&
            volumes_.disk().kind_of(std::string(path)) != volumes::FileKind::absent)
          confinement.mounts.push_back({std::string(path), "", std::string(path), false});
      }
    }
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
  if (confinement.own_view) {
    const std::string said_at = last_words_path(spec);
    const std::string kept_at = runtime_.pod_directory(step.memory.uid) + "/" + last_words_file(id);
    TRY(volumes_.disk().make_directory_of_pod(runtime_.pod_directory(step.memory.uid), 0700, {}));
    TRY(volumes_.disk().make_file_of_pod(kept_at, 0666));
    if (!is_mounted(confinement.mounts, said_at)) confinement.mounts.push_back({kept_at, "", said_at, false});
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
  if (step.refused.empty() && !has_image(step, spec, container, view)) return;
  const ContainerId id{step.memory.uid, view.name, view.attempt};
  auto what = confined_start(step, id, spec);
  auto probes = parse_probes(spec, step.address);
  Result<> hooks = check_hooks(spec, step.address);
  std::string problem = step.refused;
  if (problem.empty() && !what && what.error().code == Code::resource_exhausted) {
    view.is_held_back = true;
    if (container.told != what.error().message)
      node_events_.warn(step.pod, "InsufficientDevices", what.error().message, field_of(view.name));
    container.told = what.error().message;
    sooner(step.again, look_for_sources_again);
    return;
  }
  if (problem.empty() && !what) problem = what.error().one_line();
  if (problem.empty() && !probes) problem = probes.error().one_line();
  if (problem.empty() && !hooks) problem = hooks.error().one_line();
  if (!problem.empty()) {
    view.waiting_reason = "CreateContainerConfigError";
    view.waiting_message = problem;
    if (container.told != problem) node_events_.warn(step.pod, "Failed", "Error: " + problem, field_of(view.name));
    container.told = problem;
    if (!what && what.error().code == Code::not_found) step.memory.reads_sources = true;
    const bool is_for_good =
        what || what.error().code == Code::invalid_argument || what.error().code == Code::unimplemented;
    if (!is_for_good) sooner(step.again, look_for_sources_again);
    return;
  }
  step.starts.push_back({id, std::move(*what)});
}

}  // namespace slipway::pods
