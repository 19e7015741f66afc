// How long somebody is one of the team: what a certificate, which cannot be called back, is held against.

#include <algorithm>

#include "storage/database.hpp"
#include "team/team.hpp"

namespace slipway::team {
namespace {

constexpr std::string_view membership_prefix = "slipway:member:";

std::string take_membership(std::vector<std::string>& organizations) {
  const auto found = std::ranges::find_if(
      organizations, [](const std::string& organization) { return organization.starts_with(membership_prefix); });
  if (found == organizations.end()) return "";
  auto membership = std::move(*found);
  organizations.erase(found);
  return membership;
}

}  // namespace

Result<> Team::load_memberships() {
  return database_.read([&](storage::Connection& c) {
    return c.query("SELECT person, organization, is_over FROM team_memberships", {},
                   [&](const storage::Row& row) { memberships_[row.text(0)] = {row.text(1), row.integer(2) != 0}; });
  });
}

// Begins that of who is new or back, and ends that of who left, with his tokens.
Result<> Team::settle_memberships() {
  auto next = memberships_;
  for (auto& [person, membership] : next) membership.is_over = membership.is_over || find(person) == nullptr;
  for (const Person& person : people_) {
    auto& membership = next.try_emplace(person.id, "", true).first->second;
    if (membership.is_over) membership = {std::string(membership_prefix) + world_.random.hex(24), false};
  }
  const auto put = [&](storage::Connection& c) -> Result<> {
    for (const auto& [person, membership] : next) {
      const auto before = memberships_.find(person);
      if (before != memberships_.end() && before->second == membership) continue;
      TRY(c.execute("INSERT OR REPLACE INTO team_memberships (person, organization, is_over) VALUES (?, ?, ?)",
                    {person, membership.organization, membership.is_over ? 1 : 0}));
      if (before != memberships_.end()) TRY(c.execute("UPDATE team_tokens SET revoked = 1 WHERE person = ?", {person}));
    }
    return {};
  };
  if (next == memberships_) return {};
  TRY(database_.write(put));
  memberships_ = std::move(next);
  asked_about_.clear();
  return {};
}

bool Team::has_left(std::string_view person) const {
  const auto found = memberships_.find(person);
  return found != memberships_.end() && found->second.is_over;
}

Result<std::string> Team::membership_of(std::string_view person) const {
  const auto found = memberships_.find(person);
  if (found != memberships_.end() && !found->second.is_over) return found->second.organization;
  return fail(Code::not_found, "nobody has the id \"" + std::string(person) + "\"");
}

Result<Principal> Team::owner_of_certificate(const std::string& subject,
                                             std::vector<std::string>& organizations) const {
  const auto carried = take_membership(organizations);
  const auto membership = memberships_.find(subject);
  const bool is_strangers = membership == memberships_.end() && carried.empty();
  if (is_strangers) return Principal{.id = subject, .name = subject, .roles = {}, .service = true};
  const auto* person = find(subject);
  if (person == nullptr) return fail(Code::unauthenticated, subject + " is no longer in team.yaml");
  if (membership == memberships_.end() || membership->second.organization != carried) {
    return fail(Code::unauthenticated, "this certificate of " + subject + " is of an earlier time in the team",
                "an administrator makes a new one: slipway endpoint kubeconfig --user " + subject);
  }
  return Principal{.id = person->id, .name = person->name, .roles = person->roles, .service = person->service};
}

}  // namespace slipway::team
