#include "core/digest.hpp"

#include <doctest/doctest.h>

using namespace slipway;

TEST_CASE("a digest is SHA-256 and has one spelling") {
  const Digest digest = Digest::of("abc");
  CHECK(digest.text() == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest.short_text() == "ba7816bf8f01");
  CHECK(Digest::parse(digest.text()).value() == digest);
  CHECK(Digest::of("").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (const std::string& text : {std::string("sha256:abc"), digest.hex(), "sha256:" + std::string(64, 'A'),
                                  "md5:" + digest.hex(), digest.text() + "0", "sha256:" + std::string(63, 'a') + "g"}) {
    CAPTURE(text);
    CHECK(!Digest::parse(text).has_value());
  }
}

TEST_CASE("hashing in pieces gives the same digest") {
  core::Hasher hasher;
  hasher.update("a");
  hasher.update("");
  hasher.update("bc");
  CHECK(hasher.finish() == Digest::of("abc"));
}

TEST_CASE("HMAC-SHA256 is RFC 4231's") {
  CHECK(core::hmac_sha256_hex("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("base64 is RFC 4648's, strictly") {
  const struct {
    const char* bytes;
    const char* text;
  } table[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"}};
  for (const auto& row : table) {
    CHECK(core::base64(row.bytes) == row.text);
    CHECK(core::from_base64(row.text).value() == row.bytes);
  }
  const std::string all("\x00\xFF\x7F\x80\n", 5);
  CHECK(core::from_base64(core::base64(all)).value() == all);
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9v", "Zm-_"}) {
    CAPTURE(text);
    CHECK(!core::from_base64(text).has_value());
  }
}

TEST_CASE("secrets compare in constant time") {
  CHECK(core::equal_in_constant_time("secret", "secret"));
  CHECK(!core::equal_in_constant_time("secret", "secreT"));
  CHECK(!core::equal_in_constant_time("secret", "secrets"));
  CHECK(core::equal_in_constant_time("", ""));
}
