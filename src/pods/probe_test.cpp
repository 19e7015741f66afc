#include "pods/probe.hpp"

#include <doctest/doctest.h>

namespace slipway::pods {
namespace {

doc::Value container(const char* yaml) { return *doc::parse_yaml(yaml, "container.yaml"); }

TEST_CASE("Probe: the verdict turns after as many answers in a row as the thresholds say") {
  struct Row {
    bool initially;
    int success, failure;
    const char* answers;
    const char* verdicts;  // after each answer: + good, - not good, ! failed
  };
  for (const Row& row :
       {Row{false, 1, 3, "+", "+"}, Row{false, 2, 3, "+-++", "---+"}, Row{true, 1, 3, "--+---", "+++++!"},
        Row{false, 1, 2, "--", "-!"}, Row{true, 1, 1, "-+-", "!+!"}}) {
    CAPTURE(row.answers);
    ProbeVerdict verdict(row.initially, row.success, row.failure);
    std::string seen;
    for (const char answer : std::string_view(row.answers)) {
      verdict.feed(answer == '+');
      seen += verdict.has_failed() ? '!' : verdict.is_good() ? '+' : '-';
    }
    CHECK(seen == std::string(row.verdicts));
  }
}

TEST_CASE("Probe: the defaults are Kubernetes', and named ports are looked up") {
  const auto probe = parse_probe(container(R"(
name: web
ports: [{name: http, containerPort: 8000}]
readinessProbe: {httpGet: {path: health, port: http}}
)"),
                                 "readinessProbe", "127.20.0.1");
  REQUIRE(probe);
  REQUIRE(probe->has_value());
  CHECK(std::get<HttpGet>((*probe)->action).url == "http://127.20.0.1:8000/health");
  CHECK((*probe)->period == std::chrono::seconds(10));
  CHECK((*probe)->timeout == std::chrono::seconds(1));
  CHECK((*probe)->failure_threshold == 3);
  CHECK((*probe)->initial_delay == std::chrono::seconds(0));
}

TEST_CASE("Probe: a gRPC server is asked at the Pod's address, for one of its services") {
  const auto probe =
      parse_probe(container("readinessProbe: {grpc: {port: 50051, service: models}}"), "readinessProbe", "127.20.0.1");
  REQUIRE(probe);
  const auto& grpc = std::get<Grpc>((*probe)->action);
  CHECK(grpc.host == "127.20.0.1");
  CHECK(grpc.port == 50051);
  CHECK(grpc.service == "models");
}

TEST_CASE("Probe: what cannot be asked is refused, and says why") {
  const auto refused = [](const char* yaml) {
    const auto probe = parse_probe(container(yaml), "livenessProbe", "127.0.0.1");
    return probe ? std::string("accepted") : probe.error().message;
  };
  CHECK(refused("livenessProbe: {httpGet: {port: web}}") ==
        "livenessProbe: httpGet.port web names no port of the container");
  CHECK(refused("livenessProbe: {httpGet: {port: 80, scheme: HTTPS}}") ==
        "livenessProbe: only scheme HTTP is supported");
  CHECK(refused("livenessProbe: {grpc: {}}") == "livenessProbe: grpc.port  is no port");
  CHECK(refused("livenessProbe: {}") == "livenessProbe: one of httpGet, tcpSocket, grpc or exec is needed");
  CHECK(refused("name: x") == "accepted");
}

}  // namespace
}  // namespace slipway::pods
