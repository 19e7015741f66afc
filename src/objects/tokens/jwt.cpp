#include "objects/tokens/jwt.hpp"

#include <optional>

#include "core/digest.hpp"

namespace slipway::objects::tokens {
namespace {

constexpr std::size_t longest_token = 16UL * 1024;

struct Parts {
  std::string_view header, claims, signature;
  std::string_view signed_text;
};

std::optional<Parts> split(std::string_view token) {
  if (token.size() > longest_token) return std::nullopt;
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
               token.substr(0, second)};
}

std::optional<doc::Value> object_of(std::string_view part) {
  const auto text = core::from_base64_url(part);
  if (!text) return std::nullopt;
  auto value = doc::parse_json(*text, "<token>");
  if (!value || !value->is_object()) return std::nullopt;
  return std::move(*value);
}

doc::Object public_key(const core::SigningKey& key) {
  return {{"crv", "P-256"}, {"kty", "EC"}, {"x", core::base64_url(key.x())}, {"y", core::base64_url(key.y())}};
}

}  // namespace

std::string key_id(const core::SigningKey& key) {
  return Digest::of(doc::render_json_canonical(public_key(key))).hex();
}

doc::Value key_set(const core::SigningKey& key) {
  auto entry = public_key(key);
  entry.append("use", "sig");
  entry.append("kid", key_id(key));
  entry.append("alg", "ES256");
  return doc::Object{{"keys", doc::Array{doc::Value(std::move(entry))}}};
}

Result<std::string> sign(const core::SigningKey& key, const doc::Value& claims) {
  const doc::Value header = doc::Object{{"alg", "ES256"}, {"kid", key_id(key)}};
  std::string text = core::base64_url(doc::render_json(header)) + "." + core::base64_url(doc::render_json(claims));
  TRY_ASSIGN(const auto signature, key.sign(text));
  return text + "." + core::base64_url(signature);
}

Result<doc::Value> verify(const core::SigningKey& key, std::string_view token) {
  const auto refuse = [](const char* why) { return fail(Code::unauthenticated, why); };
  const auto parts = split(token);
  if (!parts) return refuse("this is no token");
  const auto header = object_of(parts->header);
  if (!header) return refuse("the token's header cannot be read");
  const auto& alg = (*header)["alg"];
  if (!alg.is_string() || alg.as_string() != "ES256") return refuse("the token is not signed with ES256");
  const auto& kid = (*header)["kid"];
  if (!kid.is_string() || kid.as_string() != key_id(key))
    return refuse("the token is signed with a key not known here");
  if (header->as_object().contains("crit")) return refuse("the token needs an extension that is not known here");
  const auto signature = core::from_base64_url(parts->signature);
  if (!signature || !key.verify(parts->signed_text, *signature)) return refuse("the token's signature is wrong");
  auto claims = object_of(parts->claims);
  if (!claims) return refuse("the token's claims cannot be read");
  return std::move(*claims);
}

std::string claimed_issuer(std::string_view token) {
  const auto parts = split(token);
  if (!parts) return {};
  const auto claims = object_of(parts->claims);
  if (!claims || !(*claims)["iss"].is_string()) return {};
  return (*claims)["iss"].as_string();
}

}  // namespace slipway::objects::tokens
