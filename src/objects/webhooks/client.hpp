#pragma once
// The client of webhooks: where the clientConfig of an admission or conversion webhook leads, and by whom its server is
// vouched for. Services lead to one of their endpoints that is ready.
//
// Thread: the control loop only.

#include "objects/api/context.hpp"

namespace slipway::objects::webhooks {

class Client {
 public:
  // The context outlives this.
  explicit Client(api::Context& context) : context_(context) {}
  using Done = std::move_only_function<void(Result<core::HttpResponse>)>;
  // POSTs `body`, JSON, over HTTPS. `client_config`: url or service, caBundle. not_found or unavailable when there is
  // no way to it. `done` runs on the loop, later.
  void post(const doc::Value& client_config, std::chrono::seconds timeout, const doc::Value& body, Done done);

 private:
  Result<core::HttpRequest> request_to(const doc::Value& client_config, std::chrono::seconds timeout);
  Result<std::string> address_of(const doc::Value& service);

  api::Context& context_;
};

}  // namespace slipway::objects::webhooks
