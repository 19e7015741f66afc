#include "server/identities.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "core/world/real.hpp"

namespace slipway::server {
namespace {

std::string user_name() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry == nullptr ? "user" : entry->pw_name;
}

bool works(const team::Team& team, const std::string& secret) {
  auto principal = team.authenticate({{"Authorization", "Bearer " + secret}});
  return principal && principal->has_value();
}

Result<std::string> ensure_token(team::Team& team, const std::string& path, const team::Person& person) {
  core::Files& files = core::real_files();
  if (auto old = files.read(path)) {
    std::string secret = old->substr(0, old->find('\n'));
    if (works(team, secret)) return secret;
  }
  TRY_ASSIGN(const team::IssuedToken token, team.issue_token(person.id, "a file that only this user can read"));
  TRY(files.write_atomic(path, token.secret + "\n", 0600));
  return token.secret;
}

std::vector<team::Person> with_workflows(std::vector<team::Person> people) {
  if (std::ranges::find(people, ci_account, &team::Person::id) == people.end())
    people.push_back({.id = std::string(ci_account), .name = "workflows", .roles = {"ci"}, .service = true});
  return people;
}

}  // namespace

const team::Person* owner_of(const team::Team& team) {
  const auto administrators = team::roles_that_may(team::Verb::administer);
  const team::Person* first = nullptr;
  for (const team::Person& person : team.people()) {
    if (person.service) continue;
    if (std::ranges::find_first_of(person.roles, administrators) != person.roles.end()) return &person;
    if (first == nullptr) first = &person;
  }
  return first;
}

std::string token_file(const Layout& layout, std::string_view person) {
  return layout.tokens() + "/" + std::string(person);
}

Result<std::vector<team::Person>> load_people(const Layout& layout, const std::string& given) {
  core::Files& files = core::real_files();
  if (!given.empty()) {
    TRY_ASSIGN(const std::string text, files.read(given));
    TRY(team::parse_people(text, given));
    TRY(files.write_atomic(layout.team(), text, 0600));
  }
  if (files.exists(layout.team())) {
    TRY_ASSIGN(const std::string text, files.read(layout.team()));
    return read_people(text, layout.team());
  }
  return with_workflows({{.id = user_name() + "@localhost",
                          .name = user_name(),
                          .roles = {"ml-engineer", "platform-engineer", "tech-lead"},
                          .service = false}});
}

Result<std::vector<team::Person>> read_people(std::string_view text, const std::string& source) {
  TRY_ASSIGN(auto people, team::parse_people(text, source));
  for (const team::Person& person : people) {
    if (person.id.find('/') != std::string::npos || person.id == "default")
      return fail(Code::invalid_argument, source + ": \"" + person.id + "\" cannot be an id", "ids have no slash");
  }
  return with_workflows(std::move(people));
}

Result<> ensure_tokens(team::Team& team, const Layout& layout) {
  const team::Person* only = nullptr;
  std::size_t persons = 0;
  for (const team::Person& person : team.people()) {
    TRY(ensure_token(team, token_file(layout, person.id), person));
    if (!person.service) {
      only = &person;
      ++persons;
    }
  }
  const std::string by_default = token_file(layout, "default");
  if (persons == 1) {
    TRY_ASSIGN(const std::string secret, core::real_files().read(token_file(layout, only->id)));
    TRY(core::real_files().write_atomic(by_default, secret, 0600));
  } else {
    TRY(core::real_files().remove_tree(by_default));
  }
  return {};
}

}  // namespace slipway::server
