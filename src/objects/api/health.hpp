#pragma once
// Health: /healthz, /livez and /readyz as kube-apiserver answers them: each check by its name, all of them with
// `verbose`, some left out with `exclude`.
// https://kubernetes.io/docs/reference/using-api/health-checks/

#include <functional>
#include <string>
#include <vector>

#include "net/http.hpp"

namespace slipway::objects::api {

struct HealthCheck {
  std::string name;                     // "etcd"
  std::function<Result<>()> look = {};  // empty: whoever answers has it in order
  bool is_of_readiness = false;         // asked for /readyz alone
};

// nullopt: the path is not of health, or names a check that there is not.
std::optional<net::Response> answer_health(const net::Request& request, const std::vector<HealthCheck>& checks);

}  // namespace slipway::objects::api
