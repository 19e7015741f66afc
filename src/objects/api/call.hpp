#pragma once
// Call: one request of the Kubernetes API on its way through the handlers, with what is known of it.

#include <memory>
#include <string>
#include <vector>

#include "objects/api/caller.hpp"
#include "objects/api/failure.hpp"
#include "objects/api/request_info.hpp"
#include "objects/catalog.hpp"

namespace slipway::objects::api {

struct Call {
  RequestInfo info;
  ResourcePtr resource;  // as the client speaks of it
  ResourcePtr stored;    // as it is kept; the same for most
  Kind kind;             // of `stored`
  net::Request request;
  std::shared_ptr<net::Responder> responder;
  Caller caller;                      // who calls, or is acted for
  std::vector<std::string> warnings;  // for the Warning header: see warn()
  // The body's managedFields say already who owns what: it was worked out in another version.
  bool keeps_ownership = false;
  bool is_translated = false;  // a webhook converts what is said and answered

  Name name() const { return {info.ns, info.name}; }
  bool is_converted() const { return resource != stored; }
  const std::string& user() const { return caller.name; }
  std::string manager() const;  // ?fieldManager=, else the start of the User-Agent
  bool is_dry_run() const { return request.parameter("dryRun") == "All"; }
  // Who says the same again, as when the object changed meanwhile and all begins anew, is heard once.
  void warn(std::string text);
  // Sends an object, a Status or any answer with the call's warnings.
  void send(int status, std::string json);
  void send(int status, const doc::Value& value) { send(status, doc::render_json(value)); }
  void send(const Failure& failure);
  void send(net::Response response);
};
using CallPtr = std::shared_ptr<Call>;

// A 299 Warning header of RFC 7234.
std::string warning_header(std::string_view text);

}  // namespace slipway::objects::api
