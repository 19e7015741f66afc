#pragma once
// What clients ask to know who they are and what they, or others, may do: SelfSubjectReview, TokenReview and the
// SubjectAccessReviews. Answered, never stored.
// https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/

#include <functional>

#include "objects/api/server.hpp"
#include "objects/rbac/authorizer.hpp"

namespace slipway::objects::rbac {

// Who proves himself with a token, and for which of the wanted audiences it is (all that are wanted count when it is
// not bound to any). An error says why the token is no good.
struct Proven {
  api::Caller caller;
  std::vector<std::string> audiences;
};
using ProveToken = std::function<Result<Proven>(std::string_view token, const std::vector<std::string>& audiences)>;

// The authorizer outlives the server.
void serve_reviews(api::ApiServer& server, Authorizer& authorizer, ProveToken prove);

}  // namespace slipway::objects::rbac
