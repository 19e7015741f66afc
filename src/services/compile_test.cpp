#include "services/compile.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace slipway::services;

namespace {

// Takes each document of a manifest.
void put_all(Cluster& cluster, std::string_view yaml) {
  auto objects = objects::parse_manifest(yaml, "objects.yaml");
  REQUIRE(objects);
  for (const auto& object : *objects) cluster.put(object);
}

std::string told(const Cluster& cluster) {
  std::string text;
  for (const Rule& rule : cluster.compile({"127.0.0.1"})) {
    text += rule.name + " " + std::string(name_of(rule.protocol)) + " at";
    for (const auto& address : rule.listen) text += " " + address.text();
    text += " to";
    for (const auto& address : rule.endpoints) text += " " + address.text();
    if (rule.affinity_seconds > 0) text += " for " + std::to_string(rule.affinity_seconds) + " s";
    text += "\n";
  }
  return text;
}

constexpr const char* web = R"(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  clusterIP: 127.20.128.9
  clusterIPs: [127.20.128.9]
  ports: [{name: http, port: 80, targetPort: web, nodePort: 30080}]
)";

constexpr const char* two_ready = R"(
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: FQDN
ports: [{name: http, protocol: TCP, port: 8000}]
endpoints:
  - {addresses: [127.20.0.1], conditions: {ready: true}}
  - {addresses: [127.20.0.2], conditions: {ready: true, serving: true}}
  - {addresses: [127.20.0.3], conditions: {ready: false, serving: false}}
  - {addresses: [web.example.com], conditions: {ready: true}}
)";

}  // namespace

TEST_CASE("an endpoint where the proxy listens itself is nobody's") {
  Cluster cluster;
  put_all(cluster, web);
  put_all(cluster, R"(
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: round, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: FQDN
ports: [{name: http, protocol: TCP, port: 80}]
endpoints: [{addresses: [127.20.128.9]}, {addresses: [127.20.0.1]}]
)");
  CHECK(told(cluster) == "shop/web:http TCP at 127.20.128.9:80 127.0.0.1:30080 to 127.20.0.1:80\n");
}

TEST_CASE("a Service is served at its address and its node port by who is ready") {
  Cluster cluster;
  put_all(cluster, web);
  put_all(cluster, two_ready);
  CHECK(told(cluster) == "shop/web:http TCP at 127.20.128.9:80 127.0.0.1:30080 to 127.20.0.1:8000 127.20.0.2:8000\n");
}

TEST_CASE("who ends and serves still is asked when nobody else is there") {
  Cluster cluster;
  put_all(cluster, web);
  put_all(cluster, R"(
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, protocol: TCP, port: 8000}]
endpoints:
  - {addresses: [127.20.0.1], conditions: {ready: false, serving: true, terminating: true}}
  - {addresses: [127.20.0.2], conditions: {ready: false, serving: false, terminating: true}}
)");
  CHECK(told(cluster).ends_with("to 127.20.0.1:8000\n"));
  put_all(cluster, two_ready);
  CHECK(told(cluster).ends_with("to 127.20.0.1:8000 127.20.0.2:8000\n"));
}

TEST_CASE("headless Services and ExternalNames have no address of their own") {
  Cluster cluster;
  put_all(cluster, R"(
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: None, clusterIPs: [None], ports: [{port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere, namespace: shop}
spec: {type: ExternalName, externalName: example.com, ports: [{port: 80}]}
)");
  CHECK(told(cluster).empty());
}

TEST_CASE("a Service without selector has the endpoints that somebody wrote, slices first") {
  Cluster cluster;
  put_all(cluster, R"(
apiVersion: v1
kind: Service
metadata: {name: old, namespace: shop}
spec:
  clusterIP: 127.20.128.10
  sessionAffinity: ClientIP
  sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}
  ports: [{port: 5432}, {name: udp, port: 53, protocol: UDP}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: old, namespace: shop}
subsets:
  - addresses: [{ip: 192.0.2.7}]
    notReadyAddresses: [{ip: 192.0.2.8}]
    ports: [{port: 5433}, {name: udp, port: 5353, protocol: UDP}]
)");
  CHECK(told(cluster) ==
        "shop/old TCP at 127.20.128.10:5432 to 192.0.2.7:5433 for 60 s\n"
        "shop/old:udp UDP at 127.20.128.10:53 to 192.0.2.7:5353 for 60 s\n");
}

TEST_CASE("host ports are served at the node's addresses, or at the one they name") {
  Cluster cluster;
  put_all(cluster, R"(
apiVersion: v1
kind: Pod
metadata: {name: edge, namespace: shop}
spec:
  containers:
    - name: c
      ports:
        - {containerPort: 8000, hostPort: 80}
        - {containerPort: 53, hostPort: 53, hostIP: 127.0.0.9, protocol: UDP}
        - {containerPort: 9000}
status: {podIP: 127.20.0.4, phase: Running}
)");
  CHECK(told(cluster) ==
        "Pod shop/edge, hostPort 80 TCP at 127.0.0.1:80 to 127.20.0.4:8000\n"
        "Pod shop/edge, hostPort 53 on 127.0.0.9 UDP at 127.0.0.9:53 to 127.20.0.4:53\n");
}

TEST_CASE("what says nothing new makes no new rules") {
  Cluster cluster;
  auto service = objects::parse_manifest(web, "web.yaml")->front();
  CHECK(cluster.put(service));
  service.set_annotation("seen", "again");
  CHECK_FALSE(cluster.put(service));
  CHECK(cluster.remove(service));
  CHECK_FALSE(cluster.remove(service));
}

TEST_CASE("the API server's own Service is not the proxy's, and without endpoints nobody needs one") {
  Cluster cluster;
  put_all(cluster, R"(
apiVersion: v1
kind: Service
metadata: {name: kubernetes, namespace: default}
spec: {clusterIP: 127.20.128.1, ports: [{name: https, port: 443}]}
)");
  CHECK(told(cluster).empty());
  CHECK_FALSE(need_proxy({{"shop/web", Protocol::tcp, {{"127.20.128.1", 443}}, {}, 0}}));
  CHECK(need_proxy({{"shop/web", Protocol::tcp, {{"127.20.128.1", 443}}, {{"127.20.0.1", 1}}, 0}}));
}
