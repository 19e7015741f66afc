#include "team/team.hpp"

#include <algorithm>

#include "core/digest.hpp"
#include "core/text.hpp"
#include "storage/database.hpp"

namespace slipway::team {
namespace {

constexpr storage::Migration migrations[] = {
    {1, R"(
      CREATE TABLE team_tokens (
        id TEXT PRIMARY KEY,
        hash TEXT NOT NULL UNIQUE,   -- SHA-256 of the secret; the secret itself is nowhere
        person TEXT NOT NULL,
        label TEXT NOT NULL,
        created INTEGER NOT NULL,    -- microseconds since the epoch
        expires INTEGER,
        revoked INTEGER NOT NULL DEFAULT 0
      );)"},
    {2, R"(
      CREATE TABLE team_memberships (
        person TEXT PRIMARY KEY,
        organization TEXT NOT NULL,  -- what certificates carry; '' of who came before they carried any
        is_over INTEGER NOT NULL DEFAULT 0
      );
      INSERT INTO team_memberships (person, organization) SELECT DISTINCT person, '' FROM team_tokens;)"},
};

std::int64_t micros(Time time) { return time.time_since_epoch().count(); }
Time time_of(std::int64_t micros) { return Time(Duration(micros)); }

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() > word.size() && text[word.size()] == ' ' &&
         core::equal_ignoring_case(text.substr(0, word.size()), word);
}

// The token of an Authorization header; nullopt when its scheme carries none.
Result<std::optional<std::string>> token_of(std::string_view authorization) {
  auto rest = [&](std::string_view scheme) {
    auto text = authorization.substr(scheme.size() + 1);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    return text;
  };
  if (starts_with_word(authorization, "bearer")) return std::string(rest("bearer"));
  if (starts_with_word(authorization, "basic")) {
    auto decoded = core::from_base64(rest("basic"));
    if (!decoded) return fail(Code::unauthenticated, "the Basic credentials are not base64");
    const auto colon = decoded->find(':');
    if (colon == std::string::npos) return fail(Code::unauthenticated, "the Basic credentials have no password");
    return decoded->substr(colon + 1);
  }
  return std::nullopt;
}

}  // namespace

Team::Team(core::World world, storage::Database& database, std::vector<Person> people)
    : world_(world), database_(database), people_(std::move(people)) {}

Result<std::unique_ptr<Team>> Team::open(core::World world, storage::Database& database, std::vector<Person> people) {
  TRY(storage::migrate(database, "team", migrations));
  std::unique_ptr<Team> team(new Team(world, database, std::move(people)));
  TRY(team->load_memberships());
  TRY(team->settle_memberships());
  return team;
}

Result<> Team::set_people(std::vector<Person> people) {
  people_ = std::move(people);
  return settle_memberships();
}

const Person* Team::find(std::string_view id) const {
  const auto it = std::ranges::find(people_, id, &Person::id);
  return it == people_.end() ? nullptr : &*it;
}

Result<std::optional<Principal>> Team::authenticate(const core::Headers& headers) const {
  const auto authorization = core::header(headers, "authorization");
  if (authorization.empty()) return std::nullopt;
  TRY_ASSIGN(const auto token, token_of(authorization));
  if (!token) return fail(Code::unauthenticated, "this Authorization scheme is not known", "send Bearer TOKEN");
  if (accounts_ && !token->starts_with(token_prefix)) {
    TRY_ASSIGN(auto account, accounts_(*token));
    if (account) return account;
  }
  TRY_ASSIGN(auto owner, owner_of(*token));
  return std::optional<Principal>(std::move(owner));
}

Result<const Team::Token*> Team::find_token(std::string_view secret) const {
  const auto hash = core::Digest::of(secret).hex();
  if (const auto known = asked_about_.find(hash); known != asked_about_.end()) return &known->second;
  std::optional<Token> found;
  TRY(database_.read([&](storage::Connection& c) {
    return c.query("SELECT person, expires, revoked FROM team_tokens WHERE hash = ?", {hash},
                   [&](const storage::Row& row) {
                     found = Token{row.text(0), std::nullopt, row.integer(2) != 0};
                     if (!row.is_null(1)) found->expires = time_of(row.integer(1));
                   });
  }));
  if (!found) return nullptr;
  constexpr std::size_t most_remembered = 1000;
  if (asked_about_.size() >= most_remembered) asked_about_.clear();
  return &(asked_about_[hash] = std::move(*found));
}

Result<Principal> Team::owner_of(std::string_view token) const {
  TRY_ASSIGN(const auto* const found, find_token(token));
  const std::string hint = "ask an administrator for a new token";
  if (found == nullptr) return fail(Code::unauthenticated, "this token is not known", hint);
  const auto* owner = find(found->person);
  if (owner == nullptr) return fail(Code::unauthenticated, found->person + " is no longer in team.yaml");
  if (found->revoked) return fail(Code::unauthenticated, "this token was revoked", hint);
  if (found->expires && *found->expires <= world_.clock.now())
    return fail(Code::unauthenticated, "this token has expired", hint);
  return Principal{owner->id, owner->name, owner->roles, owner->service, {}};
}

Result<IssuedToken> Team::issue_token(std::string_view person, std::string_view label, std::optional<Duration> lifetime,
                                      std::string_view by) {
  if (find(person) == nullptr) {
    std::vector<std::string> ids;
    for (const auto& p : people_) ids.push_back(p.id);
    const auto near = core::nearest(std::string(person), ids);
    return fail(Code::not_found, "nobody has the id \"" + std::string(person) + "\"",
                near.empty() ? "people are listed in team.yaml" : "did you mean \"" + near + "\"?");
  }
  IssuedToken token{world_.random.hex(12), std::string(token_prefix) + world_.random.hex(64), std::string(person)};
  const auto now = world_.clock.now();
  storage::SqlValue expires = nullptr;
  if (lifetime) expires = micros(now + *lifetime);
  const auto insert = [&](storage::Connection& c) {
    return c.execute(
        "INSERT INTO team_tokens (id, hash, person, label, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
        {token.id, core::Digest::of(token.secret).hex(), token.person, std::string(label), micros(now), expires});
  };
  TRY(write_on_record({.actor = std::string(by),
                       .action = "token-issued",
                       .object = token.person,
                       .detail = "token " + token.id + (label.empty() ? "" : " for " + std::string(label))},
                      insert));
  return token;
}

Result<> Team::revoke(std::string_view token_id, std::string_view by) {
  const std::string id(token_id);
  asked_about_.clear();
  return write_on_record({.actor = std::string(by), .action = "token-revoked", .object = "token " + id},
                         [&](storage::Connection& c) -> Result<> {
                           TRY(c.execute("UPDATE team_tokens SET revoked = 1 WHERE id = ?", {id}));
                           if (c.changed_rows() == 0)
                             return fail(Code::not_found, "no token has the id \"" + id + "\"");
                           return {};
                         });
}

Result<> Team::write_on_record(core::Event event, const std::function<Result<>(storage::Connection&)>& work) {
  if (events_ == nullptr) return database_.write(work);
  return core::recorded_with(*events_, std::move(event), [&] { return database_.write(work); });
}

Result<std::vector<TokenInfo>> Team::list_tokens() const {
  std::vector<TokenInfo> tokens;
  TRY(database_.read([&](storage::Connection& c) {
    return c.query("SELECT id, person, label, created, expires, revoked FROM team_tokens ORDER BY created, id", {},
                   [&](const storage::Row& row) {
                     TokenInfo info{row.text(0),  row.text(1),        row.text(2), time_of(row.integer(3)),
                                    std::nullopt, row.integer(5) != 0};
                     if (!row.is_null(4)) info.expires = time_of(row.integer(4));
                     tokens.push_back(std::move(info));
                   });
  }));
  return tokens;
}

}  // namespace slipway::team
