#include <doctest/doctest.h>

#include "gateway/traffic/test_rules.hpp"

using namespace slipway;
using namespace slipway::gateway::traffic;

namespace {
std::string problem_of(const std::string& http) {
  auto parsed = parse_virtual_service(one_object(virtual_service(http)));
  return parsed ? "" : parsed.error().render();
}
bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
}  // namespace

TEST_CASE("a whole VirtualService is read") {
  const auto service = parse_virtual_service(one_object(virtual_service(R"(
  - name: primary
    match:
    - uri: {prefix: /v1}
      headers: {x-team: {exact: red}, x-any: {}}
      method: {regex: "GET|POST"}
    - authority: {exact: other.example.com}
    timeout: 1.5s
    rewrite: {uri: /v2, authority: inner}
    headers: {request: {set: {A: b}, add: {C: d}, remove: [E]}}
    retries: {attempts: 0}
    route:
    - {destination: {host: chat, subset: stable, port: {number: 80}}, weight: 90}
    - {destination: {host: chat, subset: canary}, weight: 10}
)")));
  REQUIRE_MESSAGE(service.has_value(), (service ? "" : service.error().render()));
  const HttpRoute& route = service->http[0];
  CHECK(service->gateways == std::vector<std::string>{"prod/edge"});
  CHECK(route.matches.size() == 2);
  CHECK(route.matches[0].headers[0].second.kind == StringMatch::Kind::exact);
  CHECK(route.matches[0].headers[1].second.kind == StringMatch::Kind::present);
  CHECK(route.timeout == std::chrono::milliseconds(1500));
  CHECK(route.retries == 0);
  CHECK(route.destinations[0].port == 80);
  CHECK(route.destinations[1].weight == 10);
  CHECK(route.request_headers.set[0].first == "a");
}

TEST_CASE("what is unknown is refused by name with its position, and a near name is offered") {
  const std::string text = problem_of("  - route: [{destination: {host: chat, subsett: stable}}]\n");
  CHECK(says(text, "subsett"));
  CHECK(says(text, "subset"));
  CHECK(says(text, "test.yaml:"));
}

TEST_CASE("what Istio knows and this gateway does not carry out is refused by name") {
  const std::string route = "    route: [{destination: {host: chat}}]\n";
  for (const auto& [field, yaml] : std::vector<std::pair<std::string, std::string>>{
           {"mirror", "  - mirror: {host: shadow}\n" + route},
           {"fault", "  - fault: {abort: {httpStatus: 500}}\n" + route},
           {"corsPolicy", "  - corsPolicy: {}\n" + route},
           {"delegate", "  - delegate: {name: x}\n" + route},
           {"queryParams", "  - match: [{queryParams: {a: {exact: b}}}]\n" + route},
           {"withoutHeaders", "  - match: [{withoutHeaders: {a: {}}}]\n" + route},
           {"uriRegexRewrite", "  - rewrite: {uriRegexRewrite: {match: a, rewrite: b}}\n" + route},
           {"perTryTimeout", "  - retries: {perTryTimeout: 1s}\n" + route}}) {
    CAPTURE(field);
    const std::string text = problem_of(yaml);
    CHECK(says(text, field));
    CHECK(says(text, "not supported"));
  }
}

TEST_CASE("rules that contradict themselves are refused") {
  for (const auto& [part, yaml] : std::vector<std::pair<std::string, std::string>>{
           {"exactly one of route, redirect and directResponse", "  - name: a\n"},
           {"exactly one of route, redirect and directResponse",
            "  - redirect: {uri: /x}\n    route: [{destination: {host: chat}}]\n"},
           {"exactly one of exact, prefix and regex",
            "  - match: [{uri: {exact: /a, prefix: /b}}]\n    redirect: {uri: /x}\n"},
           {"lower case", "  - match: [{headers: {X-Team: {exact: red}}}]\n    redirect: {uri: /x}\n"},
           {"bad regular expression", "  - match: [{uri: {regex: \"(\"}}]\n    redirect: {uri: /x}\n"},
           {"weights sum to zero",
            "  - route: [{destination: {host: a}, weight: 0}, {destination: {host: b}, weight: 0}]\n"},
           {"redirectCode", "  - redirect: {uri: /x, redirectCode: 200}\n"},
           {"a second route is named", "  - {name: a, redirect: {uri: /x}}\n  - {name: a, redirect: {uri: /x}}\n"}}) {
    CAPTURE(yaml);
    CHECK(says(problem_of(yaml), part));
  }
}

TEST_CASE("all problems of a rule are reported at once") {
  const std::string text =
      problem_of("  - mirror: {host: a}\n    fault: {}\n    route: [{destination: {hots: chat}}]\n");
  CHECK(says(text, "mirror"));
  CHECK(says(text, "fault"));
  CHECK(says(text, "hots"));
}

TEST_CASE("a DestinationRule is read, and outlier detection is refused by name") {
  const std::string head =
      "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: chat, namespace: prod}\nspec:\n  "
      "host: chat\n";
  auto rule = parse_destination_rule(one_object(head + R"(
  trafficPolicy:
    loadBalancer: {consistentHash: {httpHeaderName: X-User}}
    connectionPool: {tcp: {maxConnections: 7, connectTimeout: 3s}, http: {http1MaxPendingRequests: 5}}
  subsets: [{name: a, labels: {v: "1"}, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}]
)"));
  REQUIRE_MESSAGE(rule.has_value(), (rule ? "" : rule.error().render()));
  CHECK(rule->policy.load_balancer->hash_header == "x-user");
  CHECK(rule->policy.connection_pool->max_connections == 7);
  CHECK(rule->policy.connection_pool->connect_timeout == std::chrono::seconds(3));
  CHECK(rule->subsets[0].policy.load_balancer->balance == Balance::round_robin);

  for (const std::string field : {"outlierDetection", "tls", "portLevelSettings"}) {
    auto refused = parse_destination_rule(one_object(head + "  trafficPolicy: {" + field + ": {}}\n"));
    REQUIRE(!refused.has_value());
    CHECK(says(refused.error().render(), field));
  }
}

TEST_CASE("a Gateway serves plain HTTP only, and says so") {
  const std::string head =
      "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: prod}\nspec:\n";
  CHECK(parse_gateway(one_object(head + "  selector: {istio: ingressgateway}\n  servers: [{port: {number: 80, name: h, "
                                        "protocol: HTTP}, hosts: [a]}]\n"))
            .has_value());
  for (const std::string servers : {"{port: {number: 443, protocol: HTTPS}, hosts: [a]}",
                                    "{port: {number: 80, protocol: HTTP}, hosts: [a], tls: {}}",
                                    "{port: {number: 80, protocol: HTTP}, hosts: []}"}) {
    CAPTURE(servers);
    CHECK(!parse_gateway(one_object(head + "  servers: [" + servers + "]\n")).has_value());
  }
}

TEST_CASE("short hosts resolve in the rule's namespace") {
  CHECK(resolve_host("chat", "prod") == objects::Name{"prod", "chat"});
  CHECK(resolve_host("chat.dev.svc.cluster.local", "prod") == objects::Name{"dev", "chat"});
  CHECK(!resolve_host("chat.dev", "prod"));  // Istio takes it for a host outside the cluster
  CHECK(!resolve_host("api.example.com", "prod"));
}
