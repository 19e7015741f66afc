#pragma once
// Jwt: a JSON Web Token signed with ES256, as service accounts carry it (RFC 7519, RFC 7515 in its compact form). One
// algorithm and one key: what a token's header says chooses nothing, it has only to agree. Pure; safe from any thread.

#include <string>
#include <string_view>

#include "core/doc.hpp"
#include "core/signature.hpp"

namespace slipway::objects::tokens {

// A name for the key that is made of it.
std::string key_id(const core::SigningKey& key);
// {"keys": [...]} of RFC 7517.
doc::Value key_set(const core::SigningKey& key);

Result<std::string> sign(const core::SigningKey& key, const doc::Value& claims);
// The claims. unauthenticated when it is no token, not one of this key, or not made as sign() makes them: three parts,
// alg ES256, this key's kid, no critical extensions, one spelling of base64. Times and names are the caller's to check.
Result<doc::Value> verify(const core::SigningKey& key, std::string_view token);

// The issuer that a token claims, without any proof: tells whose token it may be. Empty when it is none.
std::string claimed_issuer(std::string_view token);

}  // namespace slipway::objects::tokens
