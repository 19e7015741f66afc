#include <doctest/doctest.h>

#include "team/team.hpp"

using namespace slipway;

TEST_CASE("a team file names people and service accounts") {
  const auto people = team::parse_people(R"(
people:
  - {id: ada@example.com, name: Ada, roles: [ml-engineer]}
  - {id: linus@example.com, roles: [tech-lead, platform-engineer]}
services:
  - {id: ci@support-assistant, name: the workflow, roles: [ci]}
)",
                                         "team.yaml");
  REQUIRE(people.has_value());
  REQUIRE(people->size() == 3);
  CHECK((*people)[0].name == "Ada");
  CHECK((*people)[1].name == "linus@example.com");
  CHECK((*people)[1].roles == std::vector<std::string>{"tech-lead", "platform-engineer"});
  CHECK((*people)[2].service);
}

TEST_CASE("a team file with several mistakes is refused with all of them and their places") {
  const auto people = team::parse_people(
      "people:\n"
      "  - {id: ada@example.com, name: Ada, roles: [ml-enginer]}\n"
      "  - {id: ada@example.com, name: Ada, roles: []}\n"
      "  - {id: grace@example.com, nmae: Grace, roles: [tech-lead]}\n",
      "team.yaml");
  REQUIRE_FALSE(people.has_value());
  const auto text = people.error().render();
  CHECK(text.find("did you mean \"ml-engineer\"?") != std::string::npos);
  CHECK(text.find("team.yaml:2:") != std::string::npos);
  CHECK(text.find("is listed twice") != std::string::npos);
  CHECK(text.find("has no roles") != std::string::npos);
  CHECK(text.find("nmae") != std::string::npos);
}

TEST_CASE("what each role may do") {
  using enum team::Verb;
  struct Row {
    const char* role;
    std::vector<team::Verb> may;
  };
  const std::vector<team::Verb> all = {push, register_model, run, promote, approve, apply, steer_rollout, administer};
  const std::vector<Row> rows = {
      {"ci", {register_model, run, promote}},
      {"ml-engineer", {push, register_model, run, promote}},
      {"platform-engineer", {push, register_model, run, promote, apply, steer_rollout, administer}},
      {"tech-lead", {push, run, promote, approve, steer_rollout}},
  };
  for (const auto& row : rows) {
    const team::Principal person{"x@example.com", "X", {row.role}};
    for (const auto verb : all) {
      INFO(row.role << " " << std::string(team::name_of(verb)));
      const bool expected = std::ranges::find(row.may, verb) != row.may.end();
      CHECK(team::authorise(person, verb, "it").has_value() == expected);
    }
  }
}

TEST_CASE("a refusal says who may instead") {
  const auto refused = team::authorise({"ada@example.com", "Ada", {"ml-engineer"}}, team::Verb::apply, "production");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::permission_denied);
  CHECK(refused.error().message == "ada@example.com (ml-engineer) may not apply manifests to production");
  CHECK(refused.error().hint == "these roles may: platform-engineer");
}
