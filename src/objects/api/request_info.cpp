#include "objects/api/request_info.hpp"

#include "core/text.hpp"

namespace slipway::objects::api {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    if (path.front() == '/') {
      path.remove_prefix(1);
      continue;
    }
    const auto end = path.find('/');
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end == std::string_view::npos ? path.size() : end);
  }
  return parts;
}

Verb verb_of(std::string_view method, bool is_collection, bool is_watch) {
  if (method == "POST") return Verb::create;
  if (method == "PUT") return Verb::update;
  if (method == "PATCH") return Verb::patch;
  if (method == "DELETE") return is_collection ? Verb::remove_collection : Verb::remove;
  if (is_watch) return Verb::watch;
  return is_collection ? Verb::list : Verb::get;
}

bool is_connect(std::string_view subresource) {
  return subresource == "exec" || subresource == "attach" || subresource == "portforward" || subresource == "proxy";
}

}  // namespace

std::string_view name_of(Verb verb) {
  switch (verb) {
    case Verb::get:
      return "get";
    case Verb::list:
      return "list";
    case Verb::watch:
      return "watch";
    case Verb::create:
    case Verb::connect:
      return "create";
    case Verb::update:
      return "update";
    case Verb::patch:
      return "patch";
    case Verb::remove:
      return "delete";
    case Verb::remove_collection:
      return "deletecollection";
  }
  return "get";
}

RequestInfo request_info_of(std::string_view method, std::string_view path, bool is_watch) {
  RequestInfo info;
  auto parts = segments_of(path);
  std::size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    info.version = parts[1];
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    info.group = parts[1];
    info.version = parts[2];
    at = 3;
  } else {
    return info;
  }
  // The old way to ask for a watch.
  if (parts[at] == "watch" && parts.size() > at + 1) {
    is_watch = true;
    ++at;
  }
  const auto left = parts.size() - at;
  const bool of_namespace_itself = left == 3 && (parts[at + 2] == "status" || parts[at + 2] == "finalize");
  if (parts[at] == "namespaces" && left > 2 && !of_namespace_itself) {
    info.ns = parts[at + 1];
    at += 2;
  }
  info.is_resource = true;
  info.plural = parts[at];
  if (parts.size() > at + 1) info.name = parts[at + 1];
  if (parts.size() > at + 2) info.subresource = parts[at + 2];
  for (std::size_t i = at + 3; i < parts.size(); ++i) {
    if (!info.rest.empty()) info.rest += '/';
    info.rest += parts[i];
  }
  info.verb = verb_of(method, info.name.empty(), is_watch && method == "GET");
  if (info.verb == Verb::watch && !info.name.empty() && !info.subresource.empty()) info.verb = Verb::get;
  if (is_connect(info.subresource)) info.verb = Verb::connect;
  return info;
}

RequestInfo request_info_of(const net::Request& request) {
  return request_info_of(request.method, request.path, is_true(request, "watch"));
}

bool is_true(const net::Request& request, std::string_view parameter) {
  if (!request.has_parameter(parameter)) return false;
  const auto text = request.parameter(parameter);
  return text != "0" && !core::equal_ignoring_case(text, "false");
}

}  // namespace slipway::objects::api
