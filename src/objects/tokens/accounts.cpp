#include "objects/tokens/accounts.hpp"

#include <algorithm>

#include "objects/tokens/jwt.hpp"

namespace slipway::objects::tokens {
namespace {

constexpr std::string_view own_claims = "kubernetes.io";

std::int64_t seconds_of(Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// A token may be for one audience, or for several.
std::vector<std::string> audiences_of(const doc::Value& claim) {
  if (claim.is_string()) return {claim.as_string()};
  std::vector<std::string> list;
  if (!claim.is_array()) return list;
  for (const auto& audience : claim.as_array()) {
    if (audience.is_string()) list.push_back(audience.as_string());
  }
  return list;
}

auto refuse(std::string why) { return fail(Code::unauthenticated, std::move(why)); }

}  // namespace

Result<core::SigningKey> load_or_make_key(core::World& world, const std::string& path) {
  if (world.files.exists(path)) {
    TRY_ASSIGN(const auto pem, world.files.read(path));
    auto key = core::SigningKey::from_pem(pem);
    if (!key) return fail(Error(key.error().code, path + ": " + key.error().message));
    return key;
  }
  TRY_ASSIGN(auto key, core::SigningKey::generate());
  TRY(world.files.write_atomic(path, key.pem(), 0600));
  return key;
}

Result<std::optional<Object>> AccountTokens::find(const char* kind, const Name& name) {
  const auto resource = context_.catalog.stored("", kind);
  if (resource == nullptr) return std::nullopt;
  TRY_ASSIGN(const auto stored, context_.backend.find(kind_of(*resource), name));
  if (!stored) return std::nullopt;
  TRY_ASSIGN(auto object, stored->parse());
  return std::optional<Object>(std::move(object));
}

Result<Issued> AccountTokens::issue(const Wanted& wanted) {
  TRY_ASSIGN(const auto account, find("ServiceAccount", wanted.account));
  if (!account) return fail(Code::not_found, "serviceaccounts \"" + wanted.account.name + "\" not found");
  doc::Object own{{"namespace", wanted.account.ns}};
  if (!wanted.bound_kind.empty()) {
    TRY_ASSIGN(const auto bound, find(wanted.bound_kind.c_str(), {wanted.account.ns, wanted.bound_name}));
    const bool is_pod = wanted.bound_kind == "Pod";
    if (!bound) return fail(Code::not_found, (is_pod ? "pods \"" : "secrets \"") + wanted.bound_name + "\" not found");
    if (!wanted.bound_uid.empty() && bound->uid() != wanted.bound_uid) {
      return fail(Code::conflict, "the UID in the bound object reference (" + wanted.bound_uid +
                                      ") does not match the UID in record. The object might have been deleted and then "
                                      "recreated");
    }
    if (is_pod) {
      auto named = bound->spec()["serviceAccountName"].string_or("");
      if (named.empty()) named = "default";
      if (named != wanted.account.name)
        return fail(Code::invalid_argument, "cannot bind token for serviceaccount \"" + wanted.account.name +
                                                "\" to pod running with different serviceaccount name.");
    }
    own.append(is_pod ? "pod" : "secret", doc::Object{{"name", wanted.bound_name}, {"uid", bound->uid()}});
  }
  own.append("serviceaccount", doc::Object{{"name", wanted.account.name}, {"uid", account->uid()}});

  const auto now = context_.world.clock.now();
  Issued issued{.token = {}, .expires = now + wanted.lifetime, .audiences = wanted.audiences};
  if (issued.audiences.empty()) issued.audiences.push_back(issuer_);
  doc::Object claims{{"aud", doc::Array(issued.audiences.begin(), issued.audiences.end())},
                     {"exp", seconds_of(issued.expires)},
                     {"iat", seconds_of(now)},
                     {"iss", issuer_},
                     {"jti", context_.world.random.uuid()}};
  claims.append(std::string(own_claims), std::move(own));
  claims.append("nbf", seconds_of(now));
  claims.append("sub", "system:serviceaccount:" + wanted.account.ns + ":" + wanted.account.name);
  TRY_ASSIGN(issued.token, sign(key_, doc::Value(std::move(claims))));
  return issued;
}

bool AccountTokens::claims(std::string_view token) const { return claimed_issuer(token) == issuer_; }

Result<> AccountTokens::check_bound(const doc::Value& bound, const std::string& ns) {
  for (const auto& [claim, kind] : {std::pair("pod", "Pod"), std::pair("secret", "Secret")}) {
    if (!bound[claim].is_object()) continue;
    TRY_ASSIGN(const auto object, find(kind, {ns, bound[claim]["name"].string_or("")}));
    if (!object || object->uid() != bound[claim]["uid"].string_or(""))
      return refuse(std::string("the ") + claim + " that the token is bound to is gone");
  }
  return {};
}

Result<Bearer> AccountTokens::verify(std::string_view token, const std::vector<std::string>& audiences) {
  TRY_ASSIGN(const auto claims, tokens::verify(key_, token));
  if (!claims["iss"].is_string() || claims["iss"].as_string() != issuer_)
    return refuse("the token is another issuer's");
  const auto now = seconds_of(context_.world.clock.now());
  if (!claims["exp"].is_int() || claims["exp"].as_int() <= now) return refuse("service account token has expired");
  if (!claims["nbf"].is_int() || claims["nbf"].as_int() > now) return refuse("the token is not valid yet");
  Bearer bearer;
  bearer.audiences = audiences_of(claims["aud"]);
  const auto& wanted = audiences.empty() ? std::vector<std::string>{issuer_} : audiences;
  const bool is_for_one = std::ranges::any_of(wanted, [&](const std::string& audience) {
    return std::ranges::find(bearer.audiences, audience) != bearer.audiences.end();
  });
  if (!is_for_one) return refuse("the token is for other audiences");

  const auto& own = claims[own_claims];
  const Name name{own["namespace"].string_or(""), own["serviceaccount"]["name"].string_or("")};
  const auto uid = own["serviceaccount"]["uid"].string_or("");
  if (claims["sub"].string_or("") != "system:serviceaccount:" + name.ns + ":" + name.name)
    return refuse("the token does not agree with itself");
  TRY_ASSIGN(const auto account, find("ServiceAccount", name));
  if (!account || account->uid() != uid || account->is_being_deleted())
    return refuse("the service account " + name.text() + " of the token is gone");
  TRY(check_bound(own, name.ns));
  bearer.caller = api::service_account(name.ns, name.name, uid);
  bearer.caller.extra["authentication.kubernetes.io/credential-id"] = {"JTI=" + claims["jti"].string_or("")};
  if (own["pod"].is_object()) {
    bearer.caller.extra["authentication.kubernetes.io/pod-name"] = {own["pod"]["name"].string_or("")};
    bearer.caller.extra["authentication.kubernetes.io/pod-uid"] = {own["pod"]["uid"].string_or("")};
  }
  return bearer;
}

}  // namespace slipway::objects::tokens
