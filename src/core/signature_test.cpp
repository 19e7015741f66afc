#include "core/signature.hpp"

#include <doctest/doctest.h>

#include "core/digest.hpp"

using namespace slipway;
using namespace slipway::core;

TEST_CASE("what a key signs it verifies, also after it was written and read; nothing else is verified") {
  const auto key = *SigningKey::generate();
  const auto signature = *key.sign("message");
  CHECK(signature.size() == 64);
  CHECK(key.x().size() == 32);
  CHECK(key.y().size() == 32);
  CHECK(key.verify("message", signature));
  const auto again = SigningKey::from_pem(key.pem());
  REQUIRE(again.has_value());
  CHECK(again->verify("message", signature));
  CHECK(again->x() == key.x());

  CHECK_FALSE(key.verify("messagf", signature));
  CHECK_FALSE(key.verify("message", signature.substr(1)));
  CHECK_FALSE(key.verify("message", signature + "x"));
  CHECK_FALSE(key.verify("message", std::string(64, '\0')));
  CHECK_FALSE(key.verify("message", ""));
  CHECK_FALSE(SigningKey::generate()->verify("message", signature));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    auto changed = signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(key.verify("message", changed));
  }
}

TEST_CASE("a file that is no key, or one of another kind, is refused") {
  CHECK_FALSE(SigningKey::from_pem("").has_value());
  CHECK_FALSE(SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").has_value());
}

TEST_CASE("base64 for URLs has one spelling for each text") {
  for (const std::string bytes : {"", "a", "ab", "abc", "\xff\xfe\xfd", "\x00\x10"}) {
    CHECK(*from_base64_url(base64_url(bytes)) == bytes);
    CHECK(base64_url(bytes).find_first_of("+/=") == std::string::npos);
  }
  for (const char* wrong : {"a", "YQ==", "YR", "+w", "/w", "a b", "YQ\n"})
    CHECK_FALSE(from_base64_url(wrong).has_value());
}
