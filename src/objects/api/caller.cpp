#include "objects/api/caller.hpp"

#include <algorithm>

namespace slipway::objects::api {
namespace {

constexpr std::string_view account_prefix = "system:serviceaccount:";

doc::Array texts(const std::vector<std::string>& list) { return {list.begin(), list.end()}; }

}  // namespace

bool Caller::is_in(std::string_view group) const { return std::ranges::find(groups, group) != groups.end(); }

doc::Value Caller::user_info() const {
  doc::Object info{{"username", name}};
  if (!uid.empty()) info.append("uid", uid);
  if (!groups.empty()) info.append("groups", texts(groups));
  if (!extra.empty()) {
    doc::Object more;
    for (const auto& [key, values] : extra) more.append(key, texts(values));
    info.append("extra", std::move(more));
  }
  return info;
}

Caller person(std::string name, const std::vector<std::string>& roles) {
  Caller caller{.name = std::move(name), .uid = {}, .groups = {}, .extra = {}};
  for (const auto& role : roles) caller.groups.push_back("slipway:" + role);
  caller.groups.emplace_back("system:authenticated");
  return caller;
}

Caller anonymous() {
  return {.name = "system:anonymous", .uid = {}, .groups = {"system:unauthenticated"}, .extra = {}};
}

Caller service_account(const std::string& ns, const std::string& name, std::string uid) {
  return {.name = std::string(account_prefix) + ns + ":" + name,
          .uid = std::move(uid),
          .groups = {"system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"},
          .extra = {}};
}

AccountName account_name_of(std::string_view user) {
  if (!user.starts_with(account_prefix)) return {};
  user.remove_prefix(account_prefix.size());
  const auto colon = user.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == user.size()) return {};
  if (user.find(':', colon + 1) != std::string_view::npos) return {};
  return {std::string(user.substr(0, colon)), std::string(user.substr(colon + 1))};
}

Caller caller_of(const net::Request& request) {
  const std::string name(request.header(net::principal_header));
  if (name.empty()) return anonymous();
  if (const auto account = account_name_of(name); !account.name.empty()) {
    auto caller = service_account(account.ns, account.name, {});
    const auto said = doc::parse_json(request.header(net::account_header));
    if (!said) return caller;
    caller.uid = (*said)["uid"].string_or("");
    if (const auto& extra = (*said)["extra"]; extra.is_object()) {
      for (const auto& [key, values] : extra.as_object()) {
        for (std::size_t i = 0; i < values.size(); ++i) caller.extra[key].push_back(values[i].string_or(""));
      }
    }
    return caller;
  }
  std::vector<std::string> roles;
  for (auto rest = request.header(net::roles_header); !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    if (comma > 0) roles.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  auto caller = person(name, roles);
  // A certificate's organizations are groups: system:masters may do everything.
  if (name == request.client_subject) {
    const auto& groups = request.client_organizations;
    caller.groups.insert(caller.groups.begin(), groups.begin(), groups.end());
  }
  return caller;
}

std::string account_header_of(const Caller& caller) { return doc::render_json(caller.user_info()); }

}  // namespace slipway::objects::api
