#include "core/error.hpp"

#include <doctest/doctest.h>

#include <cerrno>

#include "core/doc.hpp"
#include "core/result.hpp"

using namespace slipway;
using core::Source;

namespace {

Mark mark_in(std::string text, std::uint32_t line, std::uint32_t column, std::uint32_t length = 1) {
  Mark mark;
  mark.source = std::make_shared<const Source>(Source{"rollout.yaml", std::move(text)});
  mark.line = line;
  mark.column = column;
  mark.length = length;
  return mark;
}

// What a strict reader of a canary step says about a file.
std::string complaint_about(std::string_view text) {
  const auto document = doc::parse_yaml(text, "rollout.yaml");
  REQUIRE(document.has_value());
  const doc::Value& steps = document->at_path("spec.strategy.canary.steps");
  doc::Decoder step(steps[1], "canary step 2");
  (void)step.integer("setWeight", 0);
  (void)step.object("pause");
  auto result = step.finish();
  REQUIRE(!result.has_value());
  return result.error().render();
}

}  // namespace

TEST_CASE("an unknown field is shown with its line, a caret below its name and the name that was meant") {
  const std::string text = R"(apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: support-assistant
spec:
  workloadRef:
    kind: LLMDeployment
    name: support-assistant
  strategy:
    canary:
      stableService: stable
      steps:
        - setWeight: 10
        - setWieght: 20
)";
  CHECK(complaint_about(text) ==
        "rollout.yaml:14:11: unknown field \"setWieght\" in canary step 2; did you mean \"setWeight\"?\n"
        "   14 |         - setWieght: 20\n"
        "      |           ^~~~~~~~~");
}

TEST_CASE("the caret stands below its text whatever the line holds") {
  struct Case {
    const char* name;
    Mark mark;
    std::string excerpt;
  };
  const std::string wide(300, 'x');
  const Case cases[] = {
      {"first column", mark_in("abc", 1, 1, 3), "    1 | abc\n      | ^~~"},
      {"tabs are kept", mark_in("\ta: b", 1, 2, 1), "    1 | \ta: b\n      | \t^"},
      {"a character of two bytes is one column", mark_in("\xC3\xA9: b", 1, 5, 1), "    1 | \xC3\xA9: b\n      |    ^"},
      {"the underlined text may be wide characters too", mark_in("a: \xC3\xA9\xC3\xA9", 1, 4, 4),
       "    1 | a: \xC3\xA9\xC3\xA9\n      |    ^~"},
      {"behind the end of the line", mark_in("abc", 1, 99), "    1 | abc\n      |    ^"},
      {"Windows line ends are not shown", mark_in("a\r\nb\r\n", 2, 1), "    2 | b\n      | ^"},
      {"control characters cannot reach the terminal", mark_in("a\x1B[0m", 1, 1), "    1 | a?[0m\n      | ^"},
      {"line numbers beyond five digits", mark_in(std::string(123455, '\n') + "x", 123456, 1),
       "123456 | x\n       | ^"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const std::string text = Error(Code::invalid_argument, "m").at(c.mark).render();
    CHECK(text.substr(text.find('\n') + 1) == c.excerpt);
  }
  const std::string cut = Error(Code::invalid_argument, "m").at(mark_in(wide + "HERE" + wide, 1, 301, 4)).render();
  CHECK(cut.find("...xxx") != std::string::npos);
  CHECK(cut.find("HERE") != std::string::npos);
  CHECK(cut.find("^~~~") != std::string::npos);
  CHECK(cut.size() < 500);
}

TEST_CASE("an error on one line has place, object, message, hint and causes") {
  CHECK(Error(Code::not_found, "no model").one_line() == "no model");
  CHECK(Error(Code::not_found, "no model", "push one").one_line() == "no model; push one");
  const Error error = Error(Code::unavailable, "cannot start", "look at the log")
                          .at(mark_in("a\nb", 2, 1))
                          .on("Pod dev/x")
                          .because(Error(Code::not_found, "no such file"));
  CHECK(error.one_line() == "rollout.yaml:2:1: Pod dev/x: cannot start; look at the log: no such file");
  CHECK(error.render() ==
        "rollout.yaml:2:1: Pod dev/x: cannot start; look at the log\n    2 | b\n      | ^\n  no such file");
}

TEST_CASE("several problems are told together and joined lists stay flat") {
  const Error one(Code::invalid_argument, "one");
  CHECK(core::join({one}).one_line() == "one");
  const Error two = core::join({one, Error(Code::invalid_argument, "two", "mend it")});
  CHECK(two.code == Code::invalid_argument);
  CHECK(two.one_line() == "2 problems: (1) one (2) two; mend it");
  CHECK(two.render() == "2 problems\n  one\n  two; mend it");
  const Error three = core::join({two, Error(Code::invalid_argument, "three")});
  CHECK(three.causes.size() == 3);
  CHECK(three.message == "3 problems");
}

TEST_CASE("errno becomes a code, a sentence and what to do") {
  const Error full = core::from_errno(ENOSPC, "cannot write /data/x");
  CHECK(full.code == Code::resource_exhausted);
  CHECK(full.message == "cannot write /data/x: no space left on device (errno 28)");
  CHECK(full.hint == "free some disk space and try again");
  const struct {
    int number;
    Code code;
  } table[] = {{ENOENT, Code::not_found},
               {EEXIST, Code::already_exists},
               {EACCES, Code::permission_denied},
               {EROFS, Code::permission_denied},
               {EMFILE, Code::resource_exhausted},
               {ECONNREFUSED, Code::unavailable},
               {ETIMEDOUT, Code::deadline_exceeded},
               {EINVAL, Code::invalid_argument},
               {ECANCELED, Code::cancelled},
               {ENOSYS, Code::unimplemented},
               {EIO, Code::unavailable},
               {99999, Code::internal}};
  for (const auto& row : table) {
    CAPTURE(row.number);
    CHECK(core::from_errno(row.number, "x").code == row.code);
  }
}

TEST_CASE("every code has a name and an HTTP status, and only two are worth retrying as they are") {
  std::vector<std::string> transient;
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    const auto code = static_cast<Code>(i);
    CHECK(core::http_status(code) >= 400);
    CHECK(core::http_status(code) < 600);
    CHECK(!core::name_of(code).empty());
    if (core::is_transient(Error(code, "x"))) transient.emplace_back(core::name_of(code));
  }
  CHECK(transient == std::vector<std::string>{"deadline_exceeded", "unavailable"});
  CHECK(core::http_status(Code::conflict) == 409);
  CHECK(core::http_status(Code::gone) == 410);
}

TEST_CASE("the nearest known name is found within a third of its letters") {
  const std::vector<std::string> known{"setWeight", "pause", "analysis", "name", "namespace"};
  const struct {
    const char* given;
    const char* expected;
  } table[] = {{"setWieght", "setWeight"},
               {"setweight", "setWeight"},
               {"SETWEIGHT", "setWeight"},
               {"puase", "pause"},
               {"analyses", "analysis"},
               {"naem", "name"},
               {"nmae", "name"},
               {"nane", "name"},
               {"x", ""},
               {"weight", ""},
               {"", ""},
               {"completelyDifferent", ""}};
  for (const auto& row : table) {
    CAPTURE(row.given);
    CHECK(core::nearest(row.given, known) == row.expected);
  }
}

namespace {
Result<int> half(int n) {
  if (n % 2 != 0) return fail(Code::invalid_argument, "odd");
  return n / 2;
}
Result<int> quarter(int n) {
  TRY_ASSIGN(const int first, half(n));
  TRY(half(first));
  return half(first);
}
}  // namespace

TEST_CASE("TRY passes errors on and values through") {
  CHECK(quarter(8).value() == 2);
  CHECK(quarter(6).error().message == "odd");
  CHECK(quarter(3).error().message == "odd");
}
