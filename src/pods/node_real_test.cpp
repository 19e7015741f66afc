// The whole node on the real machine: store, shims, probes over the network, logs over HTTP.

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "core/digest.hpp"
#include "core/log.hpp"
#include "core/world/real.hpp"
#include "net/client.hpp"
#include "objects/embedded.hpp"
#include "objects/kinds.hpp"
#include "pods/connections.hpp"
#include "pods/node.hpp"
#include "pods/shim_runtime.hpp"
#include "storage/database.hpp"
#include "storage/test_directory.hpp"

namespace slipway::pods {
namespace {

namespace kinds = objects::kinds;
using namespace std::chrono_literals;

class RealMachine {
 public:
  explicit RealMachine(std::function<void(NodeOptions&)> how = {}) : adjust(std::move(how)) {
    log::set_level(log::Level::error);
    come();
  }
  ~RealMachine() {
    bool stopped = false;
    node->stop_all(5s, [&] { stopped = true; });
    CHECK(until([&] { return stopped; }));
    go();
  }

  // Whether Pods get a view of the file system of their own here; says why not.
  bool gives_own_views() {
    if (!until([&] { return runtime->abilities().has_value(); })) FAIL("no answer of the shim");
    if (!runtime->abilities()->own_view) MESSAGE("not on this machine: ", runtime->abilities()->why_not);
    return runtime->abilities()->own_view;
  }

  void come() {
    real = std::make_unique<core::RealWorld>();
    io = std::make_unique<net::IoThread>();
    http = net::make_client(*io, real->loop());
    real->set_http(*http);
    world = std::make_unique<core::World>(real->world());
    database = std::move(*storage::open_sqlite(directory + "/objects.db"));
    embedded = std::move(*objects::Embedded::open(*world, *database, nullptr, {}));
    store = &embedded->store();
    REQUIRE(store->apply(objects::Object::make(kinds::namespace_, {"", "default"})));
    std::array<char, 4096> self{};
    [[maybe_unused]] const auto size = ::readlink("/proc/self/exe", self.data(), self.size() - 1);
    const std::string helper = std::filesystem::path(self.data()).parent_path() / "pods_shim_test_helper";
    runtime = std::make_unique<ShimRuntime>(*world, ShimOptions{directory + "/pods", {helper}, "", &real->notices()});
    NodeOptions options;
    options.directory = directory;
    if (adjust) adjust(options);
    node = std::make_unique<Node>(*world, *store, *runtime, options);
    auto started = node->start();
    REQUIRE_MESSAGE(started, started.error().render());
    router = std::make_unique<net::Router>();
    connections = std::make_unique<Connections>(*world, *store, *node, *io, ConnectionOptions{});
    connections->serve(embedded->server());
    embedded->add_routes(*router);
    net::ServerOptions server_options;
    server_options.loop = &real->loop();
    server_options.spool_directory = directory;
    server = std::move(*net::Server::start(*io, *router, server_options));
    real->loop().post([this] { tick(); });
  }
  void go() {
    server.reset();
    connections.reset();
    node.reset();
    runtime.reset();
    embedded.reset();
    database.reset();
    http.reset();
    io.reset();
    real.reset();
  }

  bool until(std::function<bool()> wanted) {
    done = std::move(wanted);
    give_up = core::real_clock().monotonic() + 30s;
    if (!done()) real->run();
    return std::exchange(done, nullptr)();
  }
  void tick() {
    if (done && (done() || core::real_clock().monotonic() > give_up)) real->stop();
    real->loop().after(5ms, [this] { tick(); });
  }
  void create(const std::string& yaml) {
    auto created = store->create(objects::parse_manifest(yaml, "pod.yaml")->front());
    REQUIRE_MESSAGE(created, (created ? "" : created.error().render()));
  }
  const objects::Object pod(const std::string& name) {
    auto found = store->find(kinds::pod, {"default", name});
    return found && *found ? **found : objects::Object();
  }
  bool until_ready(const std::string& name, const std::string& status) {
    const bool in_time = until([&] { return pod(name).condition_status("Ready") == status; });
    if (!in_time) MESSAGE(doc::render_json(pod(name).status()));
    return in_time;
  }
  // The answer of GET on our own server, once it has ended.
  std::shared_ptr<std::optional<core::HttpResponse>> get(const std::string& path) {
    auto answer = std::make_shared<std::optional<core::HttpResponse>>();
    core::HttpRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(server->port()) + path;
    request.timeout = 30s;
    http->send(request, [answer](Result<core::HttpResponse> response) {
      *answer = response ? std::move(*response) : core::HttpResponse{};
    });
    return answer;
  }

  const std::function<void(NodeOptions&)> adjust;
  const storage::TestDirectory place;
  const std::string directory = place.path();
  std::unique_ptr<core::RealWorld> real;
  std::unique_ptr<net::IoThread> io;
  std::unique_ptr<core::HttpClient> http;
  std::unique_ptr<core::World> world;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<objects::Embedded> embedded;
  objects::Store* store = nullptr;
  std::unique_ptr<ShimRuntime> runtime;
  std::unique_ptr<Node> node;
  std::unique_ptr<Connections> connections;
  std::unique_ptr<net::Router> router;
  std::unique_ptr<net::Server> server;
  std::function<bool()> done;
  Instant give_up{};
};

constexpr const char* web = R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: default}
spec:
  terminationGracePeriodSeconds: 5
  containers:
  - name: main
    image: none
    command: [python3, -u, -m, http.server, --bind, "$(POD_IP)", "8000"]
    workingDir: /tmp
    ports: [{name: http, containerPort: 8000}]
    startupProbe: {periodSeconds: 1, failureThreshold: 20, tcpSocket: {port: http}}
    livenessProbe: {periodSeconds: 1, exec: {command: [sh, -c, "test $POD_NAME = web"]}}
    readinessProbe: {periodSeconds: 1, httpGet: {port: http}}
)yaml";

TEST_CASE("Real node: a web server becomes ready, outlives its control plane, and goes when its Pod goes") {
  RealMachine machine;
  REQUIRE(machine.store->create(objects::parse_manifest(web, "web.yaml")->front()));
  REQUIRE(machine.until_ready("web", "True"));
  const auto process = *machine.node->process_of({"default", "web"}, "");
  CHECK(machine.node->name() == machine.pod("web").spec()["nodeName"].string_or(""));

  machine.go();
  machine.come();
  REQUIRE(machine.until_ready("web", "True"));
  CHECK(machine.node->process_of({"default", "web"}, "") == process);
  CHECK(machine.pod("web").status()["containerStatuses"][0]["restartCount"].int_or(-1) == 0);

  REQUIRE(machine.store->remove(kinds::pod, {"default", "web"}));
  CHECK(machine.until([&] { return !machine.pod("web").document().is_object(); }));
  CHECK_FALSE(machine.world->processes.is_alive(process));
}

TEST_CASE("Real node: logs over HTTP, the last lines, and followed to the container's end") {
  RealMachine machine;
  machine.store
      ->create(objects::parse_manifest(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: job, namespace: default}
spec:
  restartPolicy: Never
  containers:
  - name: main
    image: none
    command: [sh, -c, "echo one; echo two; until test -e $GO; do sleep 0.02; done; echo three"]
    env: [{name: GO, value: ")yaml" + machine.directory +
                                           R"yaml(/go"}]
)yaml",
                                       "job.yaml")
                   ->front())
      .value();
  const std::string path = "/api/v1/namespaces/default/pods/job/log";
  REQUIRE(machine.until([&] { return machine.node->process_of({"default", "job"}, "main").has_value(); }));
  const auto early = machine.get(path + "?follow=true");  // perhaps before the first line
  REQUIRE(machine.until(
      [&] { return machine.node->read_log({"default", "job"}, "main", {}).value_or("") == "one\ntwo\n"; }));
  const auto last = machine.get(path + "?tailLines=1");
  const auto followed = machine.get(path + "?follow=true&tailLines=1");
  const auto refused = machine.get(path + "?tailLines=x");
  const auto unknown = machine.get(path + "?container=other");
  const auto absent = machine.get("/api/v1/namespaces/default/pods/nobody/log");
  REQUIRE(machine.until([&] { return *last && *refused && *unknown && *absent; }));
  CHECK((*last)->body == "two\n");
  CHECK((*refused)->status == 400);
  CHECK((*unknown)->status == 400);
  CHECK((*absent)->status == 404);
  CHECK_FALSE(followed->has_value());
  REQUIRE(machine.world->files.write_atomic(machine.directory + "/go", ""));
  REQUIRE(machine.until([&] { return followed->has_value(); }));
  CHECK((*followed)->status == 200);
  CHECK((*followed)->body == "two\nthree\n");
  REQUIRE(machine.until([&] { return early->has_value(); }));
  CHECK((*early)->body == "one\ntwo\nthree\n");
}

TEST_CASE("Real node: an init container prepares, a sidecar serves, and the Pod completes without it") {
  RealMachine machine;
  machine.create(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: steps, namespace: default}
spec:
  restartPolicy: Never
  initContainers:
  - {name: prepare, image: none, command: [sh, -c, "echo ready > $DIR/prepared"], env: &env [{name: DIR, value: ")yaml" +
                 machine.directory + R"yaml("}]}
  - name: sidecar
    image: none
    restartPolicy: Always
    command: [sh, -c, "trap 'echo bye > $DIR/bye; exit 0' TERM; cat $DIR/prepared; touch $DIR/up; while true; do sleep 0.05; done"]
    env: *env
    startupProbe: {periodSeconds: 1, failureThreshold: 20, exec: {command: [sh, -c, "test -e $DIR/up"]}}
  containers:
  - {name: main, image: none, command: [sh, -c, "cat $DIR/prepared $DIR/up"], env: *env}
)yaml");
  REQUIRE(machine.until([&] { return machine.pod("steps").status()["phase"].string_or("") == "Succeeded"; }));
  CHECK(machine.node->read_log({"default", "steps"}, "sidecar", {}).value_or("").starts_with("ready\n"));
  CHECK(machine.node->read_log({"default", "steps"}, "main", {}).value_or("") == "ready\n");
  CHECK(machine.world->files.exists(machine.directory + "/bye"));
}

// What a Pod's container wrote, once the Pod has ended.
std::string output_of(RealMachine& machine, const std::string& name) {
  const bool ended = machine.until([&] {
    const std::string phase = machine.pod(name).status()["phase"].string_or("");
    return phase == "Succeeded" || phase == "Failed";
  });
  if (!ended) return doc::render_json(machine.pod(name).status());
  return machine.node->read_log({"default", name}, "", {}).value_or("") +
         doc::render_json(machine.pod(name).status()["containerStatuses"][0]["state"]["terminated"]["message"]);
}

TEST_CASE("Real node: a Pod has a directory of its own, which goes with it") {
  RealMachine machine;
  machine.create(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: home, namespace: default}
spec:
  restartPolicy: Never
  containers:
  - {name: main, image: none, command: [sh, -c, 'pwd; echo $HOME; touch left; touch $TMPDIR/left; ls -ld . | cut -c1-10']}
)yaml");
  const std::string directory = machine.directory + "/pods/" + machine.pod("home").uid();
  CHECK(output_of(machine, "home") == directory + "/home\n" + directory + "/home\ndrwx------\nnull");
  CHECK(machine.world->files.exists(directory + "/home/left"));
  CHECK(machine.world->files.exists(directory + "/tmp/left"));
  REQUIRE(machine.store->remove(kinds::pod, {"default", "home"}));
  CHECK(machine.until([&] { return !machine.world->files.exists(directory); }));
}

TEST_CASE("Real node: volumes are where the Pod wants them, and nothing of that is on the machine") {
  RealMachine machine;
  if (!machine.gives_own_views()) return;
  machine.create(R"yaml(
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: default}
data: {color: blue, "nested.conf": inside}
)yaml");
  machine.create(R"yaml(
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: kept, namespace: default}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
)yaml");
  const std::string volumes = R"yaml(
  restartPolicy: Never
  volumes:
  - {name: scratch, emptyDir: {}}
  - {name: fast, emptyDir: {medium: Memory}}
  - {name: settings, configMap: {name: settings}}
  - {name: me, downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}}
  - {name: kept, persistentVolumeClaim: {claimName: kept}}
  - {name: machine, hostPath: {path: /usr/bin, type: Directory}}
)yaml";
  machine.create("apiVersion: v1\nkind: Pod\nmetadata: {name: first, namespace: default}\nspec:" + volumes + R"yaml(
  initContainers:
  - name: prepare
    image: none
    command: [sh, -c, "echo prepared > /slipway-work/file; echo fast > /dev/fast/file; echo kept > /kept/file"]
    volumeMounts: &mounts
    - {name: scratch, mountPath: /slipway-work}
    - {name: fast, mountPath: /dev/fast}
    - {name: settings, mountPath: /etc/slipway-test/settings}
    - {name: settings, mountPath: /etc/slipway-test/nested.conf, subPath: nested.conf}
    - {name: me, mountPath: /var/run/slipway-test}
    - {name: kept, mountPath: /kept}
    - {name: machine, mountPath: /programs, readOnly: true}
  containers:
  - name: main
    image: none
    command:
    - sh
    - -c
    - |
      cd /
      cat slipway-work/file dev/fast/file kept/file etc/slipway-test/settings/color; echo
      cat etc/slipway-test/nested.conf; echo
      cat var/run/slipway-test/name; echo
      test -x programs/env && echo programs
      touch programs/x etc/slipway-test/settings/x 2>/dev/null || echo read-only
      ls /tmp | wc -l
      echo $HOME
    volumeMounts: *mounts
)yaml");
  CHECK(output_of(machine, "first") == "prepared\nfast\nkept\nblue\ninside\nfirst\nprograms\nread-only\n0\n/pod\nnull");
  CHECK_FALSE(machine.world->files.exists("/etc/slipway-test"));
  CHECK_FALSE(machine.world->files.exists("/slipway-work"));
  CHECK_FALSE(machine.world->files.exists("/run/slipway-test"));
  const auto pod = machine.pod("first");
  CHECK(pod.condition("slipway.dev/isolation")["reason"].string_or("") == "Namespaces");
  const auto memory = "/dev/shm/slipway-" + core::Digest::of(machine.directory).short_text();
  // What is in memory goes when the programs have ended, whoever keeps the object.
  CHECK(machine.until([&] { return !machine.world->files.exists(memory + "/" + pod.uid()); }));
  REQUIRE(machine.store->remove(kinds::pod, {"default", "first"}));

  machine.create("apiVersion: v1\nkind: Pod\nmetadata: {name: second, namespace: default}\nspec:" + volumes + R"yaml(
  containers:
  - name: main
    image: none
    command: [sh, -c, "cat /kept/file"]
    volumeMounts: [{name: kept, mountPath: /kept}]
)yaml");
  CHECK(output_of(machine, "second") == "kept\nnull");
  constexpr objects::Kind claims{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"};
  const auto claim = machine.store->get(claims, {"default", "kept"});
  REQUIRE(claim);
  CHECK(claim->status()["phase"].string_or("") == "Bound");
  REQUIRE(machine.store->remove(kinds::pod, {"default", "second"}));
  REQUIRE(machine.store->remove(claims, {"default", "kept"}));
  CHECK(machine.until([&] { return !machine.world->files.exists(machine.directory + "/claims/" + claim->uid()); }));
}

TEST_CASE("Real node: a changed ConfigMap arrives in the Pod that shows it, and exec sees what the Pod sees") {
  RealMachine machine;
  if (!machine.gives_own_views()) return;
  machine.create(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\ndata: {color: blue}\n");
  machine.create(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: reader, namespace: default}
spec:
  restartPolicy: Never
  securityContext: {runAsUser: 65534, runAsGroup: 65534}
  volumes: [{name: settings, configMap: {name: settings}}]
  containers:
  - name: main
    image: none
    command: [sh, -c, "id -u; cat /settings/color; until grep -q green /settings/color; do sleep 0.02; done; cat /settings/color"]
    volumeMounts: [{name: settings, mountPath: /settings}]
    readinessProbe: {periodSeconds: 1, exec: {command: [grep, -q, blue, /settings/color]}}
)yaml");
  if (machine.runtime->abilities()->user != 0) return;
  REQUIRE(machine.until_ready("reader", "True"));
  REQUIRE(objects::modify(*machine.store, kinds::config_map, {"default", "settings"}, [](objects::Object& map) {
    map.document().set_path("data.color", "green");
    return true;
  }));
  CHECK(output_of(machine, "reader") == "65534\nbluegreen\nnull");
}

TEST_CASE("Real node: a read-only root is one, and privileges that were given up are gone") {
  RealMachine machine;
  if (!machine.gives_own_views()) return;
  machine.create(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: locked, namespace: default}
spec:
  restartPolicy: Never
  containers:
  - name: main
    image: none
    securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
    command: [sh, -c, "touch /x /usr/x 2>/dev/null || echo closed; touch /tmp/x && echo open; echo > /dev/null && grep -E 'CapEff|NoNewPrivs' /proc/self/status"]
)yaml");
  CHECK(output_of(machine, "locked") == "closed\nopen\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\nnull");
}

TEST_CASE("Real node: an image of the profile is a program here, with a root file system of its own") {
  const storage::TestDirectory image;
  for (const char* name : {"bin", "lib", "lib64", "usr", "etc"})
    REQUIRE(core::real_files().make_directories(image.path() + "/" + name, 0755));
  REQUIRE(core::real_files().write_atomic(image.path() + "/etc/os-release", "NAME=an image\n", 0644));
  RealMachine machine([&](NodeOptions& options) {
    options.images = {{"tools:*", {"/usr/bin/cat"}, {"/etc/os-release"}, {}, image.path()}};
  });
  if (!machine.gives_own_views()) return;
  // The image's programs are the machine's, mounted as volumes.
  machine.create(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: image, namespace: default}
spec:
  restartPolicy: Never
  volumes:
  - {name: usr, hostPath: {path: /usr}}
  - {name: lib, hostPath: {path: /lib}}
  - {name: lib64, hostPath: {path: /lib64}}
  containers:
  - name: main
    image: tools:v1
    volumeMounts: &mounts
    - {name: usr, mountPath: /usr}
    - {name: lib, mountPath: /lib}
    - {name: lib64, mountPath: /lib64}
)yaml");
  CHECK(output_of(machine, "image") == "NAME=an image\nnull");
  CHECK(machine.pod("image").condition("slipway.dev/isolation")["reason"].string_or("") == "Container");
}

TEST_CASE("Real node: hooks run where their container is, and its last words are in the status") {
  RealMachine machine;
  if (!machine.gives_own_views()) return;
  machine.create(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: hooked, namespace: default}
spec:
  restartPolicy: Never
  volumes: [{name: shared, emptyDir: {}}]
  containers:
  - name: main
    image: none
    volumeMounts: [{name: shared, mountPath: /shared}]
    lifecycle: {postStart: {exec: {command: [sh, -c, "echo $POD_NAME > /shared/started"]}}}
    command: [sh, -c, "until test -s /shared/started; do sleep 0.02; done; cat /shared/started; echo farewell > /dev/termination-log"]
)yaml");
  CHECK(output_of(machine, "hooked") == "hooked\n\"farewell\\n\"");
}

TEST_CASE("Real node: last words of a terabyte are no matter, and a mount point opens no closed directory") {
  RealMachine machine;
  if (!machine.gives_own_views()) return;
  const std::string closed = "/var/tmp/slipway-closed-" + core::real_random().hex(12);  // /tmp is another in the Pod
  REQUIRE(machine.world->files.make_directories(closed, 0700));
  machine.create(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: long, namespace: default}
spec:
  restartPolicy: Never
  volumes: [{name: scratch, emptyDir: {}}]
  containers:
  - name: main
    image: none
    volumeMounts: [{name: scratch, mountPath: )yaml" +
                 closed + R"yaml(/below}]
    command: [sh, -c, "stat -c %a )yaml" +
                 closed + R"yaml(; test -d )yaml" + closed + R"yaml(/below; truncate -s 1T /dev/termination-log"]
)yaml");
  const std::string output = output_of(machine, "long");
  CHECK_MESSAGE(output.starts_with("700\n"), output);
  const auto ended = machine.pod("long").status()["containerStatuses"][0]["state"]["terminated"];
  CHECK(ended["exitCode"].int_or(-1) == 0);
  CHECK(ended["message"].string_or("").size() <= 4096);
  CHECK_FALSE(machine.world->files.exists(closed + "/below"));
  CHECK(machine.world->files.remove_tree(closed));
}

// Takes memory until it is stopped.
constexpr const char* hungry = R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: hungry, namespace: default}
spec:
  restartPolicy: Never
  containers:
  - name: main
    image: none
    command: [python3, -c, "held = []\nwhile len(held) < 2000: held.append(bytearray(1 << 20))\nimport time; time.sleep(60)"]
    resources: {limits: {memory: 64Mi, cpu: "1"}}
)yaml";

std::string end_of_hungry(RealMachine& machine) {
  machine.create(hungry);
  if (!machine.until([&] { return machine.pod("hungry").status()["phase"].string_or("") == "Failed"; }))
    return doc::render_json(machine.pod("hungry").status());
  const auto pod = machine.pod("hungry");
  const auto& state = pod.status()["containerStatuses"][0]["state"]["terminated"];
  return state["reason"].string_or("") + " " + state["exitCode"].string_or("");
}

TEST_CASE(
    "Real node: a container that takes more memory than it may is killed by the kernel, where there are cgroups") {
  const auto name = "slipway-test-" + std::to_string(::getpid());
  const auto cgroups = Cgroups::find(name);
  if (!cgroups) {
    MESSAGE("no cgroup can be written on this machine");
    return;
  }
  {
    RealMachine machine([&](NodeOptions& options) { options.cgroups = cgroups.get(); });
    CHECK(end_of_hungry(machine) == "OOMKilled 137");
  }
  for (const char* place : {"", "memory/", "cpu/"}) ::rmdir(("/sys/fs/cgroup/" + std::string(place) + name).c_str());
}

TEST_CASE("Real node: without cgroups the node looks at memory itself") {
  RealMachine machine;
  CHECK(end_of_hungry(machine) == "OOMKilled 137");
}

}  // namespace
}  // namespace slipway::pods
