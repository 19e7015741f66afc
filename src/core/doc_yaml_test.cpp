#include <doctest/doctest.h>

#include "core/doc.hpp"

using namespace slipway;

namespace {
// A document as JSON, or its errors, one a line.
std::string as_json(std::string_view text) {
  const auto value = doc::parse_yaml(text, "f.yaml");
  if (value) return doc::render_json(*value);
  const Error& error = value.error();
  if (error.causes.empty()) return error.one_line();
  std::string lines;
  for (const Error& cause : error.causes) lines += (lines.empty() ? "" : "\n") + cause.one_line();
  return lines;
}
}  // namespace

TEST_CASE("plain words of YAML mean what YAML 1.2 says, without its traps") {
  const struct {
    const char* word;
    const char* json;
  } table[] = {{"true", "true"},
               {"True", "true"},
               {"FALSE", "false"},
               {"null", "null"},
               {"~", "null"},
               {"", "null"},
               {"yes", "\"yes\""},
               {"no", "\"no\""},
               {"on", "\"on\""},
               {"off", "\"off\""},
               {"y", "\"y\""},
               {"tRUE", "\"tRUE\""},
               {"0", "0"},
               {"12", "12"},
               {"-12", "-12"},
               {"+12", "12"},
               {"0x1F", "31"},
               {"0o17", "15"},
               {"010", "\"010\""},
               {"-007", "\"-007\""},
               {"12:30", "\"12:30\""},
               {"1_000", "\"1_000\""},
               {"1e3", "1000"},
               {"1.5", "1.5"},
               {".5", "0.5"},
               {"1.", "1"},
               {"1.5e-3", "0.0015"},
               {"01.5", "\"01.5\""},
               {"0.5", "0.5"},
               {"1.2.3", "\"1.2.3\""},
               {"127.0.0.1", "\"127.0.0.1\""},
               {"2026-11-23", "\"2026-11-23\""},
               {".inf", "\".inf\""},
               {".nan", "\".nan\""},
               {"12e4567", "\"12e4567\""},
               {"0123e45", "\"0123e45\""},
               {"9223372036854775807", "9223372036854775807"},
               {"9223372036854775808", "9223372036854776000.0"},
               {"0xZZ", "\"0xZZ\""},
               {"-", "[null]"},
               {".", "\".\""},
               {"+", "\"+\""},
               {"1 2", "\"1 2\""},
               {"'12'", "\"12\""},
               {"\"true\"", "\"true\""},
               {"!!str 12", "\"12\""},
               {"!!int \"12\"", "12"},
               {"!!float 1", "1"},
               {"! 12", "\"12\""},
               {"!!null ''", "null"},
               {"12 # comment", "12"},
               {"a#b", "\"a#b\""},
               {"v1.10", "\"v1.10\""}};
  for (const auto& row : table) {
    CAPTURE(row.word);
    CHECK(as_json("- " + std::string(row.word)) == "[" + std::string(row.json) + "]");
  }
}

TEST_CASE("keys are always text") {
  CHECK(as_json("on: push\ntrue: a\n8080: b\n1.10: c\nnull: d\n~: e\n") ==
        R"({"on":"push","true":"a","8080":"b","1.10":"c","null":"d","~":"e"})");
  CHECK(as_json("? a\n: 1\n\"b c\": 2\n") == R"({"a":1,"b c":2})");
  CHECK(as_json("? [a]\n: 1\n") == "f.yaml:1:3: a key must be a text, not a list or a mapping");
}

TEST_CASE("anchors, aliases and merges") {
  CHECK(as_json("a: &x [1, {b: 2}]\nc: *x\n") == R"({"a":[1,{"b":2}],"c":[1,{"b":2}]})");
  CHECK(as_json("a: &x 1\nb: &x 2\nc: *x\n") == R"({"a":1,"b":2,"c":2})");
  CHECK(as_json("a: &k name\n*k : 1\n") == R"({"a":"name","name":1})");
  // Its own members win wherever "<<" stands; of several merged mappings the earlier wins.
  CHECK(as_json("base: &b {x: 1, y: 2}\nc:\n  <<: *b\n  y: 3\n") == R"({"base":{"x":1,"y":2},"c":{"y":3,"x":1}})");
  CHECK(as_json("base: &b {x: 1, y: 2}\nc:\n  y: 3\n  <<: *b\n") == R"({"base":{"x":1,"y":2},"c":{"y":3,"x":1}})");
  CHECK(as_json("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {<<: [*a, *b]}\n") ==
        R"({"a":{"x":1},"b":{"x":2,"z":3},"c":{"x":1,"z":3}})");
  CHECK(as_json("\"<<\": 1\n") == R"({"<<":1})");
  CHECK(as_json("a: {<<: 1}\n") ==
        "f.yaml:1:9: \"<<\" merges mappings; found type integer; quote the key if it is not meant as a merge");
  CHECK(as_json("a: *nmae\nb: 1\n") == "f.yaml:1:5: no anchor &nmae before this alias");
  CHECK(as_json("a: &name 1\nb: *nmae\n") == "f.yaml:2:5: no anchor &nmae before this alias; did you mean \"*name\"?");
  CHECK(as_json("a: &x [*x]\n") == "f.yaml:1:9: *x stands inside of what it names");
  // An anchor ends with its document.
  CHECK(!doc::parse_yaml_all("a: &x 1\n---\nb: *x\n", "f.yaml").has_value());
}

TEST_CASE("a small file that expands to billions of values is refused") {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string inner = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + inner;
    for (int k = 0; k < 9; ++k) text += ", " + inner;
    text += "]\n";
  }
  CHECK(as_json(text).find("aliases expand to more than 1000000 values") != std::string::npos);
}

TEST_CASE("YAML may be 200 deep, also through aliases") {
  CHECK(as_json(std::string(200, '[') + std::string(200, ']')).starts_with("[[["));
  CHECK(as_json(std::string(201, '[') + std::string(201, ']')) == "f.yaml:1:201: nested deeper than 200 levels");
  CHECK(as_json("a: &a " + std::string(150, '[') + std::string(150, ']') + "\nb: " + std::string(100, '[') + "*a" +
                std::string(100, ']'))
            .find("nested deeper than 200 levels") != std::string::npos);
}

TEST_CASE("all duplicate keys are reported at once") {
  CHECK(as_json("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 4\n") ==
        "f.yaml:5:3: duplicate key \"c\"; it is set in line 3 already\n"
        "f.yaml:6:1: duplicate key \"a\"; it is set in line 1 already");
  CHECK(as_json("a: &a {}\nb: &b {}\nc:\n  <<: *a\n  <<: *b\n") ==
        "f.yaml:5:3: duplicate key \"<<\"; merge several with a list: <<: [*a, *b]");
  std::string many;
  for (int i = 0; i < 50; ++i) many += "k" + std::to_string(i) + ": 1\n";
  CHECK(as_json(many + "k7: 2\n") == "f.yaml:51:1: duplicate key \"k7\"; it is set in line 8 already");
}

TEST_CASE("mistakes in YAML are told with their place") {
  const struct {
    const char* text;
    const char* error;
  } table[] = {
      {"a: 1\n\tb: 2\n", "f.yaml:2:1: a tab indents this line; indent with spaces: YAML allows no tabs there"},
      {"a:\n\t- b\n", "f.yaml:2:1: a tab indents this line; indent with spaces: YAML allows no tabs there"},
      {"a: b: c\n", "f.yaml:1:5: invalid nested block mapping on the same line; quote a text that has \": \" in it"},
      {"a: @b\n", "f.yaml:1:4: plain scalar cannot start with '@'; quote this text"},
      {"x: 1\na: [1, 2\n", "f.yaml:2:4: flow sequence without a closing bracket"},
      {"a: \"b\n", "f.yaml:1:5: double-quoted scalar without closing quote"},
      {"a:\n  b: 1\n c: 2\n", "f.yaml:3:2: invalid indentation in mapping"},
      {"a: caf\xE9\n", "f.yaml:1:7: invalid UTF-8; save the file as UTF-8"},
      {"a: b\x01\n", "f.yaml:1:5: control character (byte 1); write it as \"\\x..\" in a double-quoted string"},
      {"a: !secret x\n", "f.yaml:1:12: the tag \"!secret\" is not supported; remove it"},
      {"a: !!int x\n", "f.yaml:1:10: \"x\" is not what its tag !!int says"},
      {"", "f.yaml: expected one YAML document, found none; is the file empty?"},
      {"# nothing\n", "f.yaml: expected one YAML document, found none; is the file empty?"},
      {"a: 1\n---\nb: 2\n",
       "f.yaml:3:1: expected one YAML document, found 2; documents are separated by lines of ---"}};
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(as_json(row.text) == row.error);
  }
}

TEST_CASE("a file holds several documents, and those of comments alone are skipped") {
  const auto documents =
      doc::parse_yaml_all("# head\n---\na: 1\n---\n# nothing here\n---\nb: 2\n...\n---\nnull\n", "f.yaml");
  REQUIRE(documents.has_value());
  REQUIRE(documents->size() == 3);
  CHECK(doc::render_json((*documents)[1]) == R"({"b":2})");
  CHECK((*documents)[2].is_null());
}

TEST_CASE("JSON is YAML, tabs and all") {
  CHECK(as_json("{\n\t\"a\": [1, true, null, \"x\\u0041\\/\"],\n\t\"b\": {}\n}\n") ==
        R"({"a":[1,true,null,"xA/"],"b":{}})");
}

TEST_CASE("scalars of several lines") {
  CHECK(as_json("a: |\n  x\n   y\n\nb: >-\n  one\n  two\n") == R"({"a":"x\n y\n","b":"one two"})");
  CHECK(as_json("a: plain\n  more\n") == R"({"a":"plain more"})");
  CHECK(as_json("\xEF\xBB\xBF"
                "a: 1\r\nb: x\r\n") == R"({"a":1,"b":"x"})");
}

TEST_CASE("every part knows where it stood") {
  const auto parsed =
      doc::parse_yaml("a: 1\n\xC3\xA9:  [x, \"y z\"]\nb:\n  c: {d: true}\ne:\nf: |\n  text\n  more\n", "f.yaml");
  REQUIRE(parsed.has_value());
  const auto place = [](const Mark& mark) { return mark.render() + "+" + std::to_string(mark.length); };
  const doc::Value& v = *parsed;
  CHECK(place(v["a"].mark()) == "f.yaml:1:4+1");
  CHECK(place(v["a"].key_mark()) == "f.yaml:1:1+1");
  CHECK(place(v["\xC3\xA9"].key_mark()) == "f.yaml:2:1+2");
  CHECK(place(v["\xC3\xA9"].mark()) == "f.yaml:2:6+1");
  CHECK(place(v["\xC3\xA9"][1].mark()) == "f.yaml:2:10+5");
  CHECK(place(v["b"]["c"]["d"].mark()) == "f.yaml:4:10+4");
  CHECK(place(v["b"].mark()) == "f.yaml:4:3+1");
  CHECK(place(v["e"].mark()) == "f.yaml:5:1+1");
  CHECK(place(v["f"].mark()) == "f.yaml:7:1+6");
  CHECK(!v["\xC3\xA9"][0].key_mark().known());
}

TEST_CASE("a quoted scalar may go on at its parent's indentation, as other parsers take it and formatters write it") {
  const auto parsed = doc::parse_yaml("a:\n  - \"x\\\n  \\ y\"\n  - 'p\n\n  q'\n", "f.yaml");
  REQUIRE(parsed);
  CHECK(parsed->at_path("a")[0].as_string() == "x y");
  CHECK(parsed->at_path("a")[1].as_string() == "p\nq");
}

TEST_CASE("several doubled quotes in a row between single quotes are as many quotes") {
  const std::pair<const char*, const char*> cases[] = {
      {"a: 'x == '''') y'", "x == '') y"},
      {"a: ''''''", "''"},
      {"a: 'x == '''')\n  more ''q'' '", "x == '') more 'q' "},
      {"a: ''''''' z'", "''' z"},
      {"a: 'one ''''\n\n\n  two'", "one ''\n\ntwo"},
  };
  for (const auto& [text, wanted] : cases) {
    INFO(text);
    const auto parsed = doc::parse_yaml(text, "t");
    REQUIRE(parsed.has_value());
    CHECK((*parsed)["a"].string_or("") == wanted);
  }
}
