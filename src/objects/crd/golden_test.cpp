// Definitions and objects as testdata/stories.yaml tells them, against what Kubernetes' own code says of them.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "objects/crd/compile.hpp"
#include "objects/crd/definition.hpp"
#include "objects/crd/validate.hpp"
#include "objects/patch/merge_patch.hpp"
#include "objects/schema/decode.hpp"
#include "support/golden.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

std::string read(const std::string& name) { return support::source_file("src/objects/crd/testdata/" + name); }

doc::Value definition_of(const doc::Value& story) {
  doc::Object version{{"name", "v1"}, {"served", true}, {"storage", true}};
  if (!story["schema"].is_null()) version.set("schema", doc::Object{{"openAPIV3Schema", story["schema"]}});
  const std::map<std::string, std::string> parts{{"columns", "additionalPrinterColumns"},
                                                 {"subresources", "subresources"},
                                                 {"selectableFields", "selectableFields"}};
  for (const auto& [said, key] : parts) {
    if (!story[said].is_null()) version.set(key, story[said]);
  }
  doc::Value spec = doc::Object{
      {"group", "example.com"},
      {"scope", "Namespaced"},
      {"names",
       doc::Object{{"plural", "widgets"}, {"singular", "widget"}, {"kind", "Widget"}, {"listKind", "WidgetList"}}},
      {"versions", doc::Array{std::move(version)}}};
  if (story["spec"].is_object()) spec = patch::merge_patched(std::move(spec), story["spec"]);
  return doc::Object{{"metadata", doc::Object{{"name", "widgets.example.com"}}}, {"spec", std::move(spec)}};
}

// Go shows whole structs as bad values; what is wrong with them says enough.
std::string without_structs(const std::string& sentence) {
  for (const char* begin : {": [{\"Name\"", ": {\"ID\""}) {
    const std::size_t at = sentence.find(begin);
    if (at != std::string::npos) return sentence.substr(0, at) + sentence.substr(sentence.rfind(": "));
  }
  const std::size_t ours = sentence.find(": Invalid value: ");
  if (ours != std::string::npos && sentence.starts_with("FieldValueInvalid spec.versions:"))
    return sentence.substr(0, ours + 15) + sentence.substr(sentence.rfind(": "));
  if (ours != std::string::npos && sentence.find("fields are allowed at the root") != std::string::npos)
    return sentence.substr(0, ours + 15) + sentence.substr(sentence.rfind(": "));
  return sentence;
}

std::vector<std::string> told(const validation::Problems& problems) {
  std::vector<std::string> all;
  for (const auto& problem : problems)
    all.push_back(without_structs(std::string(validation::name_of(problem.reason)) + " " + problem.message()));
  std::ranges::sort(all);
  return all;
}

std::vector<std::string> wanted(const doc::Value& list) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < list.size(); ++i) all.push_back(without_structs(list[i].as_string()));
  std::ranges::sort(all);
  return all;
}

std::string lines(const std::vector<std::string>& all) {
  std::string text;
  for (const auto& line : all) text += line + "\n";
  return text;
}

doc::Value prepared(doc::Value object, const schema::Type& type) {
  schema::prune(object, type);
  schema::apply_defaults(object, type);
  return object;
}

}  // namespace

TEST_CASE("definitions and their objects are judged as by Kubernetes' own code") {
  const auto stories = doc::parse_yaml_all(read("stories.yaml"), "stories.yaml");
  REQUIRE(stories.has_value());
  const auto answers = doc::parse_json(read("answers.json"));
  REQUIRE(answers.has_value());
  REQUIRE(stories->size() == answers->size());
  for (std::size_t i = 0; i < stories->size(); ++i) {
    const doc::Value& story = (*stories)[i];
    const doc::Value& answer = (*answers)[i];
    const std::string name = story["story"].string_or("");
    CAPTURE(name);
    REQUIRE(answer["story"].string_or("") == name);
    const auto definition = crd::read_definition(definition_of(story));
    CHECK(lines(definition ? std::vector<std::string>() : told(definition.error())) ==
          lines(wanted(answer["definition"])));
    if (!definition || answer["kept"].is_null()) continue;
    const schema::Type& type = definition->versions.front().compiled->type();
    const doc::Value object = prepared(story["object"], type);
    CHECK(doc::render_json_canonical(object) == doc::render_json_canonical(answer["kept"]));
    const doc::Value old = prepared(story["old"], type);
    CHECK(lines(told(crd::validate(object, type, old.is_null() ? nullptr : &old))) == lines(wanted(answer["object"])));
  }
}
