#pragma once
// Documents: what the API server says of itself: discovery, OpenAPI, version, health. Nothing here reads an object.
//
// Thread: the control loop only.

#include "objects/api/health.hpp"
#include "objects/catalog.hpp"
#include "objects/discovery/discovery.hpp"
#include "objects/openapi/openapi.hpp"

namespace slipway::net {
class Responder;
struct Request;
}  // namespace slipway::net
namespace slipway::storage {
class Database;
}

namespace slipway::objects::api {

class Documents {
 public:
  // Both outlive it; whether the database can be read is part of health.
  Documents(const Catalog& catalog, storage::Database& database);
  // Discovery (/api, /apis and what lies below), /version, /healthz, /livez, /readyz, /openapi/...; else 404.
  void answer(const net::Request& request, net::Responder& responder);

 private:
  void answer_openapi(const net::Request& request, net::Responder& responder);
  discovery::Discovery discovery_;
  openapi::OpenApi openapi_;
  std::vector<HealthCheck> health_;
};

}  // namespace slipway::objects::api
