#include <doctest/doctest.h>

#include "core/doc.hpp"

using namespace slipway;
using doc::Array;
using doc::Object;
using doc::Value;

namespace {
void check_reads_back(const Value& value) {
  const std::string text = doc::render_yaml(value);
  CAPTURE(text);
  const auto again = doc::parse_yaml(text, "rendered");
  REQUIRE_MESSAGE(again.has_value(), again.error().render());
  CHECK(*again == value);
}
}  // namespace

TEST_CASE("YAML is rendered in block style, as kubectl does") {
  const Value value = Object{{"apiVersion", "v1"},
                             {"metadata", Object{{"name", "x"}, {"labels", Object{}}}},
                             {"list", Array{1, Object{{"a", 1}, {"b", Array{2, 3}}}, Array{4, Array{5}}, Array{}}},
                             {"text", "one\ntwo\n"},
                             {"none", nullptr},
                             {"ratio", 1.0}};
  CHECK(doc::render_yaml(value) ==
        "apiVersion: v1\n"
        "metadata:\n"
        "  name: x\n"
        "  labels: {}\n"
        "list:\n"
        "- 1\n"
        "- a: 1\n"
        "  b:\n"
        "  - 2\n"
        "  - 3\n"
        "- - 4\n"
        "  - - 5\n"
        "- []\n"
        "text: |\n"
        "  one\n"
        "  two\n"
        "none: null\n"
        "ratio: 1.0\n");
  check_reads_back(value);
}

TEST_CASE("strings that would read back as something else are quoted") {
  const struct {
    const char* text;
    bool quoted;
  } table[] = {{"plain", false},
               {"two words", false},
               {"a:b", false},
               {"--port", false},
               {"-x", false},
               {"http://x/y?z=1", false},
               {"v1.2.3", false},
               {"10.0.0.1", false},
               {"24h", false},
               {"a#b", false},
               {"caf\xC3\xA9", false},
               {"sha256:abc", false},
               {"$(POD_IP)", false},
               {"0.1.0", false},
               {"", true},
               {"true", true},
               {"yes", true},
               {"No", true},
               {"on", true},
               {"null", true},
               {"~", true},
               {"12", true},
               {"1e3", true},
               {"010", true},
               {"12:30", true},
               {"2026-11-23", true},
               {"1_000", true},
               {".inf", true},
               {"0x1F", true},
               {" lead", true},
               {"trail ", true},
               {"a: b", true},
               {"a #b", true},
               {"ends:", true},
               {"- x", true},
               {"-", true},
               {"---", true},
               {"...", true},
               {"{a", true},
               {"[a", true},
               {"*a", true},
               {"&a", true},
               {"!a", true},
               {"|", true},
               {">", true},
               {"'", true},
               {"\"", true},
               {"%a", true},
               {"@a", true},
               {"`a", true},
               {"#a", true},
               {"?", true},
               {"a\tb", true},
               {"a\x7F", true},
               {"\xC2\x85", true},
               {"\xE2\x80\xA8", true},
               {"\xEF\xBB\xBFx", true},
               {"a\rb", true},
               {"<<", true},
               {"=", true}};
  for (const auto& row : table) {
    CAPTURE(row.text);
    const std::string rendered = doc::render_yaml(Array{row.text});
    CHECK((rendered.substr(2, 1) == "\"") == row.quoted);
    check_reads_back(Array{row.text});
    check_reads_back(Object{{row.text, 1}});
    check_reads_back(Object{{"k", Object{{row.text, row.text}}}});
    check_reads_back(Value(row.text));
  }
}

TEST_CASE("texts of several lines read back exactly") {
  for (const char* text : {"a\nb",      "a\nb\n",      "a\nb\n\n", "a\n\n\nb", " a\nb",          "\na",
                           "\n",        "\n\n",        "a\n b\n",  "a \nb ",   "a\n  ",          "a\n\tb",
                           "\ta\nb",    "a\r\nb",      "# a\nb",   "- a\nb",   "a: b\nc: d\n",   "---\na",
                           "a\n---\nb", "a\n...\nb\n", "a\n# b",   "a\n\n ",   "\xE2\x80\xA9\nx"}) {
    CAPTURE(text);
    check_reads_back(Value(text));
    check_reads_back(Object{{"a", Object{{"b", text}}}, {"c", 1}});
    check_reads_back(Array{Array{text, text}, Object{{"x", text}}});
    check_reads_back(Object{{text, text}});
  }
  check_reads_back(Value(std::string("nul\0byte", 8)));
}

TEST_CASE("numbers keep their value and keys of any length work") {
  for (double number : {1.0, 1.5, -0.25, 1e21, 1e-7, 1e300, 5e-324, 123456789012345680000.0})
    check_reads_back(Array{number});
  for (std::int64_t number : {INT64_MIN, INT64_MAX, std::int64_t{0}}) check_reads_back(Array{number});
  check_reads_back(
      Object{{std::string(3000, 'k'), Object{{std::string(2000, '"'), Array{1}}, {std::string(1500, 'x'), Array{}}}},
             {"z", 1}});
}
