#include "objects/tokens/jwt.hpp"

#include <doctest/doctest.h>

#include "core/digest.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

const core::SigningKey& key() {
  static const auto made = *core::SigningKey::generate();
  return made;
}

// A token with this header and these claims, signed by this key whatever the header says.
std::string forged(const doc::Value& header, const doc::Value& claims, const core::SigningKey& with) {
  const auto text = core::base64_url(doc::render_json(header)) + "." + core::base64_url(doc::render_json(claims));
  return text + "." + core::base64_url(*with.sign(text));
}

const doc::Value claims = doc::Object{{"iss", "here"}, {"sub", "x"}};

}  // namespace

TEST_CASE("a token that was signed here gives its claims back") {
  const auto token = *tokens::sign(key(), claims);
  const auto read = tokens::verify(key(), token);
  REQUIRE(read.has_value());
  CHECK(*read == claims);
  CHECK(tokens::claimed_issuer(token) == "here");
  CHECK(tokens::claimed_issuer("slw_123") == "");
}

TEST_CASE("nothing else is a token: not another algorithm, key or spelling") {
  const auto kid = tokens::key_id(key());
  const auto token = *tokens::sign(key(), claims);
  const auto dot = token.rfind('.');
  const auto none = [&](const char* alg) {
    return core::base64_url(doc::render_json(doc::Object{{"alg", alg}, {"kid", kid}})) + "." +
           core::base64_url(doc::render_json(claims)) + ".";
  };
  // HMAC with the public key as its secret: what a verifier falls for that believes the header.
  const auto hmac_text = core::base64_url(doc::render_json(doc::Object{{"alg", "HS256"}, {"kid", kid}})) + "." +
                         core::base64_url(doc::render_json(claims));
  const auto other = *core::SigningKey::generate();
  const std::string wrong[] = {
      "",
      ".",
      "..",
      "...",
      token.substr(0, dot),
      token.substr(0, dot + 1),
      token + ".",
      token + "=",
      " " + token,
      token + "\n",
      none("none"),
      none("None"),
      none("ES256"),
      hmac_text + "." + core::base64_url(core::hmac_sha256_hex(key().x() + key().y(), hmac_text)),
      forged(doc::Object{{"alg", "RS256"}, {"kid", kid}}, claims, key()),
      forged(doc::Object{{"alg", "es256"}, {"kid", kid}}, claims, key()),
      forged(doc::Object{{"kid", kid}}, claims, key()),
      forged(doc::Object{{"alg", doc::Array{"ES256"}}, {"kid", kid}}, claims, key()),
      forged(doc::Object{{"alg", "ES256"}}, claims, key()),
      forged(doc::Object{{"alg", "ES256"}, {"kid", "other"}}, claims, key()),
      forged(doc::Object{{"alg", "ES256"}, {"kid", kid}, {"crit", doc::Array{"exp"}}}, claims, key()),
      forged(doc::Object{{"alg", "ES256"}, {"kid", kid}}, claims, other),
      *tokens::sign(other, claims),
      forged(doc::Object{{"alg", "ES256"}, {"kid", kid}}, doc::Array{}, key()),
  };
  for (const auto& text : wrong) {
    CAPTURE(text);
    const auto read = tokens::verify(key(), text);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Code::unauthenticated);
  }
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    if (changed != token) CHECK_FALSE(tokens::verify(key(), changed).has_value());
  }
  CHECK(tokens::verify(key(), forged(doc::Object{{"alg", "ES256"}, {"kid", kid}, {"typ", "JWT"}}, claims, key())));
}

TEST_CASE("the published keys are those of the signing key") {
  const auto set = tokens::key_set(key());
  const auto& entry = set["keys"][std::size_t{0}];
  CHECK(entry["kid"].string_or("") == tokens::key_id(key()));
  CHECK(*core::from_base64_url(entry["x"].string_or("")) == key().x());
  CHECK(entry["alg"].string_or("") == "ES256");
}
