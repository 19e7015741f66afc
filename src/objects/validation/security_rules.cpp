// Security contexts, as far as they bear on processes that run without a container engine too.

#include <algorithm>

#include "core/text.hpp"
#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::int64_t largest_id = 2147483647;

void validate_id(At id) {
  if (id) id.must_be_in_range(0, largest_id);
}

void validate_seccomp(At profile) {
  if (!profile) return;
  const At type = profile["type"];
  const At local = profile["localhostProfile"];
  if (type.text().empty()) {
    type.required("type is required when seccompProfile is set");
  } else {
    type.must_be_one_of({"Localhost", "RuntimeDefault", "Unconfined"});
  }
  if (type.text() != "Localhost") {
    if (!local) return;
    std::string text =
        "{\"Type\":" + shown(doc::Value(type.text())) + ",\"LocalhostProfile\":" + shown(local.value()) + "}";
    return local.invalid_as(std::move(text), "can only be set when seccomp type is Localhost");
  }
  if (!local) return local.required("must be set when seccomp type is Localhost");
  validate_relative_path(local, local.text());
}

void validate_app_armor(At profile) {
  if (!profile) return;
  const At type = profile["type"];
  const At local = profile["localhostProfile"];
  if (type.text() == "Localhost") {
    const std::string_view text = local.text();
    if (core::trimmed(text, " \t\r\n") != text) {
      local.invalid("must not be padded with whitespace");
    } else if (text.empty()) {
      local.required("must be set when AppArmor type is Localhost");
    }
    if (text.size() > 4095) local.too_long(4095);
  } else if (type.text() == "RuntimeDefault" || type.text() == "Unconfined") {
    if (local) local.invalid("can only be set when AppArmor type is Localhost");
  } else if (type.text().empty()) {
    type.required("type is required when appArmorProfile is set");
  } else {
    type.must_be_one_of({"Localhost", "RuntimeDefault", "Unconfined"});
  }
}

bool is_sysctl_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  char last = '.';
  for (const char c : name) {
    const bool is_inside = c == '-' || c == '_';
    const bool is_separator = c == '.' || c == '/';
    const bool is_plain = core::is_digit(c) || (c >= 'a' && c <= 'z');
    if (!is_inside && !is_separator && !is_plain) return false;
    const bool after_plain = last != '.' && last != '/' && last != '-' && last != '_';
    if (is_separator && !after_plain) return false;
    if (is_inside && (last == '.' || last == '/')) return false;
    last = c;
  }
  return last != '.' && last != '/' && last != '-' && last != '_';
}

void validate_sysctls(At spec, At sysctls) {
  Names names;
  for (const At sysctl : sysctls.elements()) {
    const At name = sysctl["name"];
    if (name.text().empty()) {
      name.required();
    } else if (!is_sysctl_name(name.text())) {
      name.invalid(
          "must have at most 253 characters and match regex "
          "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$");
    } else if (!names.add(name.text())) {
      name.duplicate();
    }
    const bool is_of_net = name.text().starts_with("net.") || name.text().starts_with("net/");
    const bool is_of_ipc = name.text().starts_with("kernel.shm") || name.text().starts_with("kernel.msg") ||
                           name.text() == "kernel.sem" || name.text().starts_with("fs.mqueue.");
    if (spec["hostNetwork"].flag() && is_of_net) name.invalid("may not be specified when 'hostNetwork' is true");
    if (spec["hostIPC"].flag() && is_of_ipc) name.invalid("may not be specified when 'hostIPC' is true");
  }
}

}  // namespace

void validate_container_security(At context, bool host_users) {
  if (context.empty()) return;
  validate_id(context["runAsUser"]);
  validate_id(context["runAsGroup"]);
  if (const At mount = context["procMount"]) {
    mount.must_be_one_of({"Default", "Unmasked"});
    if (host_users && mount.text() == "Unmasked") mount.invalid("`hostUsers` must be false to use `Unmasked`");
  }
  validate_seccomp(context["seccompProfile"]);
  if (!context["allowPrivilegeEscalation"].flag(true)) {
    if (context["privileged"].flag()) {
      context.invalid("cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
    }
    for (const At capability : context["capabilities"]["add"].elements()) {
      if (capability.text() != "CAP_SYS_ADMIN") continue;
      context.invalid("cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
    }
  }
  validate_app_armor(context["appArmorProfile"]);
}

void validate_pod_security(At spec) {
  const At context = spec["securityContext"];
  if (!context.empty()) {
    for (const std::string_view id : {"fsGroup", "runAsUser", "runAsGroup"}) validate_id(context[id]);
    for (const At group : context["supplementalGroups"].elements()) validate_id(group);
  }
  if (spec["shareProcessNamespace"].flag() && spec["hostPID"].flag()) {
    context["shareProcessNamespace"].invalid(true, "ShareProcessNamespace and HostPID cannot both be enabled");
  }
  if (context.empty()) return;
  validate_sysctls(spec, context["sysctls"]);
  if (const At policy = context["fsGroupChangePolicy"]) policy.must_be_one_of({"Always", "OnRootMismatch"});
  validate_seccomp(context["seccompProfile"]);
  validate_app_armor(context["appArmorProfile"]);
  if (const At policy = context["supplementalGroupsPolicy"]) policy.must_be_one_of({"Merge", "Strict"});
  if (const At policy = context["seLinuxChangePolicy"]) policy.must_be_one_of({"MountOption", "Recursive"});
}

}  // namespace slipway::objects::validation
