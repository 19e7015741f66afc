#include <doctest/doctest.h>

#include <map>

#include "core/doc.hpp"
#include "expr/cel/program.hpp"

using namespace slipway;
using namespace slipway::expr::cel;

namespace {

// The schemas of a CustomResourceDefinition, as far as these tests write them; a handle is a schema's document.
class Schemas : public TypeSource {
 public:
  static const doc::Value& schema(Handle handle) { return *static_cast<const doc::Value*>(handle); }

  Kind kind(Handle handle) const override {
    static const std::map<std::string, Kind> kinds{
        {"integer", Kind::integer}, {"number", Kind::number}, {"boolean", Kind::boolean}, {"array", Kind::list}};
    static const std::map<std::string, Kind> formats{
        {"date-time", Kind::timestamp}, {"date", Kind::timestamp}, {"duration", Kind::duration}, {"byte", Kind::bytes}};
    const auto& type = schema(handle)["type"].string_or("");
    if (schema(handle)["x-kubernetes-int-or-string"].bool_or(false)) return Kind::dyn;
    if (type == "object") return schema(handle)["additionalProperties"].is_object() ? Kind::map : Kind::object;
    if (type == "string") {
      const auto format = formats.find(schema(handle)["format"].string_or(""));
      return format == formats.end() ? Kind::string : format->second;
    }
    const auto found = kinds.find(type);
    return found == kinds.end() ? Kind::dyn : found->second;
  }
  Handle element(Handle handle) const override {
    const auto& of = schema(handle);
    return of["items"].is_object() ? &of["items"] : &of["additionalProperties"];
  }
  Handle field(Handle handle, std::string_view name) const override {
    const auto& found = schema(handle)["properties"][name];
    return found.is_null() ? nullptr : &found;
  }
  std::uint64_t max_size(Handle handle) const override {
    for (const auto* name : {"maxItems", "maxProperties", "maxLength"}) {
      if (const auto size = schema(handle)[name].int_or(0); size > 0) return static_cast<std::uint64_t>(size);
    }
    return 0;
  }
  Uniqueness uniqueness(Handle handle) const override {
    const auto type = schema(handle)["x-kubernetes-list-type"].string_or("atomic");
    return type == "set" ? Uniqueness::set : type == "map" ? Uniqueness::by_key : Uniqueness::none;
  }
  const std::vector<std::string>& keys(Handle) const override {
    static const std::vector<std::string> name{"name"};
    return name;
  }
};

const Schemas schemas;
const doc::Value schema = doc::parse_yaml(R"(
type: object
properties:
  replicas: {type: integer}
  minReplicas: {type: integer}
  weight: {type: number}
  name: {type: string, maxLength: 63}
  text: {type: string}
  created: {type: string, format: date-time}
  timeout: {type: string, format: duration}
  key: {type: string, format: byte}
  port: {x-kubernetes-int-or-string: true}
  x-y: {type: string}
  a.b: {type: string}
  namespace: {type: string}
  items: {type: array, maxItems: 10, items: {type: object, properties: {name: {type: string, maxLength: 63}}}}
  unbounded: {type: array, items: {type: object, properties: {names: {type: array, items: {type: string}}}}}
  tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
  sameTags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
  ports: {type: array, x-kubernetes-list-type: map, items: &port {type: object, properties: {name: {type: string}, n: {type: integer}}}}
  morePorts: {type: array, x-kubernetes-list-type: map, items: *port}
  labels: {type: object, maxProperties: 5, additionalProperties: {type: string}}
  hidden: {type: object}
)",
                                          "schema")
                              .value();
const doc::Value document = doc::parse_yaml(R"(
replicas: 3
minReplicas: 1
weight: 2
name: web
created: "2024-03-05T06:07:08Z"
timeout: 1h30m
key: aGVsbG8=
port: http
x-y: dashed
a.b: dotted
namespace: default
items: [{name: a, unknown: 1}, {name: b}]
tags: [a, b]
sameTags: [b, a]
ports: [{name: http, n: 80}, {name: https, n: 443}]
morePorts: [{name: https, n: 8443}, {name: x, n: 1}]
labels: {app: web, a/b: c}
hidden: {surprise: true}
)",
                                            "document")
                                .value();

Declarations typed() { return Declarations().add("self", Type::of({&schemas, &schema})); }

std::string answer(std::string_view text) {
  const auto program = compile(text, typed());
  if (!program)
    return "refused: " + (program.error().causes.empty() ? program.error() : program.error().causes[0]).message;
  Budget budget;
  const auto value = program->evaluate(Bindings().document("self", document), budget);
  if (!value) return "error: " + value.error().message;
  return doc::render_json(to_document(*value).value());
}

std::string mistakes(std::string_view text) {
  const auto program = compile(text, typed());
  return program ? "" : render_mistakes(program.error());
}

}  // namespace

TEST_CASE("a document is read with the types of its schema") {
  const std::pair<const char*, const char*> cases[] = {
      {"self.replicas >= self.minReplicas", "true"},
      {"self.weight + 0.5", "2.5"},
      {"self.weight + 1", "refused: found no matching overload for '_+_' applied to '(double, int)'"},
      {"self.created.getFullYear()", "2024"},
      {"self.created < timestamp('2025-01-01T00:00:00Z')", "true"},
      {"self.timeout > duration('1h')", "true"},
      {"self.key == b'hello'", "true"},
      {"type(self.port) == string ? self.port : 'number'", "\"http\""},
      {"self.x__dash__y + self.a__dot__b", "\"dasheddotted\""},
      {"self.__namespace__", "\"default\""},
      {"self.namespace", "\"default\""},
      {"self.package", "refused: undefined field 'package'"},
      {"self.nope", "refused: undefined field 'nope'"},
      {"has(self.nope)", "refused: undefined field 'nope'"},
      {"has(self.text)", "false"},
      {"self.text", "error: no such key: text"},
      {"self.items.all(i, i.name.size() < 63)", "true"},
      {"self.items.map(i, i.name)", "[\"a\",\"b\"]"},
      {"self.items[0].unknown", "refused: undefined field 'unknown'"},
      {"dyn(self.items[0]).unknown", "error: no such key: unknown"},
      {"dyn(self).x__dash__y", "\"dashed\""},
      {"self.hidden.size()", "refused: found no matching overload for 'size' applied to 'object.()'"},
      {"self.hidden.surprise", "refused: undefined field 'surprise'"},
      {"self.labels.app", "\"web\""},
      {"self.labels['a/b']", "\"c\""},
      {"self.labels.all(k, self.labels[k] != '')", "true"},
      {"'app' in self.labels", "true"},
      {"self.labels.foo", "error: no such key: foo"},
      {"self.?text.orValue('none')", "\"none\""},
      {"self.?items[?5].?name.orValue('none')", "\"none\""},
      {"self.name.nope", "refused: type 'string' does not support field selection"},
      {"self.name == 1", "refused: found no matching overload for '_==_' applied to '(string, int)'"},
      {"self.name.nope()", "refused: undeclared reference to 'nope' (in container '')"},
      {"self.items == self.items", "true"},
      {"self.tags == self.sameTags", "true"},
      {"self.tags == ['b', 'a']", "true"},
      {"self.tags == ['b', 'c']", "false"},
      {"self.tags + ['b', 'c']", "[\"a\",\"b\",\"c\"]"},
      {"dyn(self.ports) == dyn([self.ports[1], self.ports[0]])", "true"},
      {"dyn(self.ports) == dyn(self.morePorts)", "false"},
      {"(dyn(self.ports) + dyn(self.morePorts)).map(p, p.n)", "[80,8443,1]"},
      {"self == self", "true"},
      {"authorizer.group('').resource('pods').check('get').allowed()",
       "refused: undeclared reference to 'authorizer' (in container '')"},
      {"Pod{name: 'x'}", "refused: message construction is not supported: there are no message types here, only maps"},
  };
  for (const auto& [expression, wanted] : cases) {
    INFO(expression);
    CHECK(answer(expression) == wanted);
  }
}

TEST_CASE("mistakes are told as an API server tells them, all at once and with their place") {
  CHECK(mistakes("self.nope") == "ERROR: <input>:1:5: undefined field 'nope'\n | self.nope\n | ....^");
  CHECK(mistakes("self.name == 'ü' &&\n  self.replicas == ''") ==
        "ERROR: <input>:2:17: found no matching overload for '_==_' applied to '(int, string)'\n"
        " |   self.replicas == ''\n | ................^");
  CHECK(mistakes("self.a + self.b") ==
        "ERROR: <input>:1:5: undefined field 'a'\n | self.a + self.b\n | ....^\n"
        "ERROR: <input>:1:14: undefined field 'b'\n | self.a + self.b\n | .............^");
}

TEST_CASE("a rule must give what its place wants") {
  CHECK(compile("true", {}, {Kind::boolean}).has_value());
  CHECK(compile("1", {}, {Kind::boolean}).error().message == "cel expression must evaluate to a bool");
  CHECK(compile("1", {}, {Kind::string}).error().message == "cel expression must evaluate to a string");
  CHECK_FALSE(compile("self", Declarations().add("self"), {Kind::boolean}).has_value());
}

TEST_CASE("what a rule reads is known") {
  const auto declarations = Declarations().add("self").add("oldSelf");
  CHECK(compile("self == oldSelf", declarations)->reads("oldSelf"));
  CHECK_FALSE(compile("self.oldSelf == 1", declarations)->reads("oldSelf"));
  CHECK_FALSE(compile("[1].all(oldSelf, oldSelf > 0)", declarations)->reads("oldSelf"));
}

TEST_CASE("a variable with dots is one variable, and a lazy one is made once and only when it is read") {
  int made = 0;
  const auto declarations = Declarations().add("variables.n", Type(Kind::integer)).add("variables.m").add("variables");
  const auto lazy = [&]() -> Result<Value> {
    ++made;
    return Value(std::int64_t{20});
  };
  const auto evaluate = [&](std::string_view text) {
    Budget budget;
    return to_document(compile(text, declarations)->evaluate(Bindings().lazy("variables.n", lazy), budget).value())
        .value();
  };
  CHECK(evaluate("variables.n + variables.n") == doc::Value(40));
  CHECK(made == 1);
  CHECK(evaluate("true || variables.n > 1") == doc::Value(true));
  CHECK(made == 1);
  Budget budget;
  CHECK(compile("variables.m", declarations)->evaluate(Bindings(), budget).error().message ==
        "no such attribute(s): variables.m");
}

TEST_CASE("an evaluation that costs too much is stopped, whatever it stands in") {
  const doc::Value numbers(doc::Array(2000, doc::Value(1)));
  const auto declarations = Declarations().add("self");
  for (const auto* text : {"self.all(a, self.all(b, a == b))", "true && self.all(a, self.all(b, a == b))",
                           "self.all(a, self.all(b, a == b)) || true", "self.exists(a, self.map(b, b).size() == 0)",
                           "lists.range(1000000).size() > 0 && lists.range(1000000).map(x, [x, x]).size() > 0"}) {
    INFO(text);
    Budget budget;
    const auto value = compile(text, declarations)->evaluate(Bindings().document("self", numbers), budget);
    REQUIRE_FALSE(value.has_value());
    CHECK(value.error().code == Code::resource_exhausted);
    CHECK(value.error().message == "operation cancelled: actual cost limit exceeded");
    CHECK(budget.left() <= Budget::per_object - Budget::per_call);
  }
}

TEST_CASE("the evaluations of one object share a budget") {
  const auto program = compile("[1, 2, 3].all(x, x > 0)", {});
  Budget budget(100, 50);
  int done = 0;
  while (program->evaluate({}, budget).has_value()) ++done;
  CHECK(done == 3);
  CHECK(budget.left() == 0);
}

TEST_CASE("the cost of a rule is estimated from the sizes that its types declare") {
  const auto cost = [&](std::string_view text) { return compile(text, typed())->estimated_cost(); };
  CHECK(cost("self.replicas >= self.minReplicas") == 5);
  CHECK(cost("self.items.all(i, i.name.size() < 63)") < 200);
  CHECK(cost("self.unbounded.all(i, i.names.all(n, n.contains('x')))") > 100'000'000);
  CHECK(cost("self.unbounded.all(a, self.unbounded.all(b, self.unbounded.all(c, self.unbounded.all(d, true))))") >
        1'000'000'000'000);
}

TEST_CASE("expressions too deep or too long are refused and take no stack") {
  const auto nested = [](std::size_t depth, const std::string& open, const std::string& close) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += open;
    text += "true";
    for (std::size_t i = 0; i < depth; ++i) text += close;
    return text;
  };
  CHECK(compile(nested(100, "(", ")"), {}).has_value());
  CHECK(compile(nested(100, "[1].all(x, ", ")"), {}).has_value());
  for (const std::size_t depth : {300, 30'000}) {
    CHECK_FALSE(compile(nested(depth, "(", ")"), {}).has_value());
    CHECK_FALSE(compile(nested(depth, "[", "]"), {}).has_value());
    CHECK_FALSE(compile(nested(depth, "{1: ", "}"), {}).has_value());
    CHECK_FALSE(compile(nested(depth, "true ? true : ", ""), {}).has_value());
    CHECK_FALSE(compile(nested(depth, "dyn(", ")"), {}).has_value());
    CHECK_FALSE(compile(nested(depth, "", ".a"), {}).has_value());
    CHECK_FALSE(compile(nested(depth, "1 + ", ""), {}).has_value());
  }
  CHECK(compile(nested(5'000, "true && ", ""), {}).has_value());
  CHECK(compile(nested(5'000, "!", ""), {}).has_value());
  CHECK_FALSE(compile(std::string(100'001, ' ') + "1", {}).has_value());
}

TEST_CASE("what would make very large texts is refused or costs what it is") {
  const doc::Value text(std::string(200'000, 'x'));
  Budget budget;
  const auto declarations = Declarations().add("self");
  const auto evaluate = [&](std::string_view expression) {
    return compile(expression, declarations)->evaluate(Bindings().document("self", text), budget);
  };
  CHECK(evaluate("self.replace('', self)").error().message ==
        "the text that the expression makes is longer than 16 MiB");
  CHECK(evaluate("self.split('').join(self)").error().code != Code::internal);
  CHECK(evaluate("'%s'.format([self]).size()").has_value());
}
