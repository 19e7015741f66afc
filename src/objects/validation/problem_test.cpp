#include "objects/validation/problem.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace slipway::objects::validation;

TEST_CASE("a problem of a field reads as an API server says it") {
  constexpr std::string_view ab[] = {"a", "b"};
  CHECK(required("spec.selector").message() == "spec.selector: Required value");
  CHECK(required("spec.template", "must be given").message() == "spec.template: Required value: must be given");
  CHECK(invalid("spec.replicas", -1, "must be greater than or equal to 0").message() ==
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0");
  CHECK(invalid("a", "b\"c", "no").message() == R"(a: Invalid value: "b\"c": no)");
  CHECK(invalid("a", doc::Object{{"y", 1}, {"x", "2"}}, "no").message() == R"(a: Invalid value: {"x":"2","y":1}: no)");
  CHECK(invalid("a", nullptr, "no").message() == "a: Invalid value: null: no");
  CHECK(not_supported("a", "x", ab).message() == R"(a: Unsupported value: "x": supported values: "a", "b")");
  CHECK(not_supported("a", "x", {}).message() == R"(a: Unsupported value: "x")");
  CHECK(forbidden("a", "not here").message() == "a: Forbidden: not here");
  CHECK(duplicate("a", "x").message() == R"(a: Duplicate value: "x")");
  CHECK(not_found("a", "x").message() == R"(a: Not found: "x")");
  CHECK(too_long("a", 63).message() == "a: Too long: may not be more than 63 bytes");
  CHECK(too_long("a", -1).message() == "a: Too long: value is too long");
  CHECK(too_many("a", 3, 1).message() == "a: Too many: 3: must have at most 1 item");
  CHECK(too_many("a", -1, 2).message() == "a: Too many: must have at most 2 items");
  CHECK(internal_problem("a", "broken").message() == "a: Internal error: broken");
}

TEST_CASE("a refusal tells all problems in one sentence, each once") {
  const Error one = invalid_error("apps", "Deployment", "x", {required("spec.selector")});
  CHECK(one.message == R"(Deployment.apps "x" is invalid: spec.selector: Required value)");
  CHECK(core::http_status(one.code) == 400);
  const Error two = invalid_error("", "Pod", "", {required("a"), forbidden("b", "no"), required("a")});
  CHECK(two.message == R"(Pod "" is invalid: [a: Required value, b: Forbidden: no])");
  CHECK(two.causes.size() == 3);
  CHECK(invalid_error("", "Pod", "x", {required("a"), required("a")}).message ==
        R"(Pod "x" is invalid: a: Required value)");
}

TEST_CASE("a refusal is taken apart again for a Status") {
  const Problems problems{required("a"),
                          invalid("b", 1, "no"),
                          type_invalid("c", 1, "no"),
                          not_supported("d", "x", {}),
                          forbidden("e", ""),
                          duplicate("f", 1),
                          too_long("g", 1),
                          too_many("h", 2, 1),
                          not_found("i", 1),
                          internal_problem("j", "broken")};
  const auto refusal = refusal_of(invalid_error("networking.k8s.io", "Ingress", "web", problems));
  REQUIRE(refusal.has_value());
  CHECK(refusal->group == "networking.k8s.io");
  CHECK(refusal->kind == "Ingress");
  CHECK(refusal->name == "web");
  REQUIRE(refusal->causes.size() == problems.size());
  for (std::size_t i = 0; i < problems.size(); ++i) {
    CHECK(refusal->causes[i].reason == name_of(problems[i].reason));
    CHECK(refusal->causes[i].message == problems[i].body());
    CHECK(refusal->causes[i].field == problems[i].field);
  }
  CHECK(refusal_of(invalid_error("", "Pod", "", {required("a")}))->group.empty());
  CHECK_FALSE(refusal_of(Error(Code::invalid_argument, "Pod \"x\" is invalid")).has_value());
  CHECK_FALSE(refusal_of(Error(Code::not_found, "pods \"x\" not found")).has_value());
}
