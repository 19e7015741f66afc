#pragma once
// ApiServer: the Kubernetes API over a backend: every kind of the catalog at /api/v1 and /apis/GROUP/VERSION, with
// discovery, OpenAPI and health, as kubectl, Helm, client-go and the Python client ask for it.
// What other rooms serve (logs, exec, reviews, metrics) they add by name.
//
// Thread: the control loop only; the routes' handlers must run there (net::ServerOptions::loop).

#include <functional>
#include <memory>
#include <string>

#include "objects/api/context.hpp"

namespace slipway::objects::api {

using CallHandler = std::function<void(CallPtr)>;

class ApiServer {
 public:
  // The context outlives the server.
  explicit ApiServer(Context& context);
  ~ApiServer();

  void add_routes(net::Router& router);

  // A subresource that is not the object's own fields: "pods", "log". The object need not exist; the handler looks.
  void serve_subresource(std::string_view group, std::string_view plural, std::string_view subresource,
                         CallHandler handler);
  // A resource that is answered and not stored: "authorization.k8s.io", "selfsubjectaccessreviews".
  void serve_virtual(std::string_view group, std::string_view plural, CallHandler handler);
  // Asked before anything is done, for documents too (they have no resource); refuses with a Failure. May change who
  // the caller is.
  void set_authorizer(std::function<Answer<>(Call&)> authorizer);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::objects::api
