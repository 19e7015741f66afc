#include "objects/patch/strategic_merge.hpp"

#include <doctest/doctest.h>

#include "objects/patch/small_types_test.hpp"

using namespace slipway;
using namespace slipway::objects::patch;

namespace {

std::string patched(std::string_view original, std::string_view patch) {
  const auto result =
      apply_strategic_merge(doc::parse_json(original).value(), doc::parse_json(patch).value(), testing::small_type());
  return result ? doc::render_json_canonical(*result) : "error: " + result.error().message;
}

}  // namespace

TEST_CASE("strategic merge: lists by their key, directives, order") {
  struct Row {
    const char *what, *original, *patch, *result;
  };
  const Row rows[] = {
      {"an element is found by its key and merged",
       R"({"spec":{"containers":[{"image":"1","name":"a"},{"name":"b"}]}})",
       R"({"spec":{"containers":[{"name":"a","image":"2"}]}})",
       R"({"spec":{"containers":[{"image":"2","name":"a"},{"name":"b"}]}})"},
      {"a new element comes first", R"({"spec":{"containers":[{"name":"a"}]}})",
       R"({"spec":{"containers":[{"name":"b"}]}})", R"({"spec":{"containers":[{"name":"b"},{"name":"a"}]}})"},
      {"$patch: delete takes an element out", R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
       R"({"spec":{"containers":[{"name":"a","$patch":"delete"}]}})", R"({"spec":{"containers":[{"name":"b"}]}})"},
      {"$patch: replace replaces the list", R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
       R"({"spec":{"containers":[{"name":"c"},{"$patch":"replace"}]}})", R"({"spec":{"containers":[{"name":"c"}]}})"},
      {"$patch: replace replaces a map", R"({"data":{"a":"1"}})", R"({"data":{"$patch":"replace","b":"2"}})",
       R"({"data":{"b":"2"}})"},
      {"$patch: delete empties a map", R"({"data":{"a":"1"}})", R"({"data":{"$patch":"delete"}})", R"({"data":{}})"},
      {"a set of scalars is united", R"({"metadata":{"finalizers":["a","b"]}})",
       R"({"metadata":{"finalizers":["b","c"]}})", R"({"metadata":{"finalizers":["a","b","c"]}})"},
      {"$deleteFromPrimitiveList", R"({"metadata":{"finalizers":["a","b"]}})",
       R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}})", R"({"metadata":{"finalizers":["b"]}})"},
      {"a list without a strategy is replaced", R"({"spec":{"containers":[{"args":["1","2"],"name":"a"}]}})",
       R"({"spec":{"containers":[{"args":["3"],"name":"a"}]}})",
       R"({"spec":{"containers":[{"args":["3"],"name":"a"}]}})"},
      {"$setElementOrder sorts", R"({"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}})",
       R"({"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"a"}]}})",
       R"({"spec":{"containers":[{"name":"b"},{"name":"c"},{"name":"a"}]}})"},
      {"$retainKeys clears the rest", R"({"spec":{"strategy":{"rollingUpdate":{"a":"1"},"type":"RollingUpdate"}}})",
       R"({"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}})",
       R"({"spec":{"strategy":{"type":"Recreate"}}})"},
      {"null removes, and means nothing in what is new", R"({"data":{"a":"1"}})",
       R"({"data":{"a":null},"spec":{"replicas":null,"selector":{"b":null}}})",
       R"({"data":{},"spec":{"selector":{}}})"},
      {"lists inside lists",
       R"({"spec":{"containers":[{"name":"a","ports":[{"containerPort":1},{"containerPort":2}]}]}})",
       R"({"spec":{"containers":[{"name":"a","ports":[{"$patch":"delete","containerPort":1},{"containerPort":3}]}]}})",
       R"({"spec":{"containers":[{"name":"a","ports":[{"containerPort":3},{"containerPort":2}]}]}})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(patched(row.original, row.patch) == row.result);
  }
}

// Found by reference_test.cpp.
TEST_CASE("strategic merge: what random patches taught") {
  // An element that is new takes the place of the one that is deleted beside it.
  CHECK(patched(R"({"spec":{"containers":[{"name":"c"},{"name":"x"}]}})",
                R"({"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"a"}],)"
                R"("containers":[{"name":"a"},{"$patch":"delete","name":"c"}]}})") ==
        R"({"spec":{"containers":[{"name":"x"},{"name":"a"}]}})");
  // A directive after the last element that the order names is a mistake.
  CHECK(patched(R"({"spec":{"containers":[]}})", R"({"spec":{"$setElementOrder/containers":[{"name":"a"}],)"
                                                 R"("containers":[{"name":"a"},{"name":"b","$patch":"replace"}]}})") ==
        "error: The order in patch list:\n[map[name:a] map[$patch:replace name:b]]\n doesn't match $setElementOrder "
        "list:\n[map[name:a]]\n");
  // Two new elements with one key in one patch: the second is merged into the first, whose deletions stay literal.
  CHECK(
      patched(R"({"spec":{"containers":[]}})",
              R"({"spec":{"containers":[{"name":"a","ports":[{"$patch":"delete","containerPort":1},)"
              R"({"containerPort":2}]},{"$setElementOrder/ports":[],"name":"a"}]}})") ==
      R"({"spec":{"containers":[{"name":"a","ports":[{"containerPort":2},{"$patch":"delete","containerPort":1}]}]}})");
}

TEST_CASE("strategic merge refuses in apimachinery's words") {
  CHECK(patched(R"({"spec":{"containers":[{"name":"a"}]}})", R"({"spec":{"containers":[{"image":"x"}]}})") ==
        "error: map: map[image:x] does not contain declared merge key: name");
  CHECK(patched(R"({"data":{}})", R"({"data":{"$patch":"frob"}})") ==
        "error: unknown patch type: frob in map: map[$patch:frob]");
  CHECK(patched(R"({"spec":{"unknown":{}}})", R"({"spec":{"unknown":{}}})") ==
        "error: unable to find api field in struct PodSpec for the json field \"unknown\"");
  CHECK(patched(R"({"metadata":{"finalizers":["a"]}})", R"({"metadata":{"finalizers":["a",1]}})") ==
        "error: list element types are not identical: [[a] [a 1]]");
  CHECK(patched(R"({"metadata":{"finalizers":["a"]}})", R"({"metadata":{"finalizers":[["a"]]}})") ==
        "error: list element types are not identical: [[a] [[a]]]");
  CHECK(patched(R"({"spec":{"strategy":{}}})", R"({"spec":{"strategy":{"$retainKeys":["type"],"other":1}}})") ==
        "error: invalid patch format of retainKeys");
  CHECK(patched(R"({})", R"({"$setElementOrder":[]})") == "error: invalid patch format of setElementOrder list");
  CHECK(patched(R"([])", R"({})") == "error: invalid JSON document");
}
