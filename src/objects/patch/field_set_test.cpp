#include "objects/patch/field_set.hpp"

#include <doctest/doctest.h>

#include "objects/patch/small_types_test.hpp"
#include "objects/patch/typed.hpp"

using namespace slipway;
using namespace slipway::objects::patch;

namespace {

FieldSet set_of(std::string_view fields) { return parse_fields_v1(doc::parse_json(fields).value()).value(); }
std::string text_of_set(const FieldSet& set) { return doc::render_json(render_fields_v1(set)); }

}  // namespace

TEST_CASE("the fields of a value are its leaves, the elements of its keyed lists and sets, and the keys of its maps") {
  const auto value = doc::parse_json(R"({"metadata":{"finalizers":["x<y"]},"data":{"b":"1","a":"2"},
      "spec":{"selector":{"x":"y"},"containers":[{"name":"a","image":"i","args":["1"],
              "ports":[{"containerPort":80}]}],"free":{"l":[{"name":"n"}],"e":{}},"replicas":null}})");
  CHECK(text_of_set(fields_of(testing::small_type(), value.value())) ==
        R"({"f:data":{"f:a":{},"f:b":{}},"f:metadata":{"f:finalizers":{"v:\"x\\u003cy\"":{}}},)"
        R"("f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:args":{},"f:image":{},"f:name":{},)"
        R"("f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}},)"
        R"("f:free":{"f:e":{},"f:l":{}},"f:replicas":{},"f:selector":{}}})");
}

TEST_CASE("a set is read in any order and written in one") {
  const auto set = set_of(R"({"v:2":{},"i:3":{},"f:b":{"f:c":{}},"k:{\"b\":1,\"a\":\"x\"}":{".":{},"f:x":{}},"f:a":{},
                             "z:later":{"f:q":{}}})");
  CHECK(text_of_set(set) ==
        R"({"f:a":{},"f:b":{"f:c":{}},"k:{\"a\":\"x\",\"b\":1}":{".":{},"f:x":{}},"v:2":{},"i:3":{}})");
  std::string paths;
  set.for_each([&](const Path& path) { paths += text_of(path) + " "; });
  CHECK(paths == R"(.a [a="x",b=1] [=2] [3] .b.c [a="x",b=1].x )");
  CHECK(!parse_fields_v1(doc::parse_json(R"({"f":{}})").value()));
  CHECK(!parse_fields_v1(doc::parse_json(R"({"f:a":1})").value()));
  CHECK(!parse_fields_v1(doc::parse_json(R"({"k:[]":{}})").value()));
}

TEST_CASE("union, intersection and both differences of sets") {
  const auto one = set_of(R"({"f:a":{".":{},"f:b":{}},"f:c":{}})");
  const auto other = set_of(R"({"f:a":{},"f:c":{"f:d":{}}})");
  CHECK(text_of_set(one.united(other)) == R"({"f:a":{".":{},"f:b":{}},"f:c":{".":{},"f:d":{}}})");
  CHECK(text_of_set(one.intersected(other)) == R"({"f:a":{}})");
  CHECK(text_of_set(one.without(other)) == R"({"f:a":{"f:b":{}},"f:c":{}})");
  CHECK(text_of_set(one.without_below(other)) == R"({"f:c":{}})");
}

TEST_CASE("a set from before a part of the schema became atomic owns that part as one") {
  const auto set = set_of(R"({"f:data":{"f:a":{}},"f:spec":{"f:replicas":{},"f:selector":{".":{},"f:x":{}}}})");
  CHECK(text_of_set(reconciled(testing::small_type(), set)) ==
        R"({"f:data":{"f:a":{}},"f:spec":{"f:replicas":{},"f:selector":{}}})");
}
