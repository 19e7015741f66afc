#include "pods/hosts.hpp"

#include "pods/test_machine.hpp"

namespace slipway::pods {
namespace {

using namespace testing;

objects::Object read(const std::string& yaml) { return objects::parse_manifest(yaml, "test.yaml")->front(); }

constexpr const char* web =
    "apiVersion: v1\nkind: Service\nmetadata: {name: my-web, namespace: shop}\n"
    "spec: {clusterIP: 127.20.128.9, ports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]}\n";
constexpr const char* database =
    "apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec: {clusterIP: None}\n";
constexpr const char* members =
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
    "metadata: {name: db, namespace: shop, labels: {kubernetes.io/service-name: db}}\naddressType: FQDN\nendpoints:\n"
    "- {addresses: [127.20.0.1], hostname: db-0, conditions: {ready: true}}\n"
    "- {addresses: [127.20.0.2], hostname: db-1, conditions: {ready: false}}\n";

}  // namespace

TEST_CASE("Service names: a Service has its address, a headless one those of its Pods") {
  ServiceNames names;
  CHECK(names.put(read(web)));
  CHECK(names.put(read(database)));
  CHECK(names.put(read(members)));
  CHECK(names.hosts_lines("shop") ==
        "127.20.128.9\tmy-web my-web.shop my-web.shop.svc my-web.shop.svc.cluster.local\n"
        "127.20.0.1\tdb db.shop db.shop.svc db.shop.svc.cluster.local\n"
        "127.20.0.1\tdb-0.db db-0.db.shop db-0.db.shop.svc db-0.db.shop.svc.cluster.local\n");
  CHECK(names.hosts_lines("default").starts_with("127.20.128.9\tmy-web.shop my-web.shop.svc "));
  CHECK_FALSE(names.put(read(members)));
  CHECK(names.remove(read(members)));
  CHECK(names.remove(read(web)));
  CHECK(names.hosts_lines("shop").empty());
}

TEST_CASE("Service names: what becomes of the Pods of a Service with an address is no news") {
  ServiceNames names;
  names.put(read(web));
  std::string slice = members;
  slice.replace(slice.find("service-name: db"), 16, "service-name: my-web");
  CHECK_FALSE(names.put(read(slice)));
}

TEST_CASE("Service names: the variables are kubelet's, of one namespace") {
  ServiceNames names;
  names.put(read(web));
  names.put(read(database));
  const Variables expected{{"MY_WEB_SERVICE_HOST", "127.20.128.9"},     {"MY_WEB_SERVICE_PORT", "80"},
                           {"MY_WEB_SERVICE_PORT_HTTP", "80"},          {"MY_WEB_SERVICE_PORT_DNS", "53"},
                           {"MY_WEB_PORT", "tcp://127.20.128.9:80"},    {"MY_WEB_PORT_80_TCP", "tcp://127.20.128.9:80"},
                           {"MY_WEB_PORT_80_TCP_PROTO", "tcp"},         {"MY_WEB_PORT_80_TCP_PORT", "80"},
                           {"MY_WEB_PORT_80_TCP_ADDR", "127.20.128.9"}, {"MY_WEB_PORT_53_UDP", "udp://127.20.128.9:53"},
                           {"MY_WEB_PORT_53_UDP_PROTO", "udp"},         {"MY_WEB_PORT_53_UDP_PORT", "53"},
                           {"MY_WEB_PORT_53_UDP_ADDR", "127.20.128.9"}};
  CHECK(names.variables("shop") == expected);
  CHECK(names.variables("default").empty());
}

TEST_CASE("Hosts: a Pod's own names come first, then aliases, Services and what the machine says") {
  const auto pod = read(pod_yaml("a", "[server]", "",
                                 "hostname: web-0\n  subdomain: web\n  hostAliases: [{ip: 192.0.2.1, hostnames: "
                                 "[one.example, two.example]}]"));
  CHECK(render_hosts(pod, "127.20.0.7", "127.20.128.9\tweb\n", "127.0.0.1\tlocalhost\n") ==
        "# Kept by Slipway for this Pod.\n127.20.0.7\tweb-0.web.default.svc.cluster.local web-0\n"
        "# Entries added by HostAliases.\n192.0.2.1\tone.example two.example\n"
        "# Services.\n127.20.128.9\tweb\n# Of the machine.\n127.0.0.1\tlocalhost\n");
  CHECK(host_name_of(pod) == "web-0");
  CHECK(host_name_of(
            read(pod_yaml("a", "[server]", "", "hostname: web-0\n  subdomain: web\n  setHostnameAsFQDN: true"))) ==
        "web-0.web.default.svc.cluster.local");
  CHECK(host_name_of(read(pod_yaml("a", "[server]", "", "hostNetwork: true"))).empty());
  CHECK(host_name_of(read(pod_yaml(std::string(62, 'a') + "-" + "b", "[server]"))) == std::string(62, 'a'));
}

TEST_CASE("Hosts: a file that is kept says what the Services are now, until its Pod is gone") {
  Machine machine;
  Hosts hosts(machine.world, *machine.store, *machine.disk);
  REQUIRE(hosts.start());
  const auto pod = read(pod_yaml("a", "[server]"));
  REQUIRE(hosts.keep(pod, "127.20.0.7", "/data/pods/a/hosts"));
  const auto says = [&](std::string_view text) {
    return machine.world.files.read("/data/pods/a/hosts")->find(text) != std::string::npos;
  };
  CHECK(says("127.20.0.7\ta\n"));
  machine.create(
      "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\n"
      "spec: {clusterIP: 127.20.128.9, ports: [{port: 80}]}\n");
  CHECK(machine.simulation.run_until([&] { return says("127.20.128.9\tweb web.default "); }, 5s));
  REQUIRE(machine.store->remove(kinds::service, {"default", "web"}));
  CHECK(machine.simulation.run_until([&] { return !says("127.20.128.9"); }, 5s));
  hosts.forget(pod.uid());
  machine.create(
      "apiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: default}\n"
      "spec: {clusterIP: 127.20.128.10, ports: [{port: 80}]}\n");
  machine.simulation.run_for(5s);
  CHECK_FALSE(says("127.20.128.10"));
}

TEST_CASE("Endpoints: a Service may want Pods that are not ready, and names those that have a name below its own") {
  Machine machine;
  machine.journal->unready.insert("a");
  machine.create(pod_yaml("a", "[server]", "readinessProbe: {httpGet: {path: /, port: 8000}, periodSeconds: 1}",
                          "hostname: a-0\n  subdomain: web") +
                 "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\n"
                 "spec: {selector: {app: web}, publishNotReadyAddresses: true, ports: [{port: 80}]}\n"
                 "---\napiVersion: v1\nkind: Service\nmetadata: {name: other, namespace: default}\n"
                 "spec: {selector: {app: web}, ports: [{port: 80}]}\n");
  REQUIRE(machine.until_shown("a", "0/1 Running 0"));
  machine.simulation.run_for(3s);
  const auto endpoint_of = [&](const char* service) {
    return doc::Value(machine.get(kinds::endpoint_slice, service).document()["endpoints"][0]);
  };
  CHECK(endpoint_of("web")["conditions"]["ready"].bool_or(false));
  CHECK_FALSE(endpoint_of("web")["conditions"]["serving"].bool_or(true));
  CHECK(endpoint_of("web")["hostname"].string_or("") == "a-0");
  CHECK_FALSE(endpoint_of("other")["conditions"]["ready"].bool_or(true));
  CHECK(endpoint_of("other")["hostname"].is_null());
}

TEST_CASE("Endpoints: Pods whose port of a name has other numbers have a slice of their own") {
  Machine machine;
  const auto pod = [](const std::string& name, int port) {
    return pod_yaml(name, "[sleep]", "ports: [{name: http, containerPort: " + std::to_string(port) + "}]");
  };
  machine.create(pod("a", 8000) + "---\n" + pod("b", 9000) + "---\n" + pod("c", 8000) +
                 "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\n"
                 "spec: {selector: {app: web}, ports: [{name: web, port: 80, targetPort: http}]}\n");
  const auto slices = [&] {  // "8000:2 9000:1"
    std::set<std::string> texts;
    const auto list = machine.store->list(kinds::endpoint_slice);
    for (const auto& slice : list->items)
      texts.insert(slice.document()["ports"][0]["port"].string_or("") + ":" +
                   std::to_string(slice.document()["endpoints"].size()));
    std::string text;
    for (const auto& each : texts) text += (text.empty() ? "" : " ") + each;
    return text;
  };
  REQUIRE(machine.simulation.run_until([&] { return slices() == "8000:2 9000:1"; }, 30s));
  machine.crash();
  machine.start();
  REQUIRE(machine.store->remove(kinds::pod, {"default", "b"}));
  CHECK(machine.simulation.run_until([&] { return slices() == "8000:2"; }, 60s));
  REQUIRE(machine.store->remove(kinds::endpoint_slice, {"default", "web"}));
  CHECK(machine.simulation.run_until([&] { return slices() == "8000:2"; }, 10s));
  REQUIRE(machine.store->remove(kinds::service, {"default", "web"}));
  CHECK(machine.simulation.run_until([&] { return slices().empty(); }, 10s));
}

}  // namespace slipway::pods
