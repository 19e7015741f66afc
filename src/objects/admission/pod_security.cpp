#include "objects/admission/pod_security.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "core/log.hpp"
#include "objects/kinds.hpp"

namespace slipway::objects::admission {
namespace {

constexpr std::string_view label_prefix = "pod-security.kubernetes.io/";

std::optional<SecurityLevel> parse_level(std::string_view text) {
  for (const auto level : {SecurityLevel::privileged, SecurityLevel::baseline, SecurityLevel::restricted}) {
    if (text == name_of(level)) return level;
  }
  return std::nullopt;
}

// "latest" or "v1.24"
std::optional<int> parse_minor(std::string_view text) {
  if (text == "latest") return SecurityStandard::latest;
  if (!text.starts_with("v1.")) return std::nullopt;
  text.remove_prefix(3);
  int minor = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), minor);
  const bool is_number = error == std::errc() && end == text.data() + text.size() && minor >= 0;
  const bool has_one_form = text.size() == 1 || !text.starts_with('0');
  return is_number && has_one_form ? std::optional(minor) : std::nullopt;
}

struct Mode {
  SecurityStandard standard;
  bool says_level = false;
  bool says_version = false;
};

Mode mode_of(const Object& space, const std::string& mode, SecurityLevel otherwise, validation::Problems& problems) {
  const auto& labels = space.document()["metadata"]["labels"];
  Mode found;
  const auto read = [&](const std::string& name, const auto& parse, const char* wanted, auto& into) {
    const auto key = std::string(label_prefix) + name;
    if (labels[key].is_null()) return false;
    const auto value = parse(labels[key].string_or(""));
    if (!value) problems.push_back(validation::invalid("metadata.labels[" + key + "]", labels[key], wanted));
    if (value) into = *value;
    return true;
  };
  SecurityLevel level = otherwise;
  found.says_level = read(mode, parse_level, "must be one of privileged, baseline, restricted", level);
  found.standard.level = found.says_level ? level : SecurityLevel::privileged;
  found.says_version = read(mode + "-version", parse_minor, R"(must be "latest" or "v1.x")", found.standard.minor);
  return found;
}

// The template for Pods of a kind that has one; null elsewhere.
const doc::Value& template_in(const schema::Resource& resource, const doc::Value& object) {
  static const doc::Value none;
  constexpr std::array<std::string_view, 6> plain{"Deployment", "ReplicaSet", "StatefulSet",
                                                  "DaemonSet",  "Job",        "ReplicationController"};
  const bool is_ours = resource.group.empty() || resource.group == "apps" || resource.group == "batch";
  if (!is_ours) return none;
  if (std::ranges::find(plain, resource.kind) != plain.end()) return object["spec"]["template"];
  if (resource.kind == "CronJob") return object["spec"]["jobTemplate"]["spec"]["template"];
  return resource.kind == "PodTemplate" ? object["template"] : none;
}

bool has_another_image(const doc::Value& after, const doc::Value& before) {
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
    if (after[list].size() != before[list].size()) return true;
    for (std::size_t i = 0; i < after[list].size(); ++i) {
      if (!(after[list][i]["image"] == before[list][i]["image"])) return true;
    }
  }
  return false;
}

std::string would_violate(const SecurityStandard& standard, const std::vector<Violation>& violations) {
  return "would violate PodSecurity \"" + standard.text() + "\": " + render(violations);
}

}  // namespace

PodSecurityPolicy pod_security_policy_of(const Object& space, validation::Problems& problems) {
  const auto before = problems.size();
  const auto enforce = mode_of(space, "enforce", SecurityLevel::restricted, problems);
  const bool is_understood = problems.size() == before;
  const auto audit = mode_of(space, "audit", SecurityLevel::privileged, problems);
  auto warn = mode_of(space, "warn", SecurityLevel::privileged, problems);
  // Who is held to more than he is warned of is warned of that, too: of templates.
  if (!warn.says_level && enforce.says_level && is_understood) {
    warn.standard.level = enforce.standard.level;
    if (!warn.says_version) warn.standard.minor = enforce.standard.minor;
  }
  return {enforce.standard, audit.standard, warn.standard};
}

api::Answer<> PodSecurity::validate(const api::Review& review) {
  if (review.operation != api::Operation::create && review.operation != api::Operation::update) return {};
  if (review.resource->is("", "Namespace")) return look_at_namespace(review);
  if (is_exempt(review.name.ns)) return {};
  if (review.resource->is("", "Pod")) return look_at_pod(review);
  const auto& pod = template_in(*review.resource, review.object);
  return pod.is_object() && review.subresource.empty() ? look_at_template(review, pod) : api::Answer<>();
}

api::Answer<> PodSecurity::look_at_namespace(const api::Review& review) {
  if (!review.subresource.empty()) return {};
  validation::Problems problems;
  const auto policy = pod_security_policy_of(Object(review.object), problems);
  validation::Problems known;
  const auto before = pod_security_policy_of(Object(review.before), known);
  if (!problems.empty() && problems != known) {
    std::vector<api::Cause> causes;
    for (const auto& problem : problems)
      causes.push_back({std::string(validation::name_of(problem.reason)), problem.body(), problem.field});
    return api::refuse(api::invalid(*review.resource, review.name.name, std::move(causes)));
  }
  const bool is_stricter = !(policy.enforce == before.enforce) && (policy.enforce.minor != before.enforce.minor ||
                                                                   policy.enforce.level > before.enforce.level);
  if (review.operation == api::Operation::create || !is_stricter) return {};
  if (policy.enforce.level != SecurityLevel::privileged && !is_exempt(review.name.name))
    warn_of_pods_that_violate(review, policy.enforce);
  return {};
}

// Who is there stays; what is said of him is what keeps another such Pod from being made.
void PodSecurity::warn_of_pods_that_violate(const api::Review& review, const SecurityStandard& standard) const {
  std::map<std::string, std::vector<std::string>> pods;  // names by what they violate
  const auto listed = context_.backend.list(kinds::pod, {.ns = review.name.name, .after = {}}, [&](Stored stored) {
    const auto pod = stored.parse();
    const auto violations = pod ? violations_of(standard, pod->document()) : std::vector<Violation>();
    if (!violations.empty()) pods[render(violations, false)].push_back(stored.name.name);
    return true;
  });
  if (!listed) return review.warnings.push_back("failed to list pods while checking new PodSecurity enforce level");
  if (pods.empty()) return;
  review.warnings.push_back("existing pods in namespace \"" + review.name.name +
                            "\" violate the new PodSecurity enforce level \"" + standard.text() + "\"");
  std::vector<std::string> lines;
  for (const auto& [what, names] : pods) {
    const auto others = names.size() - 1;
    const auto more = others == 0   ? std::string()
                      : others == 1 ? " (and 1 other pod)"
                                    : " (and " + std::to_string(others) + " other pods)";
    lines.push_back(names.front() + more + ": " + what);
  }
  std::ranges::sort(lines);
  review.warnings.insert(review.warnings.end(), lines.begin(), lines.end());
}

api::Answer<> PodSecurity::look_at_pod(const api::Review& review) {
  const auto& door = review.subresource;
  if (!door.empty() && door != "ephemeralcontainers" && door != "resize") return {};
  const bool is_update = review.operation == api::Operation::update;
  if (is_update && !has_another_image(review.object["spec"], review.before["spec"])) return {};
  const auto policy = policy_of(review.name.ns);
  if (!policy) return api::refuse(api::from_error(policy.error(), review.resource.get(), review.name.name));
  if (const auto violations = violations_of(policy->enforce, review.object); !violations.empty()) {
    return api::refuse(
        api::forbidden(*review.resource, review.name.name,
                       "violates PodSecurity \"" + policy->enforce.text() + "\": " + render(violations)));
  }
  warn(review, *policy, review.object);
  return {};
}

api::Answer<> PodSecurity::look_at_template(const api::Review& review, const doc::Value& pod) {
  if (const auto policy = policy_of(review.name.ns)) warn(review, *policy, pod);
  return {};
}

void PodSecurity::warn(const api::Review& review, const PodSecurityPolicy& policy, const doc::Value& pod) const {
  if (const auto violations = violations_of(policy.audit, pod); !violations.empty()) {
    log::info("objects", would_violate(policy.audit, violations),
              {{"kind", review.resource->kind}, {"name", review.name.text()}, {"user", review.user.name}});
  }
  if (const auto violations = violations_of(policy.warn, pod); !violations.empty())
    review.warnings.push_back(would_violate(policy.warn, violations));
}

Result<PodSecurityPolicy> PodSecurity::policy_of(const std::string& ns) const {
  TRY_ASSIGN(const auto stored, context_.backend.find(kinds::namespace_, {"", ns}));
  if (!stored) return PodSecurityPolicy{};
  TRY_ASSIGN(const auto space, stored->parse());
  validation::Problems ignored;
  return pod_security_policy_of(space, ignored);
}

bool PodSecurity::is_exempt(const std::string& ns) const { return std::ranges::find(exempt_, ns) != exempt_.end(); }

}  // namespace slipway::objects::admission
