#pragma once
// Documents: what the API server says of itself: discovery, OpenAPI, version, health. Nothing here reads an object.
//
// Thread: the control loop only.

#include "objects/catalog.hpp"
#include "objects/discovery/discovery.hpp"
#include "objects/openapi/openapi.hpp"

namespace slipway::net {
class Router;
class Responder;
struct Request;
}  // namespace slipway::net

namespace slipway::objects::api {

class Documents {
 public:
  explicit Documents(const Catalog& catalog);
  // /version, /healthz, /livez, /readyz, /openapi/...
  void add_routes(net::Router& router);
  // A path of discovery, or 404.
  void answer(const net::Request& request, net::Responder& responder);

 private:
  discovery::Discovery discovery_;
  openapi::OpenApi openapi_;
};

}  // namespace slipway::objects::api
