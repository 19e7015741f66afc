#include <algorithm>
#include <map>

#include "core/doc.hpp"
#include "team/team.hpp"

namespace slipway::team {
namespace {

void decode_people(const doc::Value& list, const std::string& path, bool service, std::vector<Person>& people,
                   std::vector<Error>& problems) {
  if (list.is_null()) return;
  if (!list.is_array()) {
    problems.push_back(Error(Code::invalid_argument, path + " must be a list of {id, name, roles}").at(list.mark()));
    return;
  }
  const auto roles = known_roles();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto& entry = list[i];
    doc::Decoder d(entry, path + "[" + std::to_string(i) + "]");
    Person person;
    person.id = d.required_string("id");
    person.name = d.string("name", person.id);
    person.roles = d.string_list("roles");
    person.service = service;
    if (person.id.find_first_of(" ,:\t\r\n") != std::string::npos) {
      d.add("id", "an id has no spaces, commas or colons: \"" + person.id + "\"");
    }
    if (person.roles.empty()) d.add("roles", "\"" + person.id + "\" has no roles", "give at least one role");
    for (const auto& role : person.roles) {
      if (std::ranges::find(roles, role) != roles.end()) continue;
      const auto near = core::nearest(role, roles);
      std::string all;
      for (const auto& known : roles) all += (all.empty() ? "" : ", ") + known;
      d.add("roles", "unknown role \"" + role + "\"",
            near.empty() ? "roles are " + all : "did you mean \"" + near + "\"?");
    }
    const bool twice = std::ranges::any_of(people, [&](const Person& p) { return p.id == person.id; });
    if (twice) d.add("id", "\"" + person.id + "\" is listed twice");
    if (auto done = d.finish(); !done) problems.push_back(std::move(done).error());
    people.push_back(std::move(person));
  }
}

}  // namespace

Result<std::vector<Person>> parse_people(std::string_view text, std::string_view source_name) {
  TRY_ASSIGN(const doc::Value file, doc::parse_yaml(text, source_name));
  std::vector<Person> people;
  std::vector<Error> problems;
  doc::Decoder d(file, "");
  decode_people(d.any("people"), "people", false, people, problems);
  decode_people(d.any("services"), "services", true, people, problems);
  if (auto done = d.finish(); !done) problems.push_back(std::move(done).error());
  if (!problems.empty()) return fail(core::join(std::move(problems)));
  if (people.empty()) {
    return fail(Code::invalid_argument, std::string(source_name) + " names nobody", "add at least one person");
  }
  return people;
}

}  // namespace slipway::team
