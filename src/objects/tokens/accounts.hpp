#pragma once
// AccountTokens: the tokens of service accounts: made on request, bound to an account and perhaps to a Pod, good as
// long as those are there and their time is not over.
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
//
// Thread: the control loop only.

#include "core/signature.hpp"
#include "objects/api/server.hpp"

namespace slipway::objects::tokens {

struct Wanted {
  Name account;
  std::vector<std::string> audiences;  // empty: this API server
  Duration lifetime = std::chrono::hours(1);
  // A Pod or Secret whose end is the token's; kind empty: none.
  std::string bound_kind, bound_name, bound_uid;
};

struct Issued {
  std::string token;
  Time expires{};
  std::vector<std::string> audiences;
};

struct Bearer {
  api::Caller caller;
  std::vector<std::string> audiences;  // of the token
};

class AccountTokens {
 public:
  // The context outlives this. `issuer` names this API server in its tokens, and is who they are for.
  AccountTokens(api::Context& context, core::SigningKey key, std::string issuer)
      : context_(context), key_(std::move(key)), issuer_(std::move(issuer)) {}

  // not_found when the account, or what it is bound to, is not there; conflict when that has another uid.
  Result<Issued> issue(const Wanted& wanted);
  // Whether a token says that it is one of these; nothing is proven by that.
  bool claims(std::string_view token) const;
  // Who holds the token. unauthenticated: why it is no good. It must be for one of `audiences`; empty: for this server.
  Result<Bearer> verify(std::string_view token, const std::vector<std::string>& audiences = {});

  // serviceaccounts/token, and for others who check tokens: /.well-known/openid-configuration and /openid/v1/jwks.
  void serve(api::ApiServer& server);
  void add_routes(net::Router& router);

  const core::SigningKey& key() const { return key_; }
  const std::string& issuer() const { return issuer_; }

 private:
  Result<std::optional<Object>> find(const char* kind, const Name& name);
  Result<> check_bound(const doc::Value& bound, const std::string& ns);
  api::Answer<doc::Value> request(api::Call& call);

  api::Context& context_;
  core::SigningKey key_;
  std::string issuer_;
};

// The key in `path`, made there (0600) when the file is absent.
Result<core::SigningKey> load_or_make_key(core::World& world, const std::string& path);

}  // namespace slipway::objects::tokens
