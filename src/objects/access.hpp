#pragma once
// Access: who may do what with the embedded API server: RBAC over the stored roles, reviews (kubectl auth can-i,
// whoami), tokens of service accounts. Inside it nothing is authenticated but these tokens: people are the team's.
//
// Thread: the control loop only.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "objects/api/caller.hpp"
#include "objects/embedded.hpp"
#include "objects/pod_token.hpp"

namespace slipway::objects {

struct AccessOptions {
  // Reading is decided by roles too: for a server that others than its owner reach. Without, the team and who shows no
  // credentials read what is no Secret; service accounts, and users that somebody asks about, have roles. Writing, and
  // what runs or reaches something (exec, proxy), is always decided by roles.
  bool rbac = false;
  std::string key_file;  // of the key that signs tokens; made (0600) when absent
  std::string issuer = "https://kubernetes.default.svc.cluster.local";
  // Whose a token is that is no service account's: for TokenReview. May be empty.
  std::function<Result<api::Caller>(std::string_view token)> other_tokens = {};
};

class Access {
 public:
  // From now on the API server asks. `embedded` outlives this, and its server is not asked after this is gone.
  static Result<std::unique_ptr<Access>> open(Embedded& embedded, AccessOptions options);
  ~Access();

  // Makes the roles and bindings that every cluster has, where they are absent, and keeps aggregated ones.
  Result<> start();
  // The keys for others who check tokens.
  void add_routes(net::Router& router);
  // See IssueToken.
  Result<IssuedToken> issue(const PodToken& wanted);
  // The service account behind a token; nullopt when it does not claim to be one's; unauthenticated when it is no good.
  Result<std::optional<api::Caller>> authenticate(std::string_view token);

 private:
  struct State;
  explicit Access(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace slipway::objects
