#pragma once
// Test support: rules and endpoints from manifests. Included by tests only.

#include <doctest/doctest.h>

#include "gateway/traffic/compile.hpp"
#include "gateway/traffic/parse.hpp"
#include "objects/object.hpp"

namespace slipway::gateway::traffic {

inline objects::Object one_object(const std::string& yaml) {
  auto objects = objects::parse_manifest(yaml, "test.yaml");
  REQUIRE_MESSAGE(objects.has_value(), (objects ? "" : objects.error().render()));
  REQUIRE(objects->size() == 1);
  return (*objects)[0];
}

// Every document must parse; rules that do not fail the test.
inline Inputs inputs_of(const std::string& yaml) {
  auto objects = objects::parse_manifest(yaml, "test.yaml");
  REQUIRE_MESSAGE(objects.has_value(), (objects ? "" : objects.error().render()));
  Inputs inputs;
  for (const objects::Object& object : *objects) {
    const std::string kind = object.kind();
    const auto keep = [&](auto& map, auto parsed) {
      REQUIRE_MESSAGE(parsed.has_value(), (parsed ? "" : parsed.error().render()));
      map[object.name()] = *parsed;
    };
    if (kind == "Gateway")
      keep(inputs.gateways, parse_gateway(object));
    else if (kind == "VirtualService")
      keep(inputs.virtual_services, parse_virtual_service(object));
    else if (kind == "DestinationRule")
      keep(inputs.destination_rules, parse_destination_rule(object));
    else if (kind == "Service")
      inputs.services[object.name()] = object;
    else if (kind == "EndpointSlice")
      inputs.endpoint_slices[object.name()] = object;
    else if (kind == "Pod")
      inputs.pods[object.name()] = object;
    else
      FAIL("unexpected kind " << kind);
  }
  return inputs;
}

// A Service "chat" in "prod" on port 80 with one ready Pod a label `track`: stable on 127.0.0.1:9001, canary on :9002;
// a Gateway for *.example.com; and a DestinationRule with both subsets.
inline std::string chat_world(int stable_port = 9001, int canary_port = 9002) {
  const auto pod = [](const std::string& name, const std::string& track, const std::string& version) {
    return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
           ", namespace: prod, labels: {app: chat, track: " + track + ", version: " + version +
           "}}\nspec: {containers: [{name: model, image: x}]}\n";
  };
  const auto slice = [](const std::string& pod_name, int port) {
    return "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: " + pod_name +
           ", namespace: prod, labels: {kubernetes.io/service-name: chat}}\naddressType: FQDN\nports: [{name: http, "
           "port: " +
           std::to_string(port) +
           "}]\nendpoints: [{addresses: [127.0.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: " +
           pod_name + ", namespace: prod}}]\n";
  };
  return R"(
apiVersion: v1
kind: Service
metadata: {name: chat, namespace: prod}
spec: {selector: {app: chat}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: prod}
spec:
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example.com"]}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: chat, namespace: prod}
spec:
  host: chat
  subsets:
    - {name: stable, labels: {track: stable}}
    - {name: canary, labels: {track: canary}}
)" + pod("chat-1", "stable", "v1") +
         pod("chat-2", "canary", "v2") + slice("chat-1", stable_port) + slice("chat-2", canary_port);
}

// A VirtualService of prod for chat.example.com with these http routes (YAML, each line indented by two).
inline std::string virtual_service(const std::string& http, const std::string& name = "chat") {
  return "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name +
         ", namespace: prod}\nspec:\n  hosts: [chat.example.com]\n  gateways: [edge]\n  http:\n" + http;
}

inline std::string weighted(int stable, int canary) {
  return "  - name: primary\n    route:\n    - {destination: {host: chat, subset: stable}, weight: " +
         std::to_string(stable) +
         "}\n    - {destination: {host: chat, subset: canary}, weight: " + std::to_string(canary) + "}\n";
}

inline Snapshot snapshot_of(const std::string& yaml, std::uint64_t version = 1) {
  Snapshot snapshot = compile(inputs_of(yaml)).snapshot;
  snapshot.version = version;
  return snapshot;
}

}  // namespace slipway::gateway::traffic
