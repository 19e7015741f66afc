#include "net/impl/router.hpp"

#include <doctest/doctest.h>

#include "net/impl/url.hpp"

namespace slipway::net {
namespace {

// A tree whose routes are told apart by their max_body: the position in the list.
RouteTree tree_of(const std::vector<std::pair<std::string, std::string>>& routes) {
  RouteTree tree;
  for (std::size_t i = 0; i < routes.size(); ++i)
    tree.add(routes[i].first, routes[i].second, Route{{}, {.max_body = i}});
  return tree;
}

// "3 a,b": the route and its parameters, or "405 GET,HEAD", or "404".
std::string found(const RouteTree& tree, std::string_view method, const std::string& path) {
  const auto match = tree.find(method, parse_target(path).value().segments);
  const auto joined = [](const std::vector<std::string>& texts) {
    std::string text;
    for (const std::string& part : texts) text += (text.empty() ? "" : ",") + part;
    return text;
  };
  if (match.route != nullptr) return std::to_string(match.route->options.max_body) + " " + joined(match.parameters);
  return match.allowed.empty() ? "404" : "405 " + joined(match.allowed);
}

}  // namespace

TEST_CASE("the most specific route wins") {
  const RouteTree tree = tree_of({
      {"GET", "/api/v1/pods"},               // 0
      {"GET", "/api/v1/{kind}"},             // 1
      {"GET", "/api/v1/{kind}/{name}"},      // 2
      {"GET", "/api/v1/{kind}/{name}/log"},  // 3
      {"GET", "/api/{rest...}"},             // 4
      {"POST", "/api/v1/pods"},              // 5
      {"POST", "/runs/{id}:terminate"},      // 6
      {"GET", "/runs/{id}"},                 // 7
      {"GET", "/"},                          // 8
      {"DELETE", "/api/v1/{kind}"},          // 9
      {"GET", "/ui/{rest...}"},              // 10
  });
  struct Case {
    const char *method, *path, *expected;
  };
  for (const auto& [method, path, expected] : std::initializer_list<Case>{
           {"GET", "/api/v1/pods", "0 "},
           {"GET", "/api/v1/services", "1 services"},
           {"GET", "/api/v1/pods/p1", "2 pods,p1"},
           {"GET", "/api/v1/pods/p%2F1/log", "3 pods,p/1"},
           {"GET", "/api/v1/pods/p1/exec", "4 v1/pods/p1/exec"},
           {"GET", "/api/v2", "4 v2"},
           {"POST", "/api/v1/pods", "5 "},
           {"POST", "/runs/r1:terminate", "6 r1"},
           {"GET", "/runs/r1:terminate", "7 r1:terminate"},
           {"GET", "/runs/:terminate", "7 :terminate"},
           {"GET", "/", "8 "},
           {"HEAD", "/runs/r1", "7 r1"},
           {"GET", "/api/v1/pods/", "4 v1/pods/"},  // an empty part is no name
           {"DELETE", "/api/v1/pods", "9 pods"},
           {"PUT", "/api/v1/pods", "405 DELETE,GET,HEAD,POST"},
           {"POST", "/runs/r1", "405 GET,HEAD"},
           {"GET", "/nothing", "404"},
           {"GET", "/runs", "404"},
           {"GET", "/runs/", "404"},
           {"GET", "/ui/", "10 "},
           {"GET", "/ui/a/b.js", "10 a/b.js"},
           {"GET", "/ui", "404"},
       }) {
    CAPTURE(method);
    CAPTURE(path);
    CHECK(found(tree, method, path) == expected);
  }
}

TEST_CASE("a trailing slash does not matter where nothing asks for it") {
  const RouteTree tree = tree_of({{"GET", "/apis"}, {"GET", "/apis/{group}"}});
  CHECK(found(tree, "GET", "/apis/") == "0 ");
  CHECK(found(tree, "GET", "/apis/apps/") == "1 apps");
  CHECK(found(tree, "GET", "/apis//") == "404");
  CHECK(found(tree, "POST", "/apis/") == "405 GET,HEAD");
}

TEST_CASE("mistakes in patterns are found when they are made") {
  RouteTree tree = tree_of({{"GET", "/a/{x}"}});
  for (const char* pattern : {"a", "", "/a/{y}", "/{rest...}/b", "/{x", "/{rest...}x"}) {
    CAPTURE(pattern);
    CHECK_THROWS(tree.add("GET", pattern, {}));
  }
}

}  // namespace slipway::net
