#pragma once
// What the node asks of whoever issues tokens of service accounts (the API server's TokenRequest).

#include <functional>

#include "objects/object.hpp"

namespace slipway::pods {

// A token of a service account, bound to a Pod.
struct TokenWanted {
  objects::Name account;
  std::string audience;  // empty: the API server
  Duration lifetime{};
  std::string pod_name, pod_uid;
};
struct TokenIssued {
  std::string token;
  Time expires{};
};
using IssueToken = std::function<Result<TokenIssued>(const TokenWanted&)>;

}  // namespace slipway::pods
