#pragma once
// team: who people are, what they may do, and how they prove it. Not for approvals of a Promotion (delivery binds
// those to a subject) and not for the record of what people did (audit.hpp). Control loop only.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.hpp"
#include "core/world/world.hpp"

namespace slipway::storage {
class Connection;
class Database;
}  // namespace slipway::storage
namespace slipway::net {
class Router;
}

namespace slipway::team {

class AuditLog;

// A person, or a service account (a repository's workflow). Ids are opaque: "ada@example.com", "ci@support-assistant".
struct Person {
  std::string id;
  std::string name;
  std::vector<std::string> roles;
  bool service = false;
};

// Decodes team.yaml strictly: `people` and `services`, each {id, name, roles}. Unknown roles and fields, ids given
// twice and people without roles are errors, all reported at once.
Result<std::vector<Person>> parse_people(std::string_view text, std::string_view source_name);

// Who is calling, proven by a token.
struct Principal {
  std::string id;
  std::string name;
  std::vector<std::string> roles;
  bool service = false;      // a program's account
  std::string account = {};  // of a service account of the Kubernetes API: net::account_header
  bool has_role(std::string_view role) const;
};

enum class Verb { push, register_model, run, promote, approve, apply, steer_rollout, administer };
std::string_view name_of(Verb verb);                 // "push"
std::vector<std::string> known_roles();              // sorted
std::vector<std::string> roles_that_may(Verb verb);  // sorted
// Nothing, or permission_denied with a sentence that says who may: `ada@example.com (ml-engineer) may not apply
// manifests`, hint `a platform-engineer may`. `resource` names what it was about, for the sentence; may be empty.
Result<> authorise(const Principal& principal, Verb verb, std::string_view resource);

inline constexpr std::string_view token_prefix = "slw_";  // every token begins so

struct IssuedToken {
  std::string id;      // public, for lists and revoke
  std::string secret;  // shown once; only its SHA-256 is kept
  std::string person;
};
struct TokenInfo {
  std::string id, person, label;
  Time created{};
  std::optional<Time> expires;
  bool revoked = false;
};

class Team {
 public:
  // `database` outlives the team. Makes its tables.
  static Result<std::unique_ptr<Team>> open(core::World world, storage::Database& database, std::vector<Person> people);

  // Replaces everybody at once (team.yaml changed). Tokens and certificates of people who are gone stop working, for
  // good: who comes back gets new ones.
  Result<> set_people(std::vector<Person> people);
  const std::vector<Person>& people() const { return people_; }
  const Person* find(std::string_view id) const;  // nullptr when unknown

  // The caller behind `Authorization: Bearer TOKEN`, or `Basic USER:TOKEN` as git sends it (the token alone decides).
  // nullopt without such a header; unauthenticated when the token is wrong, revoked, expired or its owner is gone.
  Result<std::optional<Principal>> authenticate(const core::Headers& headers) const;

  // Asked about every token that is not made here; nullopt: it is none of theirs either.
  using Accounts = std::function<Result<std::optional<Principal>>(std::string_view token)>;
  void accept_accounts(Accounts accounts) { accounts_ = std::move(accounts); }
  // The person behind one of our own tokens; unauthenticated as in authenticate().
  Result<Principal> owner_of(std::string_view token) const;

  // Was in team.yaml, and is not any more.
  bool has_left(std::string_view person) const;
  // What a certificate says beside its owner's id, as an organization, so that it is over when that person leaves.
  // not_found when nobody has that id.
  Result<std::string> membership_of(std::string_view person) const;
  // The caller behind a client certificate. Takes the membership out of `organizations`: what is left are groups of the
  // Kubernetes API. Who never was in team.yaml has no roles; unauthenticated for who left, and for a certificate from
  // before that.
  Result<Principal> owner_of_certificate(const std::string& subject, std::vector<std::string>& organizations) const;

  // 256 random bits for that person. not_found when nobody has that id. `label` says what it is for: "laptop".
  // On record as `by`'s when record_to() was called.
  Result<IssuedToken> issue_token(std::string_view person, std::string_view label,
                                  std::optional<Duration> lifetime = std::nullopt, std::string_view by = "slipway/up");
  // not_found; revoking twice is fine
  Result<> revoke(std::string_view token_id, std::string_view by = "slipway/up");
  // Where tokens that are made and revoked go on record. `events` outlives this.
  void record_to(core::EventSink& events) { events_ = &events; }
  Result<std::vector<TokenInfo>> list_tokens() const;

 private:
  Team(core::World world, storage::Database& database, std::vector<Person> people);
  Result<> load_memberships();
  Result<> settle_memberships();
  Result<> write_on_record(core::Event event, const std::function<Result<>(storage::Connection&)>& work);
  // What is kept of a token.
  struct Token {
    std::string person;
    std::optional<Time> expires;
    bool revoked = false;
  };
  Result<const Token*> find_token(std::string_view secret) const;  // nullptr: not known
  core::World world_;
  storage::Database& database_;
  std::vector<Person> people_;
  core::EventSink* events_ = nullptr;
  Accounts accounts_;
  // Of everybody who is or was in team.yaml.
  struct Membership {
    std::string organization;  // "" of who came before certificates carried any
    bool is_over = false;
    bool operator==(const Membership&) const = default;
  };
  std::map<std::string, Membership, std::less<>> memberships_;
  // Tokens that were asked about, by their hash: every request does. Emptied when one is revoked.
  mutable std::map<std::string, Token, std::less<>> asked_about_;
};

// GET /whoami, GET /people, GET /timeline, GET /timeline/verify, GET and POST /tokens, DELETE /tokens/{id}, all under
// /api/slipway/v1. Both outlive the router.
void add_routes(net::Router& router, Team& team, AuditLog& audit);

}  // namespace slipway::team
