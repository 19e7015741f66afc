#include <doctest/doctest.h>

#include "gateway/traffic/match.hpp"
#include "gateway/traffic/test_rules.hpp"

using namespace slipway;
using namespace slipway::gateway::traffic;

namespace {
std::vector<std::string> warnings_of(const std::string& yaml) {
  std::vector<std::string> out;
  for (const Error& e : compile(inputs_of(yaml)).warnings) out.push_back(e.object + ": " + e.message);
  return out;
}
bool any_says(const std::vector<std::string>& lines, const std::string& part) {
  return std::any_of(lines.begin(), lines.end(), [&](const auto& l) { return l.find(part) != std::string::npos; });
}
}  // namespace

TEST_CASE(
    "a weighted service compiles to hosts, routes and backends, the endpoints split by the labels of their Pods") {
  const Snapshot s = snapshot_of(chat_world() + virtual_service(weighted(90, 10)), 7);
  CHECK(core::doc::render_json_pretty(to_json(s)) == R"({
  "version": 7,
  "backends": [
    {
      "namespace": "prod",
      "service": "chat",
      "port": 80,
      "subset": "stable",
      "balance": "LEAST_REQUEST",
      "endpoints": [
        {
          "pod": "prod/chat-1",
          "address": "127.0.0.1",
          "port": 9001,
          "version": "v1",
          "revision": "v1"
        }
      ]
    },
    {
      "namespace": "prod",
      "service": "chat",
      "port": 80,
      "subset": "canary",
      "balance": "LEAST_REQUEST",
      "endpoints": [
        {
          "pod": "prod/chat-2",
          "address": "127.0.0.1",
          "port": 9002,
          "version": "v2",
          "revision": "v2"
        }
      ]
    }
  ],
  "routes": [
    {
      "origin": "VirtualService prod/chat",
      "index": 0,
      "salt": "prod/chat/primary",
      "http": {
        "name": "primary",
        "route": [
          {
            "destination": {
              "host": "chat",
              "subset": "stable"
            },
            "weight": 90
          },
          {
            "destination": {
              "host": "chat",
              "subset": "canary"
            },
            "weight": 10
          }
        ]
      },
      "backends": [
        0,
        1
      ]
    }
  ],
  "hosts": [
    {
      "domain": "chat.example.com",
      "routes": [
        0
      ]
    }
  ]
})");
}

TEST_CASE("a snapshot survives its journey as JSON") {
  const Snapshot s = snapshot_of(chat_world() + virtual_service(R"(
  - name: a
    match: [{uri: {regex: "/v[12]/.*"}, headers: {x-a: {}}}]
    timeout: 3s
    headers: {response: {add: {x: y}}}
    route: [{destination: {host: chat, subset: stable}}]
  - {name: b, redirect: {uri: /x}}
)"),
                                 3);
  const std::string text = core::doc::render_json(to_json(s));
  auto again = snapshot_from_json(*core::doc::parse_json(text));
  REQUIRE_MESSAGE(again.has_value(), (again ? "" : again.error().render()));
  CHECK(core::doc::render_json(to_json(*again)) == text);
  const core::Headers headers{{"x-a", "1"}};
  CHECK(match(*again, {"GET", "chat.example.com", "/v2/x", &headers}).route->rule.timeout == std::chrono::seconds(3));
}

TEST_CASE("a broken snapshot is an error, never a crash") {
  const std::string text = core::doc::render_json(to_json(snapshot_of(chat_world() + virtual_service(weighted(1, 1)))));
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"\"backends\":[0,1]", "\"backends\":[0,7]"},
                                                        {"\"backends\":[0,1]", "\"backends\":[0]"},
                                                        {"\"routes\":[0]", "\"routes\":[-1]"},
                                                        {"LEAST_REQUEST", "MAGIC"},
                                                        {"9001", "0"},
                                                        {"\"hosts\"", "\"hots\""}}) {
    std::string broken = text;
    broken.replace(broken.find(from), from.size(), to);
    CAPTURE(to);
    CHECK(!snapshot_from_json(*core::doc::parse_json(broken)).has_value());
  }
}

TEST_CASE("endpoints that are not ready, and Pods without the subset's labels, get no traffic") {
  std::string yaml = chat_world() + virtual_service(weighted(90, 10));
  const std::size_t at = yaml.rfind("ready: true");
  yaml.replace(at, 11, "ready: false");
  const Snapshot s = snapshot_of(yaml);
  CHECK(s.backends[0].endpoints.size() == 1);
  CHECK(s.backends[1].endpoints.empty());
  CHECK(s.backends[1].problem.empty());  // it exists; nobody is ready
}

TEST_CASE("a subset's policy is inherited block by block from the rule") {
  const Snapshot s = snapshot_of(chat_world() + R"(
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a-policy, namespace: prod}
spec:
  host: chat.prod.svc.cluster.local
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    connectionPool: {tcp: {connectTimeout: 1s}}
  subsets: [{name: own, labels: {track: stable}, trafficPolicy: {loadBalancer: {simple: RANDOM}}}]
)" +
                                 virtual_service("  - route: [{destination: {host: chat, subset: own}, weight: 1}, "
                                                 "{destination: {host: chat, subset: canary}, weight: 1}]\n"));
  CHECK(s.backends[0].load_balancer.balance == Balance::random);
  CHECK(s.backends[0].connection_pool.connect_timeout == std::chrono::seconds(1));
  CHECK(s.backends[1].load_balancer.balance == Balance::round_robin);
}

TEST_CASE("what rules name and nobody has is a warning, and a backend that says why it is empty") {
  const std::string world = chat_world();
  for (const auto& [http, part] : std::vector<std::pair<std::string, std::string>>{
           {"  - route: [{destination: {host: nobody}}]\n", "there is no Service prod/nobody"},
           {"  - route: [{destination: {host: chat, subset: beta}}]\n", "has a subset \"beta\""},
           {"  - route: [{destination: {host: chat, port: {number: 81}}}]\n", "has no port 81"},
           {"  - route: [{destination: {host: chat.dev}}]\n", "is not the name of a Service"}}) {
    const std::string yaml = world + virtual_service(http);
    CAPTURE(part);
    CHECK(any_says(warnings_of(yaml), part));
    const Snapshot s = snapshot_of(yaml);
    CHECK(s.backends[0].endpoints.empty());
    CHECK(s.backends[0].problem.find(part) != std::string::npos);
  }
}

TEST_CASE("Istio's traps are warned about") {
  const std::string world = chat_world();
  const std::string answer = "directResponse: {status: 200}";
  CHECK(any_says(warnings_of(world + virtual_service("  - {name: a, " + answer + "}\n  - {name: b, " + answer + "}\n")),
                 "never reached"));
  CHECK(any_says(warnings_of(world + virtual_service("  - {name: a, match: [{uri: {prefix: /}}], " + answer +
                                                     "}\n  - {name: b, " + answer + "}\n")),
                 "never reached"));
  std::string mesh = virtual_service("  - {" + answer + "}\n");
  mesh.replace(mesh.find("  gateways: [edge]\n"), 19, "");
  CHECK(any_says(warnings_of(world + mesh), "mesh only"));
  std::string elsewhere = virtual_service("  - {" + answer + "}\n");
  elsewhere.replace(elsewhere.find("chat.example.com"), 16, "chat.example.org");
  CHECK(any_says(warnings_of(world + elsewhere), "none of its hosts"));
  std::string lost = virtual_service("  - {" + answer + "}\n");
  lost.replace(lost.find("[edge]"), 6, "[nowhere]");
  CHECK(any_says(warnings_of(world + lost), "there is no Gateway prod/nowhere"));
  std::string hashed = world;
  hashed.replace(hashed.find("  host: chat\n"), 13,
                 "  host: chat\n  trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user}}}\n");
  CHECK(any_says(warnings_of(hashed + virtual_service(weighted(1, 1))), "does not keep a user"));
  std::string limited = world;
  limited.replace(limited.find("  host: chat\n"), 13,
                  "  host: chat\n  trafficPolicy: {connectionPool: {tcp: {maxConnections: 7}}}\n");
  CHECK(any_says(warnings_of(limited + virtual_service(weighted(1, 1))), "not enforced"));
  CHECK(warnings_of(world + virtual_service(weighted(90, 10))).empty());
}

TEST_CASE("a Gateway host may be reserved for a namespace") {
  const auto domains = [](const std::string& host) {
    std::string yaml = chat_world() + virtual_service("  - {directResponse: {status: 200}}\n");
    yaml.replace(yaml.find("\"*.example.com\""), 15, "\"" + host + "\"");
    return snapshot_of(yaml).hosts.size();
  };
  CHECK(domains("prod/*.example.com") == 1);
  CHECK(domains("./chat.example.com") == 1);
  CHECK(domains("*/chat.example.com") == 1);
  CHECK(domains("dev/chat.example.com") == 0);
}
