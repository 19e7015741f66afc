#include "objects/admission/pod_standards.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>

namespace slipway::objects::admission {
namespace {

using Names = std::vector<std::string>;
using Found = std::optional<Violation>;

std::string joined(const Names& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) text.append(text.empty() ? "" : separator).append(part);
  return text;
}

std::string quoted(const Names& names) { return "\"" + joined(names, "\", \"") + "\""; }
std::string quoted(const std::set<std::string>& names) { return quoted(Names(names.begin(), names.end())); }

std::string plural(std::string_view one, std::size_t count) { return std::string(one) + (count == 1 ? "" : "s"); }
std::string named(std::string_view what, const Names& names) {
  return plural(what, names.size()) + " " + quoted(names);
}
std::string uses(const Names& names) { return names.size() == 1 ? " uses " : " use "; }

// The same of a Pod and of a template.
class Pod {
 public:
  explicit Pod(const doc::Value& pod) : annotations_(pod["metadata"]["annotations"]), spec(pod["spec"]) {
    for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
      for (std::size_t i = 0; i < spec[list].size(); ++i) containers.push_back(&spec[list][i]);
    }
  }
  const doc::Value& security() const { return spec["securityContext"]; }
  // Each annotation whose key begins so.
  void each_annotation(std::string_view prefix,
                       const std::function<void(const std::string&, const std::string&)>& see) const {
    if (!annotations_.is_object()) return;
    for (const auto& [key, value] : annotations_.as_object()) {
      if (key.starts_with(prefix)) see(key, value.string_or(""));
    }
  }
  Names containers_that(const std::function<bool(const doc::Value&)>& offend) const {
    Names names;
    for (const auto* container : containers) {
      if (offend(*container)) names.push_back((*container)["name"].string_or(""));
    }
    return names;
  }
  // "pod and containers "a", "b"": where a security context says what it may not. `offends` sees the Pod's as well.
  Names setters_that(const std::function<bool(const doc::Value&)>& offends) const {
    Names setters;
    if (offends(security())) setters.emplace_back("pod");
    const auto names = containers_that([&](const doc::Value& c) { return offends(c["securityContext"]); });
    if (!names.empty()) setters.push_back(named("container", names));
    return setters;
  }
  bool is_windows() const { return spec["os"]["name"].string_or("") == "windows"; }

 private:
  const doc::Value& annotations_;

 public:
  const doc::Value& spec;
  std::vector<const doc::Value*> containers;  // of all kinds
};

template <class Visit>
void each(const doc::Value& list, Visit visit) {
  for (std::size_t i = 0; i < list.size(); ++i) visit(list[i]);
}

bool is_confined(const std::string& profile) { return profile == "RuntimeDefault" || profile == "Localhost"; }

Found app_armor(const Pod& pod, int) {
  std::set<std::string> values;
  auto setters = pod.setters_that([&](const doc::Value& security) {
    const auto& profile = security["appArmorProfile"];
    if (!profile.is_object() || is_confined(profile["type"].string_or(""))) return false;
    values.insert(profile["type"].string_or(""));
    return true;
  });
  Names shown(values.begin(), values.end());
  Names annotations;
  pod.each_annotation("container.apparmor.security.beta.kubernetes.io/", [&](const auto& key, const auto& value) {
    if (value.empty() || value == "runtime/default" || value.starts_with("localhost/")) return;
    annotations.push_back(key + "=\"" + value + "\"");
  });
  if (!annotations.empty()) setters.push_back(plural("annotation", annotations.size()));
  std::ranges::sort(annotations);
  shown.insert(shown.end(), annotations.begin(), annotations.end());
  if (setters.empty()) return std::nullopt;
  return Violation{plural("forbidden AppArmor profile", shown.size()),
                   joined(setters, " and ") + " must not set AppArmor profile type to " + quoted(shown)};
}

bool is_usual_capability(const std::string& name) {
  constexpr std::array<std::string_view, 13> usual{"AUDIT_WRITE", "CHOWN",  "DAC_OVERRIDE",     "FOWNER",  "FSETID",
                                                   "KILL",        "MKNOD",  "NET_BIND_SERVICE", "SETFCAP", "SETGID",
                                                   "SETPCAP",     "SETUID", "SYS_CHROOT"};
  return std::ranges::find(usual, name) != usual.end();
}

// The containers that add what `allows` does not; which capabilities these are goes into `forbidden`.
Names containers_that_add(const Pod& pod, const std::function<bool(const std::string&)>& allows,
                          std::set<std::string>& forbidden) {
  return pod.containers_that([&](const doc::Value& container) {
    bool adds = false;
    each(container["securityContext"]["capabilities"]["add"], [&](const doc::Value& added) {
      if (allows(added.string_or(""))) return;
      forbidden.insert(added.string_or(""));
      adds = true;
    });
    return adds;
  });
}

std::string must_not_add(const Names& names, const std::set<std::string>& forbidden) {
  return named("container", names) + " must not include " + quoted(forbidden) + " in securityContext.capabilities.add";
}

Found usual_capabilities(const Pod& pod, int) {
  std::set<std::string> forbidden;
  const auto names = containers_that_add(pod, is_usual_capability, forbidden);
  if (names.empty()) return std::nullopt;
  return Violation{"non-default capabilities", must_not_add(names, forbidden)};
}

Found host_namespaces(const Pod& pod, int) {
  Names shared;
  for (const char* field : {"hostNetwork", "hostPID", "hostIPC"}) {
    if (pod.spec[field].bool_or(false)) shared.push_back(std::string(field) + "=true");
  }
  if (shared.empty()) return std::nullopt;
  return Violation{"host namespaces", joined(shared, ", ")};
}

Found host_path_volumes(const Pod& pod, int) {
  Names names;
  each(pod.spec["volumes"], [&](const doc::Value& volume) {
    if (!volume["hostPath"].is_null()) names.push_back(volume["name"].string_or(""));
  });
  if (names.empty()) return std::nullopt;
  return Violation{"hostPath volumes", named("volume", names)};
}

Found host_ports(const Pod& pod, int) {
  std::set<std::string> ports;
  const auto names = pod.containers_that([&](const doc::Value& container) {
    bool offends = false;
    each(container["ports"], [&](const doc::Value& port) {
      const auto number = port["hostPort"].int_or(0);
      if (number == 0) return;
      ports.insert(std::to_string(number));
      offends = true;
    });
    return offends;
  });
  if (names.empty()) return std::nullopt;
  return Violation{"hostPort", named("container", names) + uses(names) + plural("hostPort", ports.size()) + " " +
                                   joined(Names(ports.begin(), ports.end()), ", ")};
}

Found probe_hosts(const Pod& pod, int) {
  std::set<std::string> hosts;
  auto names = pod.containers_that([&](const doc::Value& container) {
    const auto before = hosts.size();
    bool offends = false;
    const auto look = [&](const doc::Value& action) {
      for (const char* kind : {"httpGet", "tcpSocket"}) {
        const auto host = action[kind]["host"].string_or("");
        if (host.empty()) continue;
        hosts.insert(host);
        offends = true;
      }
    };
    for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) look(container[probe]);
    for (const char* hook : {"postStart", "preStop"}) look(container["lifecycle"][hook]);
    return offends || hosts.size() > before;
  });
  if (names.empty()) return std::nullopt;
  std::ranges::sort(names);
  return Violation{
      "probe or lifecycle host",
      named("container", names) + uses(names) + plural("probe or lifecycle host", hosts.size()) + " " + quoted(hosts)};
}

Found privileged_containers(const Pod& pod, int) {
  const auto names = pod.containers_that(
      [](const doc::Value& container) { return container["securityContext"]["privileged"].bool_or(false); });
  if (names.empty()) return std::nullopt;
  return Violation{"privileged", named("container", names) + " must not set securityContext.privileged=true"};
}

Found proc_mount(const Pod& pod, int) {
  std::set<std::string> types;
  const auto names = pod.containers_that([&](const doc::Value& container) {
    const auto& type = container["securityContext"]["procMount"];
    if (type.is_null() || type.string_or("") == "Default") return false;
    types.insert(type.string_or(""));
    return true;
  });
  if (names.empty()) return std::nullopt;
  return Violation{"procMount",
                   named("container", names) + " must not set securityContext.procMount to " + quoted(types)};
}

Found se_linux(const Pod& pod, int minor) {
  std::set<std::string> types;
  bool sets_user = false;
  bool sets_role = false;
  const auto setters = pod.setters_that([&](const doc::Value& security) {
    const auto& options = security["seLinuxOptions"];
    if (!options.is_object()) return false;
    const auto type = options["type"].string_or("");
    const bool is_allowed = type.empty() || type == "container_t" || type == "container_init_t" ||
                            type == "container_kvm_t" || (type == "container_engine_t" && minor >= 31);
    const bool has_user = !options["user"].string_or("").empty();
    const bool has_role = !options["role"].string_or("").empty();
    if (!is_allowed) types.insert(type);
    sets_user |= has_user;
    sets_role |= has_role;
    return !is_allowed || has_user || has_role;
  });
  if (setters.empty()) return std::nullopt;
  Names what;
  if (!types.empty()) what.push_back(plural("type", types.size()) + " " + quoted(types));
  if (sets_user) what.emplace_back("user may not be set");
  if (sets_role) what.emplace_back("role may not be set");
  return Violation{"seLinuxOptions",
                   joined(setters, " and ") + " set forbidden securityContext.seLinuxOptions: " + joined(what, "; ")};
}

// Who says what may not be said of seccomp; nullopt when nobody does.
Found wrong_seccomp(const Pod& pod, int) {
  std::set<std::string> types;
  const auto setters = pod.setters_that([&](const doc::Value& security) {
    const auto& profile = security["seccompProfile"];
    if (!profile.is_object() || is_confined(profile["type"].string_or(""))) return false;
    types.insert(profile["type"].string_or(""));
    return true;
  });
  if (setters.empty()) return std::nullopt;
  return Violation{"seccompProfile",
                   joined(setters, " and ") + " must not set securityContext.seccompProfile.type to " + quoted(types)};
}

bool is_safe_sysctl(std::string_view name, int minor) {
  struct Since {
    std::string_view name;
    int minor;
  };
  constexpr std::array<Since, 12> safe{{{"kernel.shm_rmid_forced", 0},
                                        {"net.ipv4.ip_local_port_range", 0},
                                        {"net.ipv4.tcp_syncookies", 0},
                                        {"net.ipv4.ping_group_range", 0},
                                        {"net.ipv4.ip_unprivileged_port_start", 0},
                                        {"net.ipv4.ip_local_reserved_ports", 27},
                                        {"net.ipv4.tcp_keepalive_time", 29},
                                        {"net.ipv4.tcp_fin_timeout", 29},
                                        {"net.ipv4.tcp_keepalive_intvl", 29},
                                        {"net.ipv4.tcp_keepalive_probes", 29},
                                        {"net.ipv4.tcp_rmem", 32},
                                        {"net.ipv4.tcp_wmem", 32}}};
  return std::ranges::any_of(safe, [&](const Since& each) { return each.name == name && minor >= each.minor; });
}

Found unsafe_sysctls(const Pod& pod, int minor) {
  Names names;
  each(pod.security()["sysctls"], [&](const doc::Value& sysctl) {
    const auto name = sysctl["name"].string_or("");
    if (!is_safe_sysctl(name, minor)) names.push_back(name);
  });
  if (names.empty()) return std::nullopt;
  return Violation{"forbidden sysctls", joined(names, ", ")};
}

Found host_process(const Pod& pod, int) {
  const auto setters = pod.setters_that(
      [](const doc::Value& security) { return security["windowsOptions"]["hostProcess"].bool_or(false); });
  if (setters.empty()) return std::nullopt;
  return Violation{"hostProcess",
                   joined(setters, " and ") + " must not set securityContext.windowsOptions.hostProcess=true"};
}

// What a Pod of Windows cannot say is not asked of it.
bool is_excused(const Pod& pod, int minor) { return minor >= 25 && pod.is_windows(); }

Found privilege_escalation(const Pod& pod, int minor) {
  if (is_excused(pod, minor)) return std::nullopt;
  const auto names = pod.containers_that([](const doc::Value& container) {
    return container["securityContext"]["allowPrivilegeEscalation"].bool_or(true);
  });
  if (names.empty()) return std::nullopt;
  return Violation{"allowPrivilegeEscalation != false",
                   named("container", names) + " must set securityContext.allowPrivilegeEscalation=false"};
}

Found dropped_capabilities(const Pod& pod, int minor) {
  if (is_excused(pod, minor)) return std::nullopt;
  Names details;
  const auto keeping = pod.containers_that([](const doc::Value& container) {
    bool drops_all = false;
    each(container["securityContext"]["capabilities"]["drop"],
         [&](const doc::Value& dropped) { drops_all |= dropped.string_or("") == "ALL"; });
    return !drops_all;
  });
  if (!keeping.empty())
    details.push_back(named("container", keeping) + R"( must set securityContext.capabilities.drop=["ALL"])");
  std::set<std::string> forbidden;
  const auto adding =
      containers_that_add(pod, [](const std::string& name) { return name == "NET_BIND_SERVICE"; }, forbidden);
  if (!adding.empty()) details.push_back(must_not_add(adding, forbidden));
  if (details.empty()) return std::nullopt;
  return Violation{"unrestricted capabilities", joined(details, "; ")};
}

std::string type_of(const doc::Value& volume) {
  if (volume.is_object()) {
    for (const auto& [key, value] : volume.as_object()) {
      if (key != "name" && !value.is_null()) return key;
    }
  }
  return "unknown";
}

Found restricted_volumes(const Pod& pod, int) {
  constexpr std::array<std::string_view, 9> allowed{"configMap", "csi",   "downwardAPI", "emptyDir",
                                                    "ephemeral", "image", "secret",      "persistentVolumeClaim",
                                                    "projected"};
  Names names;
  std::set<std::string> types;
  each(pod.spec["volumes"], [&](const doc::Value& volume) {
    const auto type = type_of(volume);
    if (std::ranges::find(allowed, type) != allowed.end()) return;
    names.push_back(volume["name"].string_or(""));
    types.insert(type);
  });
  if (names.empty()) return std::nullopt;
  return Violation{"restricted volume types", named("volume", names) + uses(names) +
                                                  plural("restricted volume type", types.size()) + " " + quoted(types)};
}

Found runs_as_root(const Pod& pod, int) {
  constexpr const char* reason = "runAsNonRoot != true";
  const auto setters =
      pod.setters_that([](const doc::Value& security) { return !security["runAsNonRoot"].bool_or(true); });
  if (!setters.empty())
    return Violation{reason, joined(setters, " and ") + " must not set securityContext.runAsNonRoot=false"};
  if (pod.security()["runAsNonRoot"].bool_or(false)) return std::nullopt;
  const auto silent = pod.containers_that(
      [](const doc::Value& container) { return container["securityContext"]["runAsNonRoot"].is_null(); });
  if (silent.empty()) return std::nullopt;
  return Violation{reason, "pod or " + named("container", silent) + " must set securityContext.runAsNonRoot=true"};
}

Found root_user(const Pod& pod, int) {
  const auto setters =
      pod.setters_that([](const doc::Value& security) { return security["runAsUser"].int_or(1) == 0; });
  if (setters.empty()) return std::nullopt;
  return Violation{"runAsUser=0", joined(setters, " and ") + " must not set runAsUser=0"};
}

Found unset_seccomp(const Pod& pod, int minor) {
  if (is_excused(pod, minor)) return std::nullopt;
  if (auto wrong = wrong_seccomp(pod, minor)) return wrong;
  if (pod.security()["seccompProfile"].is_object()) return std::nullopt;
  const auto silent = pod.containers_that(
      [](const doc::Value& container) { return !container["securityContext"]["seccompProfile"].is_object(); });
  if (silent.empty()) return std::nullopt;
  return Violation{"seccompProfile",
                   "pod or " + named("container", silent) +
                       R"( must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")"};
}

struct Check {
  Found (*look)(const Pod&, int minor);
  int since = 0;                  // 1.SINCE
  bool is_of_restricted = false;  // at that level alone
  int stricter_since =
      1'000'000;  // from then on a check of `restricted` says more, and this one is of `baseline` alone
};

// In the order of their names upstream, which is that of messages.
constexpr std::array checks{
    Check{app_armor},
    Check{.look = usual_capabilities, .stricter_since = 22},
    Check{host_namespaces},
    Check{.look = host_path_volumes, .stricter_since = 0},
    Check{host_ports},
    Check{.look = probe_hosts, .since = 34},
    Check{privileged_containers},
    Check{proc_mount},
    Check{se_linux},
    Check{.look = wrong_seccomp, .since = 19, .stricter_since = 19},
    Check{unsafe_sysctls},
    Check{host_process},
    Check{.look = privilege_escalation, .since = 8, .is_of_restricted = true},
    Check{.look = dropped_capabilities, .since = 22, .is_of_restricted = true},
    Check{.look = restricted_volumes, .is_of_restricted = true},
    Check{.look = runs_as_root, .is_of_restricted = true},
    Check{.look = root_user, .since = 23, .is_of_restricted = true},
    Check{.look = unset_seccomp, .since = 19, .is_of_restricted = true},
};

bool is_asked(const Check& check, const SecurityStandard& standard) {
  if (standard.minor < check.since) return false;
  if (standard.level == SecurityLevel::restricted)
    return check.is_of_restricted || standard.minor < check.stricter_since;
  return !check.is_of_restricted;
}

}  // namespace

std::string_view name_of(SecurityLevel level) {
  constexpr std::array<std::string_view, 3> names{"privileged", "baseline", "restricted"};
  return names[static_cast<std::size_t>(level)];
}

std::string SecurityStandard::text() const {
  return std::string(name_of(level)) + ":" + (minor == latest ? "latest" : "v1." + std::to_string(minor));
}

std::vector<Violation> violations_of(const SecurityStandard& standard, const doc::Value& pod) {
  std::vector<Violation> violations;
  if (standard.level == SecurityLevel::privileged) return violations;
  const Pod seen(pod);
  for (const Check& check : checks) {
    if (!is_asked(check, standard)) continue;
    if (auto found = check.look(seen, standard.minor)) violations.push_back(std::move(*found));
  }
  return violations;
}

std::string render(const std::vector<Violation>& violations, bool with_details) {
  Names parts;
  for (const auto& [reason, detail] : violations) parts.push_back(with_details ? reason + " (" + detail + ")" : reason);
  return joined(parts, ", ");
}

}  // namespace slipway::objects::admission
