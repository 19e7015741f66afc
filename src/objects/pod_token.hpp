#pragma once
// What a node asks of whoever issues tokens of service accounts (the API server's TokenRequest; access.hpp).

#include <functional>

#include "objects/object.hpp"

namespace slipway::objects {

// A token of a service account for a Pod, whose end is the token's.
struct PodToken {
  Name account;
  std::string audience;  // empty: this API server
  Duration lifetime{};
  std::string pod_name, pod_uid;
};
struct IssuedToken {
  std::string token;
  Time expires{};
};
// not_found when account or Pod are not there.
using IssueToken = std::function<Result<IssuedToken>(const PodToken& wanted)>;

}  // namespace slipway::objects
