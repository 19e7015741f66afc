#pragma once
// The routes of a Router as the server asks for them.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/http.hpp"

namespace slipway::net {

struct Route {
  Handler handler;
  RouteOptions options;
};

struct RouteMatch {
  const Route* route = nullptr;         // null: nothing fits
  std::vector<std::string> parameters;  // what the braces matched
  std::vector<std::string> allowed;     // methods of the path, when only the method did not fit
};

// A tree of path segments. At each segment a literal beats "{name}:suffix", which beats "{name}", which beats
// "{rest...}"; a pattern without the method does not hide a less specific one that has it.
class RouteTree {
 public:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::map<std::string, std::unique_ptr<Node>, std::less<>> suffixed;  // by suffix; "" is "{name}"
    std::map<std::string, Route, std::less<>> here;                      // by method
    std::map<std::string, Route, std::less<>> rest;
  };

  // Throws logic_error when the pattern is malformed or taken.
  void add(std::string_view method, std::string_view pattern, Route route);
  // `segments` are decoded. HEAD falls back to GET; a trailing slash is ignored when nothing fits with it.
  RouteMatch find(std::string_view method, std::vector<std::string> segments) const;

 private:
  Node root_;
};

struct Router::State {
  RouteTree routes;
  Guard guard;
};

}  // namespace slipway::net
