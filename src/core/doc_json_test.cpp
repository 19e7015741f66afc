#include <doctest/doctest.h>

#include <cmath>

#include "core/doc.hpp"

using namespace slipway;
using doc::Array;
using doc::Object;
using doc::Value;

namespace {
std::string reread(std::string_view text) {
  const auto value = doc::parse_json(text);
  if (!value) return value.error().one_line();
  return doc::render_json(*value);
}
}  // namespace

TEST_CASE("JSON documents are read and written back") {
  const struct {
    const char* text;
    const char* rendered;
  } table[] = {{"null", "null"},
               {" [ ] ", "[]"},
               {"{ }", "{}"},
               {"[1,2 , 3]", "[1,2,3]"},
               {R"({"b":1,"a":{"x":[true,false,null]}})", R"({"b":1,"a":{"x":[true,false,null]}})"},
               {"\"\\u00e9\\ud83d\\ude00\\n\\/\"", "\"\xC3\xA9\xF0\x9F\x98\x80\\n/\""},
               {"\"\\u0000\\u001f\"", "\"\\u0000\\u001f\""},
               {"9223372036854775807", "9223372036854775807"},
               {"-9223372036854775808", "-9223372036854775808"},
               {"9223372036854775808", "9223372036854776000.0"},
               {"333333033312481736.3", "333333033312481700.0"},
               {"1e3", "1000"},
               {"1.50", "1.5"},
               {"-0.0", "0"},
               {"0.1", "0.1"},
               {"1e-7", "1e-7"},
               {"1e21", "1e+21"},
               {"1e-400", "0"},
               {"123456789012345680000", "123456789012345680000.0"},
               {"\xEF\xBB\xBF[1]", "[1]"},
               {"\t[\r\n1]\n", "[1]"}};
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(reread(row.text) == row.rendered);
  }
  CHECK(doc::parse_json("9007199254740993").value().as_int() == 9007199254740993);
  CHECK(doc::parse_json("1.0").value().type() == doc::Type::number);
}

TEST_CASE("a character is read and written the same wherever it stands in a text") {
  for (const std::string special : {"\"", "\\", "\n", "\x01", "\x1F", "\x7F", "\xC3\xA9", "\xF0\x9F\x98\x80"}) {
    for (std::size_t before = 0; before < 20; ++before) {
      const auto text = std::string(before, 'a') + special + std::string(20 - before, 'b');
      CAPTURE(text);
      CHECK(doc::parse_json(doc::render_json(text)).value().as_string() == text);
      CHECK(doc::parse_json("\"" + std::string(before, 'a') + "\x01\"").error().message ==
            "control character in a string");
    }
  }
}

TEST_CASE("bytes that are no UTF-8 are refused, and written as the character that says so") {
  for (const std::string invalid : {"\xFF", "\xC3", "\xE2\x82", "\xED\xA0\x80"}) {
    std::string marks;
    for (std::size_t i = 0; i < invalid.size(); ++i) marks += "\xEF\xBF\xBD";
    for (std::size_t before = 0; before < 20; ++before) {
      const std::string front(before, 'a');
      CHECK(doc::render_json(front + invalid + "b\xC3\xA9") == "\"" + front + marks + "b\xC3\xA9\"");
      CHECK(doc::parse_json("\"" + front + invalid + "\"").error().message == "invalid UTF-8");
    }
  }
}

TEST_CASE("mistakes in JSON are told with their place") {
  const struct {
    const char* text;
    const char* error;
  } table[] = {{"", "<json>:1:1: expected a value, found end of the text"},
               {"{\"a\":1,\n \"a\":2}", "<json>:2:2: duplicate key \"a\"; keep one of them"},
               {"[1,]", "<json>:1:4: expected a value, found ']'; remove the comma before it"},
               {"{\"a\":1,}", "<json>:1:8: expected a key in double quotes, found '}'; remove the comma before it"},
               {"{a:1}", "<json>:1:2: expected a key in double quotes, found 'a'"},
               {"{\"a\" 1}", "<json>:1:6: expected ':', found '1'"},
               {"[1 2]", "<json>:1:4: expected ',' or ']', found '2'"},
               {"{\"a\":1 \"b\"}", "<json>:1:8: expected ',' or '}', found '\"'"},
               {"[1", "<json>:1:3: expected ',' or ']', found end of the text"},
               {"'a'", "<json>:1:1: expected a value, found '''; strings stand in double quotes"},
               {"// x\n1", "<json>:1:1: expected a value, found '/'; JSON has no comments"},
               {"tru", "<json>:1:1: expected a value, found 't'; strings stand in double quotes"},
               {"01", "<json>:1:1: a number must not begin with 0"},
               {"1.", "<json>:1:3: expected a digit, found end of the text"},
               {"1e", "<json>:1:3: expected a digit, found end of the text"},
               {"-", "<json>:1:1: expected a value, found '-'"},
               {".5", "<json>:1:1: expected a value, found '.'"},
               {"+1", "<json>:1:1: expected a value, found '+'"},
               {"NaN", "<json>:1:1: expected a value, found 'N'; strings stand in double quotes"},
               {"1e400", "<json>:1:1: this number is too large"},
               {"0.1e999", "<json>:1:1: this number is too large"},
               {"\"a", "<json>:1:1: this string has no end; add the closing double quote"},
               {"\"a\nb\"", "<json>:1:3: control character in a string; write \\n, \\t or \\u00XX"},
               {"\"\\x\"", "<json>:1:2: unknown escape in a string; a backslash itself is written \\\\"},
               {"\"\\u12\"", "<json>:1:2: \\u needs four hex digits"},
               {"\"\\ud800\"", "<json>:1:2: half of a surrogate pair is not a character"},
               {"\"\\udc00\"", "<json>:1:2: half of a surrogate pair is not a character"},
               {"1 2", "<json>:1:3: unexpected '2' after the end of the document"},
               {"\"\xFF\"", "<json>:1:2: invalid UTF-8; save the file as UTF-8"},
               {"\"\xC0\x80\"", "<json>:1:2: invalid UTF-8; save the file as UTF-8"},
               {"\"\xED\xA0\x80\"", "<json>:1:2: invalid UTF-8; save the file as UTF-8"}};
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(reread(row.text) == row.error);
  }
}

TEST_CASE("JSON may be 200 deep, not more") {
  CHECK(doc::parse_json(std::string(200, '[') + std::string(200, ']')).has_value());
  const auto deeper = doc::parse_json(std::string(100000, '['));
  REQUIRE(!deeper.has_value());
  CHECK(deeper.error().message == "nested deeper than 200 levels");
}

TEST_CASE("duplicate keys are found in large objects too") {
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += "\"k" + std::to_string(i) + "\":1,";
  CHECK(doc::parse_json(text + "\"x\":1}").value().size() == 101);
  CHECK(reread(text + "\"k50\":1}").find("duplicate key \"k50\"") != std::string::npos);
  CHECK(reread(text + "\"k3\":1}").find("duplicate key \"k3\"") != std::string::npos);
}

TEST_CASE("pretty JSON has two spaces a level") {
  const Value value = Object{{"a", Array{1, Object{}}}, {"b", Array{}}, {"c", "x"}};
  CHECK(doc::render_json_pretty(value) == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": [],\n  \"c\": \"x\"\n}");
}

TEST_CASE("canonical JSON is RFC 8785's") {
  // Section 3.2.3: sorted by UTF-16 code units.
  const auto value = doc::parse_json(
      "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\","
      "\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\",\"\\u00f6\":\"Latin Small "
      "Letter O With Diaeresis\"}");
  REQUIRE(value.has_value());
  CHECK(doc::render_json_canonical(*value) ==
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\",\"\xC3\xB6\":\"Latin Small Letter O With "
        "Diaeresis\","
        "\"\xE2\x82\xAC\":\"Euro Sign\",\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\",\"\xEF\xAC\xB3\":\"Hebrew Letter "
        "Dalet With Dagesh\"}");
  // Section 3.2.2.
  const auto numbers = doc::parse_json(
      "{\"numbers\":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"
      "\"string\":\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\"literals\":[null,true,false]}");
  CHECK(doc::render_json_canonical(*numbers) ==
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST_CASE("large numbers read back exactly, and canonical text stays RFC 8785's") {
  const auto value = doc::parse_json("333333033312481736.3").value();
  CHECK(doc::parse_json(doc::render_json(value)).value() == value);
  CHECK(doc::render_json_canonical(value).find('.') == std::string::npos);
}

TEST_CASE("what JSON cannot say is rendered as something it can") {
  CHECK(doc::render_json(Value(std::nan(""))) == "null");
  CHECK(doc::render_json(Value(INFINITY)) == "null");
  CHECK(doc::render_json(Value(std::string("a\xFF\x62"))) == "\"a\xEF\xBF\xBD\x62\"");
}
