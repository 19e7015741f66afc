#include "pods/node_object.hpp"

#include "core/ids.hpp"
#include "objects/kinds.hpp"

namespace slipway::pods {
namespace {

std::string first_line(const core::World& world, const std::string& path) {
  const std::string text = world.files.read(path).value_or("");
  return text.substr(0, text.find_first_of("\r\n"));
}

int count_cpus(const core::World& world) {
  const std::string text = world.files.read("/proc/cpuinfo").value_or("");
  int count = 0;
  for (auto at = text.find("processor\t"); at != std::string::npos; at = text.find("processor\t", at + 1)) ++count;
  return std::max(count, 1);
}

// "MemTotal:       8048572 kB"
std::string memory(const core::World& world) {
  const std::string line = first_line(world, "/proc/meminfo");
  const auto begin = line.find_first_of("0123456789");
  if (begin == std::string::npos) return "1Gi";
  return line.substr(begin, line.find(' ', begin) - begin) + "Ki";
}

// Who keeps containers to their limits.
void tell_limits(objects::Object& node, const Cgroups* cgroups, Time now) {
  if (cgroups != nullptr) {
    node.set_condition("slipway.dev/limits", "True", "Cgroups",
                       std::string("memory, cpu") + (cgroups->limits_processes() ? " and processes" : "") +
                           " are limited by cgroups " + cgroups->version(),
                       now);
  } else {
    node.set_condition("slipway.dev/limits", "False", "Polled",
                       "no cgroup can be written: memory is looked at every second, cpu and processes are not limited",
                       now);
  }
}

// An API server taints every new node until a controller has seen it Ready; this one is before it says so. Whoever is
// not for a node among others is kept away.
Result<> settle_taints(objects::Store& store, const objects::Name& name, bool is_among_others) {
  TRY(objects::modify(store, objects::kinds::node, name, [&](objects::Object& node) {
    doc::Array taints;
    const doc::Value before = std::as_const(node).spec()["taints"];
    bool is_marked = !is_among_others;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const auto key = before[i]["key"].string_or("");
      is_marked |= key == node_taint;
      if (key != "node.kubernetes.io/not-ready") taints.push_back(before[i]);
    }
    if (!is_marked) taints.push_back(doc::Object{{"key", node_taint}, {"effect", "NoSchedule"}});
    if (doc::Value(taints) == before) return false;
    if (taints.empty() && before.is_null()) return false;
    node.spec().at_or_insert("taints") = std::move(taints);
    return true;
  }));
  return {};
}

}  // namespace

std::string host_name(const core::World& world) {
  const std::string name = first_line(world, "/proc/sys/kernel/hostname");
  if (name.empty() || name == "(none)") return "localhost";
  return core::is_dns_subdomain(name) ? name : core::to_dns_label(name);
}

Result<> register_node(core::World& world, objects::Store& store, const NodeOptions& options) {
  namespace kinds = objects::kinds;
  const objects::Name name{"", options.name};
  TRY_ASSIGN(const auto found, store.find(kinds::node, name));
  if (!found) {
    objects::Object node = objects::Object::make(kinds::node, name);
    node.set_label("kubernetes.io/hostname", options.name);
    node.set_label("kubernetes.io/os", "linux");
#ifdef __x86_64__
    node.set_label("kubernetes.io/arch", "amd64");
#else
    node.set_label("kubernetes.io/arch", "arm64");
#endif
    TRY(store.create(std::move(node)));
  }
  TRY(objects::modify_status(store, kinds::node, name, [&](objects::Object& node) {
    doc::Object resources{{"cpu", std::to_string(count_cpus(world))},
                          {"memory", memory(world)},
                          {"pods", std::to_string(options.max_pods)}};
    for (const auto& [resource, ids] : options.devices) resources.set(resource, std::to_string(ids.size()));
    // What somebody else says of it stays: devices.
    for (const char* part : {"capacity", "allocatable"}) {
      for (const auto& [resource, amount] : resources) node.status().at_or_insert(part).at_or_insert(resource) = amount;
    }
    node.status().at_or_insert("addresses") = doc::Array{doc::Object{{"type", "InternalIP"}, {"address", "127.0.0.1"}},
                                                         doc::Object{{"type", "Hostname"}, {"address", options.name}}};
    node.status().at_or_insert("nodeInfo") =
        doc::Object{{"bootID", first_line(world, "/proc/sys/kernel/random/boot_id")},
                    {"kernelVersion", first_line(world, "/proc/sys/kernel/osrelease")},
                    {"operatingSystem", "linux"},
                    {"architecture", node.label("kubernetes.io/arch")},
                    {"containerRuntimeVersion", std::string("slipway://") + SLIPWAY_VERSION},
                    {"kubeletVersion", std::string("v") + SLIPWAY_VERSION}};
    tell_limits(node, options.cgroups, world.clock.now());
    node.set_condition("Ready", "True", "KubeletReady", "the node runs Pods as processes", world.clock.now());
    return true;
  }));
  return settle_taints(store, name, !options.scheduler.empty());
}

NodeRegistration::NodeRegistration(core::World& world, objects::Store& store, const NodeOptions& options)
    : world_(world), store_(store), options_(options), controller_(world, store, "node-registration", *this) {
  controller_.reconciles(objects::kinds::node);
}

Result<objects::Outcome> NodeRegistration::reconcile(const objects::Name& name) {
  if (name.name != options_.name) return objects::Outcome{};
  TRY_ASSIGN(const auto node, store_.find(objects::kinds::node, name));
  if (!node) TRY(register_node(world_, store_, options_));
  return objects::Outcome{};
}

}  // namespace slipway::pods
