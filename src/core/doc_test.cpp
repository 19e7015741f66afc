#include "core/doc.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using doc::Array;
using doc::Object;
using doc::Value;

TEST_CASE("objects keep the order of their members and compare without it") {
  Object object{{"b", 1}, {"a", 2}};
  object.set("c", 3);
  object.set("b", 4);
  std::string keys;
  for (const auto& [key, value] : object) keys += key;
  CHECK(keys == "bac");
  CHECK(object.find("b")->as_int() == 4);
  CHECK(object == Object{{"a", 2}, {"b", 4}, {"c", 3}});
  CHECK(!(object == Object{{"a", 2}, {"b", 4}, {"d", 3}}));
  CHECK(object.erase("a"));
  CHECK(!object.erase("a"));
  CHECK(object.size() == 2);
  CHECK(object["new"].is_null());
  CHECK(object.contains("new"));
}

TEST_CASE("an integer equals a number only when they are exactly the same") {
  CHECK(Value(1) == Value(1.0));
  CHECK(!(Value(1) == Value(1.5)));
  CHECK(!(Value(std::int64_t{9007199254740993}) == Value(9007199254740992.0)));
  CHECK(!(Value(INT64_MAX) == Value(9223372036854775808.0)));
  CHECK(!(Value(1) == Value("1")));
  CHECK(!(Value(1) == Value(true)));
  CHECK(!(Value(0) == Value(nullptr)));
}

TEST_CASE("chains of lookups are safe and lenient readers fall back") {
  const Value value =
      Object{{"spec", Object{{"replicas", 2}, {"name", "x"}, {"ratio", 1.5}, {"big", 1000.0}, {"on", true}}},
             {"list", Array{1, "two"}}};
  CHECK(value["spec"]["replicas"].int_or(1) == 2);
  CHECK(value["spec"]["absent"]["deeper"][3].int_or(7) == 7);
  CHECK(value["list"][1].string_or("") == "two");
  CHECK(value["list"][9].is_null());
  CHECK(value["spec"]["replicas"].string_or("") == "2");
  CHECK(value["spec"]["on"].string_or("") == "true");
  CHECK(value["spec"]["ratio"].string_or("") == "1.5");
  CHECK(value["spec"].string_or("none") == "none");
  CHECK(value["spec"]["ratio"].int_or(9) == 9);
  CHECK(value["spec"]["big"].int_or(9) == 1000);
  CHECK(value["spec"]["replicas"].double_or(0) == 2.0);
  CHECK(value["spec"]["name"].bool_or(true));
  CHECK(value.at_path("spec.replicas").as_int() == 2);
  CHECK(value.at_path("spec.nothing.here").is_null());
  CHECK(value["list"].size() == 2);
  CHECK(value["spec"]["name"].size() == 0);
}

TEST_CASE("paths are made on the way") {
  Value value;
  value.set_path("metadata.labels.app", "x");
  value.set_path("metadata.name", "y");
  value.at_or_insert("spec") = Object{{"a", 1}};
  CHECK(doc::render_json(value) == R"({"metadata":{"labels":{"app":"x"},"name":"y"},"spec":{"a":1}})");
}
