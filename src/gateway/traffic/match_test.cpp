#include <doctest/doctest.h>

#include "gateway/traffic/match.hpp"
#include "gateway/traffic/rewrite.hpp"
#include "gateway/traffic/test_rules.hpp"

using namespace slipway;
using namespace slipway::gateway::traffic;

namespace {

// The name of the route that a request takes, "-" for none.
std::string taken(const Snapshot& snapshot, const std::string& method, const std::string& host,
                  const std::string& target, const core::Headers& headers = {}) {
  const Matched m = match(snapshot, {method, host, target, &headers});
  return m.route ? m.route->rule.name : "-";
}

std::string answer(const std::string& name, const std::string& match) {
  return "  - name: " + name + "\n" + (match.empty() ? "" : "    match: " + match + "\n") +
         "    directResponse: {status: 200}\n";
}

Snapshot of_http(const std::string& http) { return snapshot_of(chat_world() + virtual_service(http)); }

std::string rewritten(const Snapshot& snapshot, const std::string& target) {
  const Matched m = match(snapshot, {"GET", "chat.example.com", target, nullptr});
  REQUIRE(m.route);
  return rewritten_target(m, target);
}

}  // namespace

TEST_CASE("the first match in the list wins, and nothing matched is nothing") {
  const auto s = of_http(answer("a", "[{uri: {exact: /a}}]") + answer("b", "[{uri: {prefix: /a}}]") +
                         answer("c", "[{uri: {prefix: /}, method: {exact: PUT}}]"));
  CHECK(taken(s, "GET", "chat.example.com", "/a") == "a");
  CHECK(taken(s, "GET", "chat.example.com", "/a?x=1") == "a");  // the query is not part of the path
  CHECK(taken(s, "GET", "chat.example.com", "/ab") == "b");
  CHECK(taken(s, "PUT", "chat.example.com", "/z") == "c");
  CHECK(taken(s, "GET", "chat.example.com", "/z") == "-");
}

TEST_CASE("a uri prefix is a raw string prefix") {
  const auto s = of_http(answer("v1", "[{uri: {prefix: /v1}}]"));
  CHECK(taken(s, "GET", "chat.example.com", "/v1foo") == "v1");
  CHECK(taken(s, "GET", "chat.example.com", "/V1") == "-");
}

TEST_CASE("a regex matches the whole path without the query") {
  const auto s = of_http(answer("r", "[{uri: {regex: \"/v[0-9]+/chat\"}}]"));
  CHECK(taken(s, "GET", "chat.example.com", "/v1/chat?stream=1") == "r");
  CHECK(taken(s, "GET", "chat.example.com", "/v1/chat/x") == "-");
  CHECK(taken(s, "GET", "chat.example.com", "/x/v1/chat") == "-");
}

TEST_CASE("match blocks are alternatives, conditions inside one must all hold, and case counts but for ignoreUriCase") {
  const auto s = of_http(answer("m",
                                "[{uri: {exact: /A}, ignoreUriCase: true, headers: {x-team: {prefix: re}}}, "
                                "{authority: {exact: \"chat.example.com:80\"}}]"));
  CHECK(taken(s, "GET", "chat.example.com", "/a", {{"X-Team", "red"}}) == "m");
  CHECK(taken(s, "GET", "chat.example.com", "/a", {{"X-Team", "blue"}}) == "-");
  CHECK(taken(s, "GET", "chat.example.com", "/a") == "-");
  CHECK(taken(s, "GET", "chat.example.com:80", "/other") == "m");
}

TEST_CASE("an empty header condition or regex * means presence") {
  const auto s = of_http(answer("p", "[{headers: {x-a: {}}}, {headers: {x-b: {regex: \"*\"}}}]"));
  CHECK(taken(s, "GET", "chat.example.com", "/", {{"x-a", ""}}) == "p");
  CHECK(taken(s, "GET", "chat.example.com", "/", {{"X-B", "anything"}}) == "p");
  CHECK(taken(s, "GET", "chat.example.com", "/") == "-");
}

TEST_CASE("exact hosts win over wildcards, longer wildcards over shorter, and case and port of Host do not count") {
  const std::string yaml = chat_world() + R"(
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: all, namespace: prod}
spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: any, namespace: prod}
spec: {hosts: ["*"], gateways: [all], http: [{name: any, directResponse: {status: 200}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: wide, namespace: prod}
spec: {hosts: ["*.example.com"], gateways: [all], http: [{name: wide, directResponse: {status: 200}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: deep, namespace: prod}
spec: {hosts: ["*.eu.example.com"], gateways: [all], http: [{name: deep, directResponse: {status: 200}}]}
)" + virtual_service(answer("exact", ""));
  const auto s = snapshot_of(yaml);
  CHECK(taken(s, "GET", "Chat.Example.com:8081", "/") == "exact");
  CHECK(taken(s, "GET", "other.example.com", "/") == "wide");
  CHECK(taken(s, "GET", "a.eu.example.com", "/") == "deep");
  CHECK(taken(s, "GET", "example.com", "/") == "any");  // the wildcard needs a label
}

TEST_CASE("a host that no Gateway serves is not served") {
  const auto s = of_http(answer("a", ""));
  CHECK(taken(s, "GET", "chat.example.org", "/") == "-");
}

TEST_CASE("services that share a host are merged by age, their catch-alls last") {
  const std::string older = virtual_service(answer("old-all", ""), "older");
  const std::string newer = virtual_service(answer("new", "[{uri: {exact: /new}}]"), "newer");
  const auto s = snapshot_of(chat_world() + older + newer);
  CHECK(taken(s, "GET", "chat.example.com", "/new") == "new");
  CHECK(taken(s, "GET", "chat.example.com", "/x") == "old-all");
}

TEST_CASE("the explanation says which route was taken and why the ones before were not") {
  const auto s = of_http(answer("a", "[{uri: {exact: /a}}]") + answer("b", ""));
  std::vector<std::string> why;
  const core::Headers none;
  match(s, {"GET", "chat.example.com", "/x", &none}, &why);
  REQUIRE(why.size() == 3);
  CHECK(why[1] == "route \"a\" (http[0]) of VirtualService prod/chat: uri exact \"/a\" does not match \"/x\"");
  CHECK(why[2] == "route \"b\" (http[1]) of VirtualService prod/chat: matches every request");
}

TEST_CASE("rewrites replace a prefix or the whole path, and keep the query") {
  const std::string to = "    rewrite: {uri: /new}\n    route: [{destination: {host: chat}}]\n";
  CHECK(rewritten(of_http("  - match: [{uri: {prefix: /old}}]\n" + to), "/old/a?q=1") == "/new/a?q=1");
  CHECK(rewritten(of_http("  - match: [{uri: {exact: /old}}]\n" + to), "/old?q") == "/new?q");
  CHECK(rewritten(of_http("  - match: [{uri: {regex: \"/o.*\"}}]\n" + to), "/old/a") == "/new");
  CHECK(
      rewritten(
          of_http(
              "  - match: [{uri: {prefix: /foo}}]\n    rewrite: {uri: /}\n    route: [{destination: {host: chat}}]\n"),
          "/foo/bar") == "//bar");
}

TEST_CASE("header operations remove, then set, then add; one destination has the last word, several have not") {
  const std::string operations = "    headers: {request: {set: {x: route}, add: {y: \"2\"}, remove: [z]}}\n";
  const std::string own = "headers: {request: {set: {x: destination}}}";
  const core::Headers given{{"X", "client"}, {"y", "1"}, {"Z", "gone"}};

  core::Headers single = given;
  const auto one = of_http("  - route: [{destination: {host: chat}, " + own + "}]\n" + operations);
  apply_request_rules(one.routes[0], 0, single);
  CHECK(core::header(single, "x") == "destination");
  CHECK(core::header(single, "z").empty());
  CHECK(std::count_if(single.begin(), single.end(), [](const auto& h) { return h.first == "y"; }) == 2);

  core::Headers several = given;
  const auto two = of_http("  - route: [{destination: {host: chat, subset: stable}, weight: 50, " + own +
                           "}, {destination: {host: chat, subset: canary}, weight: 50}]\n" + operations);
  apply_request_rules(two.routes[0], 0, several);
  CHECK(core::header(several, "x") == "route");
}

TEST_CASE("the authority is rewritten through host or :authority, and rewrite.authority wins") {
  core::Headers headers{{"Host", "chat.example.com"}};
  apply_request_rules(of_http("  - headers: {request: {set: {\":authority\": inner, \":path\": /evil}}}\n    route: "
                              "[{destination: {host: chat}}]\n")
                          .routes[0],
                      0, headers);
  CHECK(headers == core::Headers{{"host", "inner"}});
  apply_request_rules(of_http("  - headers: {request: {set: {host: a}}}\n    rewrite: {authority: b}\n    route: "
                              "[{destination: {host: chat}}]\n")
                          .routes[0],
                      0, headers);
  CHECK(headers == core::Headers{{"host", "b"}});
}

TEST_CASE("redirects keep what they do not replace and elide the scheme's own port") {
  const core::Headers none;
  const RequestView request{"GET", "chat.example.com:80", "/a?q=1", &none};
  CHECK(redirect_location({.uri = "/b"}, request) == "http://chat.example.com/b?q=1");
  CHECK(redirect_location({.authority = "other:443", .scheme = "https"}, request) == "https://other/a?q=1");
}
