#include <algorithm>
#include <array>

#include "team/team.hpp"

namespace slipway::team {
namespace {

// The whole role table. Who may approve what exactly is narrowed by each Environment.
struct Role {
  std::string_view name;
  std::vector<Verb> may;
};

const std::vector<Role>& roles() {
  using enum Verb;
  static const std::vector<Role> table = {
      {"ci", {register_model, run, promote}},
      {"ml-engineer", {push, register_model, run, promote}},
      {"platform-engineer", {push, register_model, run, promote, apply, steer_rollout, administer}},
      {"tech-lead", {push, run, promote, approve, steer_rollout}},
  };
  return table;
}

// What a person reads after "may not".
std::string_view action_of(Verb verb) {
  switch (verb) {
    case Verb::push:
      return "push to";
    case Verb::register_model:
      return "register models in";
    case Verb::run:
      return "start workflow runs in";
    case Verb::promote:
      return "request promotions of";
    case Verb::approve:
      return "approve";
    case Verb::apply:
      return "apply manifests to";
    case Verb::steer_rollout:
      return "steer";
    case Verb::administer:
      return "administer";
  }
  return "use";
}

std::string join_with(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : std::string(separator)) + part;
  return text;
}

}  // namespace

bool Principal::has_role(std::string_view role) const { return std::ranges::find(roles, role) != roles.end(); }

std::string_view name_of(Verb verb) {
  switch (verb) {
    case Verb::push:
      return "push";
    case Verb::register_model:
      return "register";
    case Verb::run:
      return "run";
    case Verb::promote:
      return "promote";
    case Verb::approve:
      return "approve";
    case Verb::apply:
      return "apply";
    case Verb::steer_rollout:
      return "steer-rollout";
    case Verb::administer:
      return "administer";
  }
  return "unknown";
}

std::vector<std::string> known_roles() {
  std::vector<std::string> names;
  for (const auto& role : roles()) names.emplace_back(role.name);
  return names;
}

std::vector<std::string> roles_that_may(Verb verb) {
  std::vector<std::string> names;
  for (const auto& role : roles()) {
    if (std::ranges::find(role.may, verb) != role.may.end()) names.emplace_back(role.name);
  }
  return names;
}

Result<> authorise(const Principal& principal, Verb verb, std::string_view resource) {
  const auto allowed = roles_that_may(verb);
  for (const auto& role : allowed) {
    if (principal.has_role(role)) return {};
  }
  std::string what = resource.empty() ? std::string("this platform") : std::string(resource);
  return fail(
      Code::permission_denied,
      principal.id + " (" + join_with(principal.roles, ", ") + ") may not " + std::string(action_of(verb)) + " " + what,
      "these roles may: " + join_with(allowed, ", "));
}

}  // namespace slipway::team
