#include "objects/openapi/gnostic.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace slipway::objects::openapi;

namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace

TEST_CASE("a small document in the bytes that gnostic writes") {
  const auto swagger = doc::parse_json(R"({"swagger":"2.0","info":{"title":"K","version":"v1"},"paths":{},
      "definitions":{"A":{"type":"object","x-k":1,"properties":{"b":{"$ref":"#/definitions/B"}}}}})");
  REQUIRE(swagger.has_value());
  CHECK(hex(encode_gnostic_v2(*swagger)) ==
        "0a03322e30"                              // swagger "2.0"
        "12070a014b12027631"                      // info: title, version
        "4200"                                    // paths
        "4a3a0a38"                                // definitions, one
        "0a0141"                                  // "A"
        "1233"                                    // its schema
        "b20108"                                  // type: a list of one
        "0a066f626a656374"                        // "object"
        "ca0118"                                  // properties
        "0a160a0162"                              // "b"
        "12110a0f232f646566696e6974696f6e732f42"  // $ref
        "fa010a"                                  // vendor extension
        "0a03782d6b1203120131");                  // x-k: yaml "1"
}
