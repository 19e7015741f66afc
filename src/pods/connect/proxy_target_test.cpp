#include "pods/connect/proxy_target.hpp"

#include <doctest/doctest.h>

namespace slipway::pods::connect {
namespace {

std::string shown(std::string_view text) {
  const auto name = parse_proxy_name(text);
  if (!name) return "none";
  return std::string(name->is_https ? "https " : "http ") + name->name + " " + name->port;
}

TEST_CASE("Proxy: a name says scheme and port as kube-apiserver reads it") {
  CHECK(shown("web") == "http web ");
  CHECK(shown("web:8200") == "http web 8200");
  CHECK(shown("web:metrics") == "http web metrics");
  CHECK(shown("https:web:8443") == "https web 8443");
  CHECK(shown("http:web:") == "http web ");
  CHECK(shown(":web:80") == "http web 80");
  CHECK(shown("ftp:web:21") == "none");
  CHECK(shown(":80") == "none");
  CHECK(shown("") == "none");
  CHECK(shown("a:b:c:d") == "none");
}

TEST_CASE("Proxy: path and query go on exactly as they were sent") {
  const std::string base = "/api/v1/namespaces/n/pods/p:8200/proxy";
  CHECK(proxied_target(base + "/metrics") == "/metrics");
  CHECK(proxied_target(base + "/a%20b/%2F/?x=1&y=%26") == "/a%20b/%2F/?x=1&y=%26");
  CHECK(proxied_target(base) == "/");
  CHECK(proxied_target(base + "?x=1") == "/?x=1");
  CHECK(proxied_target(base + "//double") == "//double");
  CHECK(proxied_target("//api/v1//namespaces/n/pods/p/proxy/x") == "/x");
  CHECK_FALSE(proxied_target("/api/v1/namespaces/n/pods/a%2Fproxy/proxy%2Fx/y"));
  CHECK_FALSE(proxied_target("/api/v1/namespaces/n/pods/p"));
}

TEST_CASE("Proxy: credentials stay with us, and what is of the connection with the connection") {
  const auto kept = headers_for_peer({{"Accept", "text/plain"},
                                      {"Authorization", "Bearer x"},
                                      {"Cookie", "a=b"},
                                      {"Connection", "keep-alive, X-Hop"},
                                      {"x-hop", "1"},
                                      {"X-Slipway-Principal", "ann"},
                                      {"Host", "here"},
                                      {"X-Custom", "2"}});
  CHECK(kept == core::Headers{{"Accept", "text/plain"}, {"X-Custom", "2"}});
}

TEST_CASE("Proxy: a page of a Pod cannot speak for our origin") {
  const auto kept = headers_for_client({{"Content-Type", "text/html"},
                                        {"Set-Cookie", "session=stolen"},
                                        {"Access-Control-Allow-Origin", "*"},
                                        {"Transfer-Encoding", "chunked"},
                                        {"ETag", "1"}});
  CHECK(core::header(kept, "content-type") == "text/html");
  CHECK(core::header(kept, "etag") == "1");
  CHECK(core::header(kept, "content-security-policy") == "sandbox");
  CHECK(core::header(kept, "set-cookie").empty());
  CHECK(core::header(kept, "access-control-allow-origin").empty());
  CHECK(core::header(kept, "transfer-encoding").empty());
}

TEST_CASE("Proxy: a service's port is found by name and by number, its endpoints when they are ready") {
  const auto objects = objects::parse_manifest(R"yaml(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: n}
spec: {ports: [{name: http, port: 80, targetPort: 8000}, {name: metrics, port: 9090}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web, namespace: n}
addressType: IPv4
ports: [{name: http, port: 8000}]
endpoints:
- {addresses: [127.20.0.1], conditions: {ready: true}}
- {addresses: [127.20.0.2], conditions: {ready: false}}
)yaml",
                                               "test.yaml")
                           .value();
  CHECK(endpoint_port_name(objects[0], "80") == "http");
  CHECK(endpoint_port_name(objects[0], "metrics") == "metrics");
  CHECK_FALSE(endpoint_port_name(objects[0], "81"));
  CHECK_FALSE(endpoint_port_name(objects[0], ""));
  CHECK(ready_addresses(objects[1], "http") == std::vector<std::string>{"127.20.0.1:8000"});
  CHECK(ready_addresses(objects[1], "metrics").empty());
}

}  // namespace
}  // namespace slipway::pods::connect
