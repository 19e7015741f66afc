#include <doctest/doctest.h>

#include "core/doc.hpp"

using namespace slipway;
using namespace std::chrono_literals;

namespace {
doc::Value yaml(std::string_view text) {
  auto value = doc::parse_yaml(text, "f.yaml");
  REQUIRE(value.has_value());
  return std::move(*value);
}

// What one reading of one field says about a document; "" when it is content.
template <class Read>
std::string complaint(std::string_view text, Read read) {
  const doc::Value value = yaml(text);
  doc::Decoder decoder(value, "spec");
  read(decoder);
  const auto result = decoder.finish();
  return result ? "" : result.error().one_line();
}
}  // namespace

TEST_CASE("fields are read with their types and fallbacks") {
  const doc::Value value = yaml(
      "name: x\nreplicas: 3\nratio: 0.5\nenabled: true\nwait: 1h30m\nseconds: 30\nmode: fast\n"
      "labels: {a: b}\nargs: [x, y]\nversion: 1.10\nnothing:\ninner: {k: 1}\nlist: [1]\n");
  doc::Decoder d(value, "spec");
  CHECK(d.required_string("name") == "x");
  CHECK(d.string("absent", "f") == "f");
  CHECK(d.string("nothing", "f") == "f");
  CHECK(d.integer("replicas", 1, {0, 10}) == 3);
  CHECK(d.integer("absent", 1) == 1);
  CHECK(d.number("ratio", 0) == 0.5);
  CHECK(d.number("replicas", 0) == 3.0);
  CHECK(d.boolean("enabled", false));
  CHECK(d.duration("wait", 0s) == 90min);
  CHECK(d.duration("seconds", 0s) == 30s);
  CHECK(d.one_of("mode", {"fast", "slow"}, "slow") == "fast");
  CHECK(d.string_map("labels").at("a") == "b");
  CHECK(d.string_list("args") == std::vector<std::string>{"x", "y"});
  CHECK(d.scalar_text("version") == "1.10");
  CHECK(d.object("inner")["k"].as_int() == 1);
  CHECK(d.array("list").size() == 1);
  CHECK(d.has("nothing"));
  CHECK(!d.has("gone"));
  CHECK(d.finish().has_value());
}

TEST_CASE("each wrong field is told with its place, what was wanted and what to do") {
  using D = doc::Decoder;
  const struct {
    const char* text;
    void (*read)(D&);
    const char* expected;
  } table[] = {
      {"a: 1", [](D& d) { d.string("a"); },
       "f.yaml:1:4: \"a\" in spec must be a string, not the integer 1; quote it: \"1\""},
      {"a: 1.10", [](D& d) { d.string("a"); },
       "f.yaml:1:4: \"a\" in spec must be a string, not the number 1.10; quote it: \"1.10\""},
      {"a: []", [](D& d) { d.string("a"); }, "f.yaml:1:4: \"a\" in spec must be a string, not an array"},
      {"b: 1",
       [](D& d) {
         d.required_string("a");
         d.ignore("b");
       },
       "f.yaml:1:1: missing \"a\" in spec"},
      {"a: ''", [](D& d) { d.required_string("a"); }, "f.yaml:1:4: \"a\" in spec must not be empty"},
      {"a: \"3\"", [](D& d) { d.integer("a", 0); },
       "f.yaml:1:4: \"a\" in spec must be an integer, not the string \"3\"; remove the quotes"},
      {"a: three", [](D& d) { d.integer("a", 0); },
       "f.yaml:1:4: \"a\" in spec must be an integer, not the string \"three\""},
      {"a: 1.5", [](D& d) { d.integer("a", 0); }, "f.yaml:1:4: \"a\" in spec must be an integer, not the number 1.5"},
      {"a: 1e3", [](D& d) { CHECK(d.integer("a", 0) == 1000); }, ""},
      {"a: 12", [](D& d) { d.integer("a", 0, {0, 10}); }, "f.yaml:1:4: \"a\" in spec must be between 0 and 10, not 12"},
      {"a: 0", [](D& d) { d.integer("a", 1, {1}); }, "f.yaml:1:4: \"a\" in spec must be at least 1, not 0"},
      {"a: x", [](D& d) { d.number("a", 0); }, "f.yaml:1:4: \"a\" in spec must be a number, not the string \"x\""},
      {"a: yes", [](D& d) { d.boolean("a", false); },
       "f.yaml:1:4: \"a\" in spec must be true or false, not the string \"yes\"; write true: only YAML 1.1 read yes as "
       "a boolean; quote it where you mean the text"},
      {"a: off", [](D& d) { d.boolean("a", false); },
       "f.yaml:1:4: \"a\" in spec must be true or false, not the string \"off\"; write false: only YAML 1.1 read off "
       "as a boolean; quote it where you mean the text"},
      {"a: \"true\"", [](D& d) { d.boolean("a", false); },
       "f.yaml:1:4: \"a\" in spec must be true or false, not the string \"true\"; remove the quotes"},
      {"a: 1", [](D& d) { d.boolean("a", false); },
       "f.yaml:1:4: \"a\" in spec must be true or false, not the integer 1"},
      {"a: soon", [](D& d) { d.duration("a", 0s); },
       "f.yaml:1:4: \"a\" in spec: invalid duration \"soon\"; write it like 30s, 1h30m or 300ms; a number alone means "
       "seconds"},
      {"a: fats", [](D& d) { d.one_of("a", {"fast", "slow", "off"}, ""); },
       "f.yaml:1:4: \"a\" in spec must be fast, slow or off, not \"fats\"; did you mean \"fast\"?"},
      {"a: {b: 1}", [](D& d) { d.string_map("a"); },
       "f.yaml:1:8: \"b\" in spec.a must be a string, not the integer 1; quote it: \"1\""},
      {"a: [x, true]", [](D& d) { d.string_list("a"); },
       "f.yaml:1:8: element 2 of \"a\" in spec must be a string, not the boolean true; quote it: \"true\""},
      {"a: [1]", [](D& d) { d.object("a"); }, "f.yaml:1:4: \"a\" in spec must be an object, not an array"},
      {"a: {}", [](D& d) { d.array("a"); }, "f.yaml:1:4: \"a\" in spec must be an array, not an object"},
      {"a: {}", [](D& d) { d.scalar_text("a"); },
       "f.yaml:1:4: \"a\" in spec must be a text, a number or a boolean, not an object"},
      {"a: 5",
       [](D& d) {
         d.any("a");
         d.add("a", "five is too many", "take four");
       },
       "f.yaml:1:4: five is too many; take four"},
      {"replica: 5", [](D& d) { d.integer("replicas", 1); },
       "f.yaml:1:1: unknown field \"replica\" in spec; did you mean \"replicas\"?"},
      {"x: 5", [](D& d) { d.integer("replicas", 1); }, "f.yaml:1:1: unknown field \"x\" in spec"},
      {"[1]",
       [](D& d) {
         d.integer("replicas", 1);
         d.required_string("name");
       },
       "f.yaml:1:1: spec must be an object, not an array"},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(complaint(row.text, row.read) == row.expected);
  }
}

TEST_CASE("all problems come at once, in the order of the file, nested readers' too") {
  const doc::Value value = yaml("nmae: x\nreplicas: many\ninner:\n  prot: 1\n  paused: yes\n");
  doc::Decoder d(value, "spec");
  (void)d.string("name");
  doc::Decoder inner(d.object("inner"), "spec.inner");
  (void)inner.integer("port", 0);
  (void)inner.boolean("paused", false);
  if (auto result = inner.finish(); !result) d.add(std::move(result).error());
  (void)d.integer("replicas", 1);
  const auto result = d.finish();
  REQUIRE(!result.has_value());
  CHECK(result.error().code == Code::invalid_argument);
  CHECK(result.error().message == "4 problems");
  std::vector<std::string> places;
  for (const Error& cause : result.error().causes) places.push_back(cause.mark.render());
  CHECK(places == std::vector<std::string>{"f.yaml:1:1", "f.yaml:2:11", "f.yaml:4:3", "f.yaml:5:11"});
}

TEST_CASE("nothing is an empty object: only what is required is missing") {
  const doc::Value nothing;
  doc::Decoder d(nothing, "spec");
  CHECK(d.integer("replicas", 1) == 1);
  CHECK(d.finish().has_value());
  doc::Decoder strict(nothing, "spec");
  (void)strict.required_string("name");
  const auto result = strict.finish();
  REQUIRE(!result.has_value());
  CHECK(result.error().one_line() == "missing \"name\" in spec");
}
