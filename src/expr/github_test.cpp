#include <doctest/doctest.h>

#include "expr/github.hpp"

using namespace slipway;
using namespace slipway::expr;

namespace {

const doc::Value contexts = doc::Object{
    {"github", doc::Object{{"ref", "refs/heads/main"},
                           {"event", doc::Object{{"commits",
                                                  doc::Array{doc::Object{{"id", "a1"}, {"files", doc::Array{"x", "y"}}},
                                                             doc::Object{{"id", "b2"}}}}}},
                           {"empty", doc::Array{}}}},
    {"env", doc::Object{{"NAME", "World"}, {"COUNT", "3"}}},
    {"steps", doc::Object{{"my-step", doc::Object{{"outputs", doc::Object{{"digest", "sha256:ab"}}}}}}},
    {"needs", doc::Object{}}};
const github::Allowed allowed{{"github", "env", "steps", "needs"}, true};

// The value as JSON, or the error's first line.
std::string value_of(std::string_view expression, github::Scope scope = {}) {
  scope.contexts = &contexts.as_object();
  const auto text = "${{ " + std::string(expression) + " }}";
  const auto parsed = github::parse_template(text, {}, allowed);
  if (!parsed) return "error: " + parsed.error().message;
  const auto value = github::evaluate(*parsed, scope);
  if (!value) return "error: " + value.error().message;
  return doc::render_json(*value);
}

std::string text_of(std::string_view text) {
  const auto parsed = github::parse_template(text, {}, allowed);
  if (!parsed) return "error: " + parsed.error().message;
  return github::evaluate_text(*parsed, {&contexts.as_object()}).value();
}

bool condition(std::string_view text, bool failed, bool cancelled = false) {
  const auto parsed = github::parse_condition(text, {}, allowed);
  REQUIRE_MESSAGE(parsed, text);
  const auto status = cancelled ? github::Status::cancelled
                      : failed  ? github::Status::failure
                                : github::Status::success;
  return github::evaluate_condition(*parsed, {&contexts.as_object(), status}).value();
}

core::Mark mark_at(const std::string& text, std::uint32_t line, std::uint32_t column) {
  return {std::make_shared<core::Source>(core::Source{"ci.yaml", text}), line, column, 1};
}

}  // namespace

TEST_CASE("GitHub expressions give the values that the runner gives") {
  const std::pair<const char*, const char*> table[] = {
      {"1", "1"},
      {"-2.5e1", "-25"},
      {"0x1F", "31"},
      {"0o17", "15"},
      {"'it''s'", "\"it's\""},
      {"true", "true"},
      {"null", "null"},
      {"!true", "false"},
      {"!!'a'", "true"},
      {"1 < 2 && 2 < 3", "true"},
      {"'a' || 'b'", "\"a\""},
      {"'' || 'b'", "\"b\""},
      {"'a' && 'b'", "\"b\""},
      {"0 && 'b'", "0"},
      {"(1 == 1) == true", "true"},
      {"'ABC' == 'abc'", "true"},
      {"'b' > 'A'", "true"},
      {"'1' == 1", "true"},
      {"'' == 0", "true"},
      {"null == 0", "true"},
      {"null == ''", "true"},
      {"true == 1", "true"},
      {"true == 'true'", "false"},
      {"true == '1'", "true"},
      {"'x' == 0", "false"},
      {"NaN == NaN", "false"},
      {"NaN != NaN", "true"},
      {"'0x10' == 16", "true"},
      {"' 7 ' == 7", "true"},
      {"github.event == github.event", "true"},
      {"fromJSON('[]') == fromJSON('[]')", "false"},
      {"github.event == 'Object'", "false"},
      {"github.REF", "\"refs/heads/main\""},
      {"github['ref']", "\"refs/heads/main\""},
      {"github.nothing.at.all", "null"},
      {"github.event.commits[1].id", "\"b2\""},
      {"github.event.commits.*.id", "[\"a1\",\"b2\"]"},
      {"github.event.commits[*].id", "[\"a1\",\"b2\"]"},
      {"github.event.commits.*.files", "[[\"x\",\"y\"]]"},
      {"github.event.commits.*.files.*", "[\"x\",\"y\"]"},
      {"join(github.event.commits.*.id, '+')", "\"a1+b2\""},
      {"steps.my-step.outputs.digest", "\"sha256:ab\""},
      {"env.COUNT + 1", "error: unexpected character \"+\" in the expression"},
      {"contains('Hello World', 'WORLD')", "true"},
      {"contains(fromJSON('[\"a\", 1]'), '1')", "true"},
      {"contains(github.empty, 'a')", "false"},
      {"startsWith(github.ref, 'refs/HEADS/')", "true"},
      {"endsWith('x.yaml', '.yml')", "false"},
      {"format('{0}-{1}-{{}}', 'a', 2)", "\"a-2-{}\""},
      {"format('{1}', 'a')", "error: the format \"{1}\" names argument 1, but it has 1"},
      {"join(fromJSON('[1, true, null]'))", "\"1,true,\""},
      {"join('a', ';')", "\"a\""},
      {"fromJSON('{\"a\": 1}').a", "1"},
      {"toJSON(env.NAME)", "\"\\\"World\\\"\""},
      {"fromJSON('{')", "error: fromJSON() was given a text that is not JSON"},
      {"case(1 == 2, 'a', 2 == 2, 'b', 'c')", "\"b\""},
      {"nope.x", "error: unknown context \"nope\""},
      {"contain('a', 'b')", "error: unknown function \"contain\""},
      {"contains('a')", "error: contains() does not take 1 argument"},
      {"'a", "error: this \"${{\" is not closed"},
      {"1 ==", "error: the expression ends too early"},
      {"(1", "error: the expression ends too early"},
      {"", "error: the expression is empty"},
      {"a b", "error: unexpected \"b\" in the expression"},
      {"1..2", "error: \"1..2\" is not a number"}};
  for (const auto& [expression, expected] : table) {
    CAPTURE(expression);
    CHECK(value_of(expression) == expected);
  }
}

TEST_CASE("a text with expressions becomes text, and braces inside strings do not end an expression") {
  CHECK(text_of("Hello ${{ env.NAME }}!") == "Hello World!");
  CHECK(text_of("${{ env.NAME }}${{ null }}/${{ 1.50 }}/${{ true }}") == "World/1.5/true");
  CHECK(text_of("${{ 'a}}b' }}") == "a}}b");
  CHECK(text_of("echo $HOME {{ x }}") == "echo $HOME {{ x }}");
  CHECK(text_of("${{ github.event }} ${{ github.empty }}") == "Object Array");
}

TEST_CASE("a condition requires success unless it asks for a status itself") {
  CHECK(condition("", false));
  CHECK_FALSE(condition("", true));
  CHECK(condition("github.ref == 'refs/heads/main'", false));
  CHECK_FALSE(condition("github.ref == 'refs/heads/main'", true));
  CHECK(condition("${{ failure() }}", true));
  CHECK(condition("always() && env.NAME == 'world'", true));
  CHECK_FALSE(condition("failure()", true, true));
  CHECK(condition("cancelled()", false, true));
  CHECK(condition("!cancelled()", true));
  CHECK_FALSE(github::parse_condition("${{ true }} && false", {}, allowed).has_value());
}

TEST_CASE("an error points at its place in the file, in plain, quoted and block scalars") {
  const std::string file =
      "if: github.rf == nope.x\nname: \"a ${{ wrong.b }}\"\nrun: |\n  echo one\n  echo ${{ env.A }} ${{ lost() }}\n";
  const auto place = [](const auto& result) { return result ? std::string("fine") : result.error().mark.render(); };
  CHECK(place(github::parse_condition("github.rf == nope.x", mark_at(file, 1, 5), allowed)) == "ci.yaml:1:18");
  CHECK(place(github::parse_template("a ${{ wrong.b }}", mark_at(file, 2, 7), allowed)) == "ci.yaml:2:14");
  CHECK(place(github::parse_template("echo one\necho ${{ env.A }} ${{ lost() }}\n", mark_at(file, 3, 6), allowed)) ==
        "ci.yaml:5:25");
}

TEST_CASE("status functions are refused outside conditions") {
  const auto parsed = github::parse_template("${{ success() }}", {}, {{"env"}, false});
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().message == "success() can only be used in an \"if\"");
}
