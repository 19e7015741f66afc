#pragma once
// Failure: why a request of the Kubernetes API was refused, as the Status body that its clients switch on. Errors of
// the rooms below become Failures here, and only here.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.hpp"
#include "objects/object.hpp"
#include "objects/schema/resource.hpp"

namespace slipway::objects::api {

struct Cause {
  std::string reason;   // "FieldValueRequired"
  std::string message;  // "Required value"
  std::string field;    // "spec.replicas"
};

struct Failure {
  int code = 500;
  std::string reason;  // "NotFound"
  std::string message;
  // details; all may be empty
  std::string name, group, kind, uid;
  std::vector<Cause> causes;
  int retry_after = 0;  // seconds; 0: not said
  bool has_details = false;
  std::string next;  // metadata.continue: how a list goes on all the same

  doc::Value status() const;
  net::Response response() const;
};

template <class T = void>
using Answer = std::expected<T, Failure>;

std::unexpected<Failure> refuse(Failure failure);

// What every client knows how to read. `resource` names the kind the request is about.
Failure bad_request(std::string message);                                         // 400 BadRequest
Failure not_found(const schema::Resource& resource, std::string_view name);       // 404
Failure no_such_path();                                                           // 404, for an unknown resource
Failure already_exists(const schema::Resource& resource, std::string_view name);  // 409
Failure conflict(const schema::Resource& resource, std::string_view name, std::string_view why);  // 409
Failure modified_meanwhile(const schema::Resource& resource, std::string_view name);  // 409, the usual sentence
Failure forbidden(const schema::Resource& resource, std::string_view name, std::string_view why);     // 403
Failure invalid(const schema::Resource& resource, std::string_view name, std::vector<Cause> causes);  // 422
Failure expired(std::string message);                                                                 // 410 Expired
Failure unsupported_media_type(std::string message);                                                  // 415
Failure not_acceptable(std::string message);                                                          // 406
Failure method_not_allowed(std::string message);                                                      // 405
Failure too_large(std::string message);                                                               // 413
Failure internal(std::string message);                                                                // 500
// An Error of a lower room. `resource` may be null.
Failure from_error(const Error& error, const schema::Resource* resource = nullptr, std::string_view name = {});

// {"kind":"Status","status":"Success",...} of something that is gone.
doc::Value success_status(const schema::Resource& resource, std::string_view name, std::string_view uid);
// The same of what was done by a POST that makes no object: a Binding, an Eviction.
doc::Value created_status();

// "pods", "deployments.apps": as sentences name a resource.
std::string qualified(const schema::Resource& resource);

}  // namespace slipway::objects::api

// TRY_OR(auto x, expression): like TRY_ASSIGN where the function returns Answer and the expression a Result.
#define TRY_ANSWER(declaration, expression) \
  TRY_ANSWER_(SLIPWAY_CONCAT(try_answer_, __COUNTER__), declaration, expression)
#define TRY_ANSWER_(name, declaration, expression)                                              \
  auto name = (expression);                                                                     \
  if (!name) return std::unexpected<::slipway::objects::api::Failure>(std::move(name).error()); \
  declaration = std::move(*name)
#define TRY_DONE(expression) TRY_DONE_(SLIPWAY_CONCAT(try_done_, __COUNTER__), expression)
#define TRY_DONE_(name, expression)                                                      \
  do {                                                                                   \
    if (auto name = (expression); !name) {                                               \
      return std::unexpected<::slipway::objects::api::Failure>(std::move(name).error()); \
    }                                                                                    \
  } while (false)
