#pragma once
// What a request of the Kubernetes API is about, read from its path, method and query. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "net/http.hpp"

namespace slipway::objects::api {

enum class Verb : std::uint8_t { get, list, watch, create, update, patch, remove, remove_collection, connect };
std::string_view name_of(Verb verb);  // "get", ..., "delete", "deletecollection"

struct RequestInfo {
  bool is_resource = false;    // under /api/VERSION or /apis/GROUP/VERSION, with a resource
  std::string group, version;  // "" is core
  std::string ns;
  std::string plural;       // "pods"
  std::string name;         // empty: the collection
  std::string subresource;  // "status"; "proxy"
  std::string rest;         // what follows a proxy subresource: "metrics/x"
  Verb verb = Verb::get;
};

// `path` is decoded. A path that is no resource's has is_resource false. Unknown methods give nothing a verb would be
// right for: callers check the method first.
RequestInfo request_info_of(std::string_view method, std::string_view path, bool is_watch);
RequestInfo request_info_of(const net::Request& request);

// As an API server reads a boolean parameter: whatever is there is true, but "0" and "false".
bool is_true(const net::Request& request, std::string_view parameter);

}  // namespace slipway::objects::api
