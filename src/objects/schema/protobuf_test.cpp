#include "objects/schema/protobuf.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "objects/schema/decode.hpp"
#include "support/golden.hpp"

using namespace slipway;
using namespace slipway::objects::schema;

namespace {

std::string golden(const std::string& name) { return support::source_file("src/objects/schema/testdata/" + name); }

constexpr const char* names[] = {"pod",
                                 "deployment",
                                 "configmap",
                                 "secret",
                                 "job",
                                 "service",
                                 "event",
                                 "customresourcedefinition",
                                 "selfsubjectaccessreview",
                                 "subjectaccessreview",
                                 "tokenrequest",
                                 "deleteoptions"};

std::string message_of(const Result<doc::Value>& value) { return value ? std::string() : value.error().message; }

const Type& pod_type() { return *builtin().find("", "v1", "Pod")->type; }

}  // namespace

TEST_CASE("what Go's encoder wrote is read as Go's JSON has it") {
  for (const std::string name : names) {
    CAPTURE(name);
    const auto value = decode_protobuf(golden(name + ".pb"));
    REQUIRE_MESSAGE(value.has_value(), message_of(value));
    auto expected = doc::parse_json(golden(name + ".json")).value();
    support::drop_nulls(expected);
    CHECK(doc::render_json_canonical(*value) == doc::render_json_canonical(expected));
    const Type* type = builtin().find_body((*value)["apiVersion"].as_string(), (*value)["kind"].as_string());
    REQUIRE(type != nullptr);
    CHECK(check(*value, *type).strict.empty());
    CHECK(check(*value, *type).mistyped.empty());
  }
}

TEST_CASE("protobuf is told from JSON by its first bytes") {
  CHECK(is_protobuf(golden("pod.pb")));
  CHECK_FALSE(is_protobuf("{}"));
}

TEST_CASE("fields nobody knows are passed over") {
  using namespace std::string_literals;
  const auto value = decode_message(
      "\x0a\x03\x0a\x01"s + "a" + "\xfa\x7f\x02xx\xf8\x7f\x05\xf9\x7f" + "12345678" + "\xfd\x7f" + "1234"s, pod_type());
  REQUIRE_MESSAGE(value.has_value(), message_of(value));
  CHECK(doc::render_json(*value) == R"({"metadata":{"name":"a"}})");
}

TEST_CASE("lists of numbers may be packed") {
  using namespace std::string_literals;
  const Type* type = builtin().find_type("io.k8s.api.batch.v1.PodFailurePolicyOnExitCodesRequirement");
  REQUIRE(type != nullptr);
  const auto packed = decode_message("\x1a\x03\x01\x89\x01"s, *type);
  const auto one_by_one = decode_message("\x18\x01\x18\x89\x01"s, *type);
  REQUIRE(packed.has_value());
  REQUIRE(one_by_one.has_value());
  CHECK(doc::render_json(*packed) == R"({"values":[1,137]})");
  CHECK(*packed == *one_by_one);
}

TEST_CASE("bytes that are wrong are told with their place") {
  using namespace std::string_literals;
  CHECK(message_of(decode_protobuf("{}")) == "protobuf: the body does not begin with \"k8s\\0\" at byte 0");
  CHECK(message_of(decode_message("\x0a\x7f"s, pod_type())) ==
        "protobuf: a field is longer than its message at byte 0");
  CHECK(message_of(decode_message("\x0a"s, pod_type())) == "protobuf: the message ends inside a number at byte 1");
  CHECK(message_of(decode_message("\x0b"s, pod_type())) == "protobuf: a field is of wire type 3 at byte 0");
  CHECK(message_of(decode_message("\x08\x01"s, pod_type())) ==
        "protobuf: field 1 is of another wire type than its kind says at byte 0");
  CHECK(message_of(decode_message("\x0a\x03\x0a\x01\xff"s, pod_type())) == "protobuf: a string is not UTF-8 at byte 4");
  CHECK(message_of(decode_message(std::string(11, '\xff'), pod_type())) ==
        "protobuf: a number is longer than ten bytes at byte 10");
  // Every prefix of a good body is read or refused.
  const std::string body = golden("pod.pb");
  for (std::size_t length = 0; length < body.size(); ++length) (void)decode_protobuf(body.substr(0, length));
  CHECK(message_of(decode_protobuf("k8s\0\x0a\x0d\x0a\x07"s + "acme/v1" + "\x12\x02No"s)) ==
        "no kind \"No\" is registered for version \"acme/v1\"");
}

TEST_CASE("small bodies do not become large documents") {
  using namespace std::string_literals;
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "\x12\x00"s;  // PodSpec.containers, empty
  const Type* spec = builtin().find_type("io.k8s.api.core.v1.PodSpec");
  CHECK(message_of(decode_message(many, *spec, {.values = 999})).find("more than 999 values") != std::string::npos);
  CHECK(decode_message(many, *spec, {.values = 1000}).has_value());

  const Type* schema = builtin().find_type("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps");
  std::string deep;
  for (int i = 0; i < 30; ++i) {  // not: {not: {...}}, field 28
    deep = "\xe2\x01"s + static_cast<char>(deep.size()) + deep;
    if (deep.size() > 120) break;
  }
  CHECK(decode_message(deep, *schema).has_value());
  CHECK(message_of(decode_message(deep, *schema, {.depth = 5})).find("nested too deep") != std::string::npos);
}

TEST_CASE("an envelope without a kind is what is expected") {
  using namespace std::string_literals;
  const auto value = decode_protobuf("k8s\0\x12\x05\x0a\x03\x0a\x01"s + "a", builtin(), &pod_type());
  REQUIRE_MESSAGE(value.has_value(), message_of(value));
  CHECK(doc::render_json(*value) == R"({"metadata":{"name":"a"}})");
  CHECK_FALSE(decode_protobuf("k8s\0\x12\x05\x0a\x03\x0a\x01"s + "a").has_value());
}

TEST_CASE("reading a deployment tells how long it takes") {
  const std::string body = golden("deployment.pb");
  constexpr int rounds = 200;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) REQUIRE(decode_protobuf(body).has_value());
  const auto took =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count() / rounds;
  MESSAGE(body.size(), " bytes of protobuf in ", took, " us");
  const std::string text = golden("deployment.json");
  const auto json_begin = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) {
    auto value = doc::parse_json(text).value();
    const Type& type = *builtin().find("apps", "v1", "Deployment")->type;
    (void)check(value, type);
    prune(value, type);
    normalize(value, type);
    apply_defaults(value, type);
  }
  const auto json_took =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - json_begin).count() / rounds;
  MESSAGE(text.size(), " bytes of JSON parsed, checked, pruned, normalized, defaulted in ", json_took, " us");
}
