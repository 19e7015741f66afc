// Every line of testdata/*.txt: what a real API server's CEL (tools/cel-golden) makes of an expression, we make of it.

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/digest.hpp"
#include "core/doc.hpp"
#include "expr/cel/map.hpp"
#include "expr/cel/program.hpp"
#include "expr/cel/text.hpp"
#include "source_dir.hpp"

using namespace slipway;
using namespace slipway::expr::cel;

namespace {

std::string show(const Value& value) {
  switch (value.kind()) {
    case Kind::uinteger:
      return std::to_string(*value.get<std::uint64_t>()) + "u";
    case Kind::number: {
      auto text = render_double(*value.get<double>());
      return text.find_first_of(".eNI") == std::string::npos ? text + ".0" : text;
    }
    case Kind::bytes:
      return "b'" + core::base64(value.get<Bytes>()->view) + "'";
    case Kind::timestamp:
      return "timestamp " + render_timestamp(*value.get<Timestamp>());
    case Kind::duration:
      return "duration " + render_duration(*value.get<std::chrono::nanoseconds>());
    case Kind::optional: {
      const auto& held = value.get<Optional>()->held;
      return held == nullptr ? "none" : "some " + show(*held);
    }
    case Kind::type:
      return "type " + value.get<TypeName>()->name;
    case Kind::opaque:
      return "a " + value.type_name();
    case Kind::list: {
      std::string out;
      const auto& list = *value.get<List>();
      for (std::size_t i = 0; i < list.size(); ++i) out += (i == 0 ? "" : ", ") + show(list.at(i));
      return "[" + out + "]";
    }
    case Kind::map: {
      std::vector<std::string> entries;
      for (const auto& [key, element] : entries_of(*value.get<Map>()))
        entries.push_back(show(key) + ": " + show(element));
      std::sort(entries.begin(), entries.end());
      std::string out;
      for (const auto& entry : entries) out += (out.empty() ? "" : ", ") + entry;
      return "{" + out + "}";
    }
    default:
      return doc::render_json(to_document(value).value());
  }
}

std::string first_line(std::string text) {
  text = text.substr(0, text.find('\n'));
  return text.starts_with("ERROR: ") ? text.substr(7) : text;
}

std::string answer(std::string_view expression, const doc::Value& self) {
  const auto program = compile(expression, Declarations().add("self"));
  if (!program) return "refused: " + first_line(render_mistakes(program.error()));
  Budget budget;
  const auto value = program->evaluate(Bindings().document("self", self), budget);
  if (!value) return "error: " + value.error().message;
  return show(*value);
}

// "refused: <input>:1:5: x" without the place.
std::string strip_place(const std::string& text) {
  const auto end = text.find(": ", text.find("<input>"));
  return text.find("<input>") == std::string::npos ? text : text.substr(end + 2);
}
// The reference points at another place of the same call.
bool is_vague(const std::string& text) {
  return text.find("Syntax error") != std::string::npos || text.find("format") != std::string::npos ||
         text.find("out of range") != std::string::npos;
}

// Where the words may be ours: complaints of the grammar and about patterns and addresses, which the reference takes
// from its parser generator and from Go's libraries; and what it refuses without saying where.
bool agrees(std::string wanted, std::string given) {
  for (const std::string_view from :
       {"Syntax error", "error parsing regexp: ", "ParseAddr(", "no such overload", "error during formatting"}) {
    const auto in_wanted = wanted.find(from);
    const auto in_given = given.find(from);
    if (in_wanted == std::string::npos || in_given == std::string::npos) continue;
    return wanted.substr(0, wanted.find(' ')) == given.substr(0, given.find(' '));
  }
  if (wanted == given) return true;
  if (!wanted.starts_with("refused: ") || !given.starts_with("refused: ")) return false;
  return wanted.find("<input>") == std::string::npos ? given.ends_with(wanted.substr(9))
                                                     : strip_place(wanted) == strip_place(given) && is_vague(wanted);
}

void check_file(const std::string& name) {
  const std::string path = std::string(SLIPWAY_SOURCE_DIR) + "/src/expr/cel/testdata/" + name;
  std::ifstream file(path);
  REQUIRE(file);
  doc::Value self;
  int lines = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("self: ")) {
      self = doc::parse_json(line.substr(6)).value();
      continue;
    }
    const auto ours = line.find(" ==>! ");
    const auto arrow = ours != std::string::npos ? ours : line.find(" ==> ");
    if (line.empty() || line.starts_with('#') || arrow == std::string::npos) continue;
    const auto wanted = line.substr(arrow + (ours != std::string::npos ? 6 : 5));
    const auto given = answer(line.substr(0, arrow), self);
    ++lines;
    INFO(name, ": ", line.substr(0, arrow));
    INFO("wanted ", wanted);
    INFO("given  ", given);
    CHECK(agrees(wanted, given));
  }
  CHECK(lines > 50);
}

}  // namespace

TEST_CASE("literals, operators and mistakes of grammar are those of an API server") { check_file("literals.txt"); }
TEST_CASE("arithmetic, conversions and times are those of an API server") { check_file("arithmetic.txt"); }
TEST_CASE("text functions are those of an API server") { check_file("strings.txt"); }
TEST_CASE("lists, maps, macros and optionals are those of an API server") { check_file("lists.txt"); }
TEST_CASE("quantities, urls, addresses, formats and versions are those of an API server") {
  check_file("kubernetes.txt");
}
