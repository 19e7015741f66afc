#include "pods/security.hpp"

#include <set>

#include "pods/pod_status.hpp"
#include "pods/shim/identity.hpp"

namespace slipway::pods {
namespace {

// The container's word wins over its Pod's.
const doc::Value& said(const objects::Object& pod, const doc::Value& container, std::string_view field) {
  const doc::Value& own = container["securityContext"][field];
  return own.is_null() ? pod.spec()["securityContext"][field] : own;
}

std::unexpected<Error> refuse(const std::string& why) { return fail(Code::invalid_argument, why); }

std::string names_of(const objects::Object& pod, const doc::Value& container) {
  const auto name = pod.name();
  return "(pod: \"" + name.name + "_" + name.ns + "(" + pod.uid() +
         ")\", container: " + container["name"].string_or("") + ")";
}

std::optional<std::int64_t> number(const doc::Value& value) {
  return value.is_int() ? std::optional(value.as_int()) : std::nullopt;
}

Result<> take_users(const objects::Object& pod, const doc::Value& container, const Abilities& abilities,
                    const std::optional<ImageRuntime::User>& of_image, Confinement& confinement) {
  auto user = number(said(pod, container, "runAsUser"));
  auto group = number(said(pod, container, "runAsGroup"));
  // A node that is not root runs every image as who it is itself.
  if (of_image && abilities.user == 0) {
    if (!user && of_image->is_by_name && said(pod, container, "runAsNonRoot").bool_or(false))
      return refuse(
          "container has runAsNonRoot and image has a user by name, which cannot be verified to be non-root " +
          names_of(pod, container));
    if (!group && !user) group = of_image->group;
    if (!user) user = of_image->user;
  }
  if (said(pod, container, "runAsNonRoot").bool_or(false)) {
    if (user == 0) {
      return refuse("container's runAsUser breaks non-root policy " + names_of(pod, container));
    }
    if (!user && abilities.user == 0)
      return refuse("container has runAsNonRoot and image will run as root " + names_of(pod, container));
  }
  const doc::Value& of_pod = pod.spec()["securityContext"];
  std::vector<std::int64_t> groups;
  for (std::size_t i = 0; i < of_pod["supplementalGroups"].size(); ++i)
    groups.push_back(of_pod["supplementalGroups"][i].int_or(0));
  if (const auto shared = number(of_pod["fsGroup"])) groups.push_back(*shared);
  confinement.all_devices = !confinement.root.empty() && container["securityContext"]["privileged"].bool_or(false);
  const bool changes_user = user && *user != abilities.user;
  if (abilities.user != 0) {
    if (changes_user)
      return refuse("runAsUser " + std::to_string(*user) + ": the node runs as user " + std::to_string(abilities.user) +
                    " and cannot become another");
    if (group) return refuse("runAsGroup " + std::to_string(*group) + ": only a node that is root can change groups");
    if (!groups.empty()) return refuse("fsGroup and supplementalGroups: only a node that is root can change groups");
    return {};
  }
  confinement.groups = std::move(groups);
  if (user) confinement.user = user;
  if (group) confinement.group = group;
  if (!group && changes_user) confinement.group = 0;  // as in an image that does not say
  if (changes_user) confinement.own_view = true;      // its Pod's directory is closed to others on the machine
  return {};
}

Result<std::uint64_t> mask_of(const doc::Value& names) {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name = names[i].string_or("");
    const int number = shim::capability_of(name);
    if (name == "ALL") {
      mask = ~std::uint64_t{0};
    } else if (number < 0) {
      return refuse("unknown capability \"" + name + "\"");
    } else {
      mask |= std::uint64_t{1} << number;
    }
  }
  return mask;
}

Result<> take_capabilities(const doc::Value& context, const Abilities& abilities, Confinement& confinement) {
  const doc::Value& wanted = context["capabilities"];
  TRY_ASSIGN(const std::uint64_t dropped, mask_of(wanted["drop"]));
  TRY_ASSIGN(const std::uint64_t added, mask_of(wanted["add"]));
  if (abilities.user != 0 && added != 0) return refuse("capabilities.add: only a node that is root has any to give");
  if (dropped != 0) confinement.capabilities = ~dropped | added;
  // Who is not root cannot cut what a set-user-id program would get: so there is none.
  if (dropped != 0 && abilities.user != 0) confinement.no_new_privileges = true;
  return {};
}

}  // namespace

Result<> apply_security(const objects::Object& pod, const doc::Value& container, const Abilities& abilities,
                        const std::optional<ImageRuntime::User>& of_image, Confinement& confinement) {
  const doc::Value& context = container["securityContext"];
  TRY(take_users(pod, container, abilities, of_image, confinement));
  TRY(take_capabilities(context, abilities, confinement));
  if (context["privileged"].bool_or(false) && abilities.user != 0)
    return refuse("privileged: only a node that is root can run privileged containers");
  const doc::Value& escalation = context["allowPrivilegeEscalation"];
  if (escalation.is_bool() && !escalation.as_bool()) confinement.no_new_privileges = true;
  if (context["readOnlyRootFilesystem"].bool_or(false)) confinement.own_view = confinement.read_only_root = true;
  const std::string profile = said(pod, container, "seccompProfile")["type"].string_or("");
  if (profile == "Localhost") return refuse("seccompProfile Localhost: this node has no profiles");
  if (profile == "RuntimeDefault" && !context["privileged"].bool_or(false)) {
    TRY_ASSIGN(confinement.filter_but_for, mask_of(context["capabilities"]["add"]));
  }
  return {};
}

bool has_several_users(const objects::Object& pod) {
  std::set<std::optional<std::int64_t>> users;
  for (const Declared& declared : declared_containers(pod)) {
    if (declared.role != Role::guest) users.insert(number(said(pod, declared.spec, "runAsUser")));
  }
  return users.size() > 1;
}

volumes::Owner owner_of_volumes(const objects::Object& pod) {
  volumes::Owner owner;
  owner.group = number(pod.spec()["securityContext"]["fsGroup"]);
  const auto declared = declared_containers(pod);
  if (!declared.empty() && !has_several_users(pod)) owner.user = number(said(pod, declared.front().spec, "runAsUser"));
  return owner;
}

}  // namespace slipway::pods
