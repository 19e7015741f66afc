// What people do with running Pods, against real processes over real WebSockets.

#include "pods/connections.hpp"

#include <csignal>

#include "core/digest.hpp"
#include "net/spdy.hpp"
#include "net/websocket_test.hpp"
#include "pods/served_machine_test.hpp"
#include "pods/shim/frames.hpp"

namespace slipway::pods {
namespace {

using net::Opcode;
using net::test::WebSocketClient;
using testing::ServedMachine;

const std::string pods = "/api/v1/namespaces/default/pods/";

constexpr const char* talker = R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: talker, namespace: default}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: none
    command: [sh, -c, "echo before; while true; do sleep 0.1; echo line; echo error >&2; done"]
    env: [{name: COLOR, value: blue}]
    workingDir: /usr
)yaml";

constexpr const char* server = R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: default, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: none
    command: [python3, -u, -m, http.server, --bind, "$(POD_IP)", "8000"]
    workingDir: /usr
    ports: [{name: http, containerPort: 8000}]
    readinessProbe: {periodSeconds: 1, httpGet: {port: http, path: /}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
)yaml";

std::string url_of(const std::string& pod, const std::string& what, const std::vector<std::string>& command = {}) {
  std::string path = pods + pod + "/" + what;
  char next = path.contains('?') ? '&' : '?';
  for (const auto& word : command) {
    path += next + std::string("command=") + net::url_encode(word);
    next = '&';
  }
  return path;
}

// The client's end of exec and attach.
class Remote {
 public:
  Remote(const ServedMachine& machine, const std::string& path, const std::string& protocols = "v5.channel.k8s.io")
      : socket_(machine.url(path), protocols) {}

  void type(std::string_view text) { socket_.send(Opcode::binary, std::string(1, '\0') + std::string(text)); }
  void end_input() { socket_.send(Opcode::binary, std::string("\xff\0", 2)); }
  void resize(const std::string& json) { socket_.send(Opcode::binary, "\x04" + json); }
  void drop() { socket_.drop(); }
  const std::string& head() const { return socket_.head; }

  // Until that was said; false at the end of everything.
  bool read_until(const std::string& text) {
    while (!out.contains(text)) {
      if (!read()) return false;
    }
    return true;
  }
  void read_all() {
    while (read()) {
    }
  }
  // What the error channel said: "Success", or an exit code.
  std::string result() const {
    const auto value = doc::parse_json(status);
    if (!value) return "nothing";
    if ((*value)["status"].string_or("") == "Success") return "Success";
    return (*value)["reason"].string_or("") + " " + (*value)["details"]["causes"][0]["message"].string_or("");
  }

  std::string out, err, status;

 private:
  bool read() {
    const auto message = socket_.read();
    if (!message || message->opcode == Opcode::close) return false;
    if (message->opcode != Opcode::binary || message->payload.empty()) return true;
    const std::string bytes = message->payload.substr(1);
    if (message->payload[0] == 1) out += bytes;
    if (message->payload[0] == 2) err += bytes;
    if (message->payload[0] == 3) status += bytes;
    return true;
  }

  WebSocketClient socket_;
};

TEST_CASE("Connections: exec runs a command in its container's environment and says how it ended") {
  ServedMachine machine;
  machine.create(talker);
  REQUIRE(machine.until_ready("talker"));

  SUBCASE("both outputs and the exit code arrive") {
    Remote remote(machine, url_of("talker", "exec?stdout=true&stderr=true",
                                  {"sh", "-c", "echo $COLOR $POD_NAME; pwd; echo wrong >&2; exit 7"}));
    CHECK(remote.head().contains("v5.channel.k8s.io"));
    remote.read_all();
    CHECK(remote.out == "blue talker\n/usr\n");
    CHECK(remote.err == "wrong\n");
    CHECK(remote.result() == "NonZeroExitCode 7");
  }
  SUBCASE("success is said too, and much output arrives whole") {
    Remote remote(machine, url_of("talker", "exec?stdout=1", {"head", "-c", "5000000", "/dev/zero"}),
                  "v4.channel.k8s.io");
    remote.read_all();
    CHECK(remote.out.size() == 5'000'000);
    CHECK(remote.result() == "Success");
  }
  SUBCASE("what is typed arrives, much of it, and its end") {
    Remote remote(machine, url_of("talker", "exec?stdin=true&stdout=true", {"sha256sum"}));
    std::string typed;
    for (int i = 0; i < 200; ++i) {
      const std::string piece(20'000, static_cast<char>('a' + i % 26));
      remote.type(piece);
      typed += piece;
    }
    remote.end_input();
    remote.read_all();
    CHECK(remote.out.starts_with(core::Digest::of(typed).hex()));
    CHECK(remote.result() == "Success");
  }
  SUBCASE("a terminal is one, and has the client's size") {
    Remote remote(machine, url_of("talker", "exec?stdin=true&stdout=true&tty=true",
                                  {"sh", "-c", "test -t 0 && test -t 1 && echo terminal; read line; stty size"}));
    REQUIRE(remote.read_until("terminal"));
    remote.resize(R"({"Width":123,"Height":45})");
    remote.type("go\r");
    remote.read_all();
    CHECK(remote.out.contains("45 123"));
    CHECK(remote.result() == "Success");
  }
  SUBCASE("a command that is not there is told as a shell tells it") {
    Remote remote(machine, url_of("talker", "exec?stdout=true&stderr=true", {"no-such-program"}));
    remote.read_all();
    CHECK(remote.err.contains("no-such-program"));
    CHECK(remote.result() == "NonZeroExitCode 127");
  }
  SUBCASE("it ends with its client") {
    auto remote = std::make_unique<Remote>(
        machine, url_of("talker", "exec?stdout=true", {"sh", "-c", "echo pid $$.; sleep 1000 & sleep 1000"}));
    REQUIRE(remote->read_until("."));
    const int pid = std::stoi(remote->out.substr(4));
    CHECK(::kill(-pid, 0) == 0);
    remote->drop();
    CHECK(machine.until([&] { return ::kill(-pid, 0) != 0; }));
    CHECK(machine.until([&] { return machine.connections() == 0; }));
  }
  SUBCASE("it ends with its container") {
    Remote remote(machine, url_of("talker", "exec?stdout=true", {"sleep", "1000"}));
    CHECK(machine.until([&] { return machine.connections() == 1; }));
    CHECK(machine.get(pods + "talker", "DELETE").status == 200);
    remote.read_all();
    CHECK(remote.result() == "NonZeroExitCode 137");
  }
  SUBCASE("what leaves its pipes to another does not keep it") {
    Remote remote(machine, url_of("talker", "exec?stdout=true", {"sh", "-c", "sleep 1000 & echo said"}));
    remote.read_all();
    CHECK(remote.out == "said\n");
    CHECK(remote.result() == "Success");
  }
  SUBCASE("wrong questions are refused before anything runs") {
    CHECK(machine.message_of(url_of("nobody", "exec?stdout=true", {"true"}), 404) == "pods \"nobody\" not found");
    CHECK(machine.message_of(url_of("talker", "exec?stdout=true&container=x", {"true"}), 400) ==
          "container x is not valid for pod talker");
    CHECK(machine.message_of(url_of("talker", "exec?stdout=true"), 400).contains("at least one command"));
    CHECK(machine.message_of(url_of("talker", "exec", {"true"}), 400).contains("at least 1 of stdin"));
    CHECK(machine.message_of(url_of("talker", "exec?stdout=true", {"true"}), 426).contains("WebSocket"));
    CHECK(machine.message_of(url_of("talker", "attach?stdout=true&tty=true"), 400).contains("no terminal"));
  }
  SUBCASE("attach shows what comes, by stream, and not what was") {
    CHECK(machine.until([&] { return machine.get(pods + "talker/log").body.contains("before"); }));
    Remote remote(machine, url_of("talker", "attach?stdout=true&stderr=true"));
    REQUIRE(remote.read_until("line\nline\n"));
    CHECK(remote.err.contains("error\n"));
    CHECK_FALSE(remote.out.contains("before"));
  }
}

TEST_CASE("Connections: a container with input is typed for, and its end is the end of attach") {
  ServedMachine machine;
  machine.create(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: cat, namespace: default}
spec:
  restartPolicy: Never
  containers: [{name: main, image: none, stdin: true, stdinOnce: true, command: [sh, -c, "echo hello; cat; echo end >&2"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: shell, namespace: default}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers: [{name: main, image: none, stdin: true, tty: true, command: [sh, -c, "echo prompt; read line; stty size; exit"]}]
)yaml");
  REQUIRE(machine.until_ready("cat"));
  Remote remote(machine, url_of("cat", "attach?stdin=true&stdout=true&stderr=true"));
  REQUIRE(remote.read_until("hello\n"));  // said before anybody came
  remote.type("typed\n");
  REQUIRE(remote.read_until("typed\n"));
  remote.end_input();
  remote.read_all();
  CHECK(remote.out == "hello\ntyped\n");
  CHECK(remote.err == "end\n");
  CHECK(remote.result() == "Success");
  CHECK(machine.get(pods + "cat/log").body == "hello\ntyped\nend\n");

  REQUIRE(machine.until_ready("shell"));
  Remote terminal(machine, url_of("shell", "attach?stdin=true&stdout=true&tty=true"));
  REQUIRE(terminal.read_until("prompt"));
  terminal.resize(R"({"Width":99,"Height":33})");
  terminal.type("\r");
  terminal.read_all();
  CHECK(terminal.out.contains("33 99"));
}

TEST_CASE("Connections: what a program said before its one conversation could begin is not lost") {
  ServedMachine machine;
  machine.create(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: quick, namespace: default}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers: [{name: main, image: none, stdin: true, stdinOnce: true, command: [sh, -c, "echo said; seq 300000; echo wrong >&2; sleep 60"]}]
)yaml");
  REQUIRE(machine.until_ready("quick"));
  REQUIRE(machine.until([&] { return machine.get(pods + "quick/log").body.contains("wrong"); }));
  // As if the shim were gone between the look at its record and the knock at its door.
  for (const auto& file : std::filesystem::recursive_directory_iterator(machine.directory())) {
    if (file.path().filename() != shim::attach_socket) continue;
    std::filesystem::remove(file.path());
    break;
  }
  Remote remote(machine, url_of("quick", "attach?stdin=true&stdout=true&stderr=true"));
  remote.read_all();
  CHECK(remote.out.starts_with("said\n1\n2\n"));
  CHECK(remote.out.ends_with("\n300000\n"));
  CHECK(remote.out.size() == 1'988'900);
  CHECK(remote.err == "wrong\n");
  CHECK(remote.result() == "Success");
}

// The client's end of a port-forward.
class Forwarded {
 public:
  explicit Forwarded(const ServedMachine& machine)
      : socket_(machine.url(pods + "web/portforward"), "SPDY/3.1+portforward.k8s.io"), session_(options(), events()) {}

  net::spdy::StreamId open(const std::string& type, int port, const std::string& request) {
    const auto id =
        session_.open({{"streamType", type}, {"port", std::to_string(port)}, {"requestID", request}}).value();
    flush();
    return id;
  }
  void send(net::spdy::StreamId id, std::string_view bytes) {
    CHECK(session_.send(id, bytes) == bytes.size());
    flush();
  }
  void end(net::spdy::StreamId id) {
    session_.end(id);
    flush();
  }
  // Everything that the stream brings.
  std::string read_all(net::spdy::StreamId id) {
    while (!ended_[id]) {
      const auto message = socket_.read();
      REQUIRE(message);
      if (message->opcode == Opcode::binary) REQUIRE(session_.receive(message->payload));
      flush();
    }
    return got_[id];
  }

 private:
  static net::spdy::SessionOptions options() {
    net::spdy::SessionOptions options;
    options.side = net::spdy::Side::client;
    options.has_flow_control = false;
    return options;
  }
  net::spdy::SessionEvents events() {
    net::spdy::SessionEvents events;
    events.on_data = [this](net::spdy::StreamId id, std::string_view bytes) { got_[id] += bytes; };
    events.on_end = [this](net::spdy::StreamId id) { ended_[id] = true; };
    events.on_reset = [this](net::spdy::StreamId id, net::spdy::Status) { ended_[id] = true; };
    return events;
  }
  void flush() {
    for (std::string bytes; !(bytes = session_.take_output()).empty();) socket_.send(Opcode::binary, bytes);
  }

  WebSocketClient socket_;
  std::map<net::spdy::StreamId, std::string> got_;
  std::map<net::spdy::StreamId, bool> ended_;
  net::spdy::Session session_;
};

// What each channel of a port-forward brings until the server closes it; `request` is typed on channel 0.
std::map<int, std::string> forward_by_channels(const ServedMachine& machine, const std::string& ports,
                                               const std::string& protocol, const std::string& request) {
  WebSocketClient socket(machine.url(pods + "web/portforward?" + ports), protocol);
  CHECK(socket.head.starts_with("HTTP/1.1 101 "));
  socket.send(Opcode::binary, std::string(1, '\0') + request);
  std::map<int, std::string> got;
  while (const auto message = socket.read()) {
    if (message->opcode == Opcode::close) break;
    if (message->opcode != Opcode::binary || message->payload.empty()) continue;
    got[static_cast<unsigned char>(message->payload.front())] += message->payload.substr(1);
  }
  return got;
}

TEST_CASE("Connections: what a Pod serves is reached by port-forward and by proxy, and what it uses is told") {
  ServedMachine machine;
  machine.create(server);
  REQUIRE(machine.until_ready("web"));

  SUBCASE("ports are forwarded, several connections at once, and a closed port says so") {
    Forwarded forwarded(machine);
    std::map<net::spdy::StreamId, net::spdy::StreamId> streams;
    for (const auto* request : {"0", "1", "2"}) {
      const auto error = forwarded.open("error", 8000, request);
      forwarded.end(error);
      const auto data = forwarded.open("data", 8000, request);
      streams[error] = data;
      forwarded.send(data, "GET / HTTP/1.0\r\n\r\n");
    }
    for (const auto& [error, data] : streams) {
      const std::string page = forwarded.read_all(data);
      CHECK(page.starts_with("HTTP/1.0 200 OK"));
      CHECK(page.contains("Directory listing"));
      CHECK(forwarded.read_all(error).empty());
    }
    const auto error = forwarded.open("error", 8001, "3");
    const auto data = forwarded.open("data", 8001, "3");
    CHECK(forwarded.read_all(error).contains("failed to connect to localhost:8001"));
    CHECK(forwarded.read_all(data).empty());
    CHECK(machine.message_of(pods + "web/portforward", 426).contains("WebSocket"));
  }

  SUBCASE("ports are forwarded over the channels of one WebSocket, as libraries ask for it") {
    const std::string head("\x40\x1f", 2), closed_head("\x41\x1f", 2);  // 8000 and 8001
    for (const auto* protocol : {"v4.channel.k8s.io", ""}) {
      auto got = forward_by_channels(machine, "ports=8000,8001", protocol, "GET / HTTP/1.0\r\n\r\n");
      CHECK(got[0].starts_with(head + "HTTP/1.0 200 OK"));
      CHECK(got[0].contains("Directory listing"));
      CHECK(got[1] == head);
      CHECK(got[2] == closed_head);
      CHECK(got[3].starts_with(closed_head + "error forwarding port 8001 to pod web, uid "));
    }
    const auto refused = [&](const std::string& query) {
      return WebSocketClient(machine.url(pods + "web/portforward" + query), "v4.channel.k8s.io").head;
    };
    for (const auto* query : {"", "?ports=", "?ports=x", "?ports=0", "?ports=65536", "?ports=8000,"})
      CHECK(refused(query).starts_with("HTTP/1.1 400 "));
  }

  SUBCASE("requests go through to Pods and Services") {
    const auto page = machine.get(pods + "web:8000/proxy/");
    CHECK(page.status == 200);
    CHECK(page.body.contains("Directory listing"));
    CHECK(core::header(page.headers, "content-security-policy") == "sandbox");
    CHECK(machine.get(pods + "web/proxy/no%20such?x=1").status == 404);
    CHECK(machine.get(pods + "http:web:8000/proxy/", "POST", "body").status == 501);  // as the Pod's server says it
    CHECK(machine.get(pods + "web:8000/proxy/", "HEAD").body.empty());
    CHECK(machine.message_of(pods + "web:8001/proxy/", 503).contains("Connection refused"));
    CHECK(machine.message_of(pods + "web:http/proxy/", 400).contains("invalid pod request"));
    CHECK(machine.message_of(pods + "nobody:80/proxy/", 404) == "pods \"nobody\" not found");

    const std::string services = "/api/v1/namespaces/default/services/";
    CHECK(machine.until([&] { return machine.get(services + "web:80/proxy/").status == 200; }));
    CHECK(machine.get(services + "web:http/proxy/").body.contains("Directory listing"));
    CHECK(machine.get(services + "web/proxy/").body.contains("Directory listing"));
    CHECK(machine.message_of(services + "web:81/proxy/", 503).contains("no service port"));
  }

  SUBCASE("metrics.k8s.io tells what Pods and the node use") {
    const auto list = doc::parse_json(machine.get("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods").body).value();
    CHECK(list["kind"].string_or("") == "PodMetricsList");
    const doc::Value& usage = list["items"][0]["containers"][0];
    CHECK(usage["name"].string_or("") == "main");
    CHECK(usage["usage"]["memory"].string_or("").ends_with("Ki"));
    CHECK(list["items"][0]["window"].is_string());
    const auto node = doc::parse_json(machine.get("/apis/metrics.k8s.io/v1beta1/nodes/machine").body).value();
    const std::string cpu = node["usage"]["cpu"].string_or("");
    CHECK((cpu == "0" || cpu.ends_with("n")));  // a second in which the machine did nothing is possible
    CHECK(machine.get("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/nobody").status == 404);
  }
}

TEST_CASE("Connections: logs say in kube's words why there are none, and of the control plane where they are") {
  ServedMachine machine;
  machine.create(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: two, namespace: default}
spec:
  restartPolicy: Never
  containers: [{name: a, image: none, command: [echo, one]}, {name: b, image: none, command: [/no/such/program], workingDir: /}]
---
apiVersion: v1
kind: Pod
metadata: {name: broken, namespace: default}
spec: {nodeName: machine, containers: [{name: main, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: shown, namespace: default, annotations: {kubernetes.io/config.mirror: slipway}}
spec: {nodeName: machine, containers: [{name: main, image: x}]}
)yaml");
  CHECK(machine.message_of(pods + "two/log", 400) ==
        "a container name must be specified for pod two, choose one of: [a b]");
  CHECK(machine.message_of(pods + "two/log?container=c", 400) == "container c is not valid for pod two");
  CHECK(machine.until([&] { return machine.get(pods + "two/log?container=a").body == "one\n"; }));
  for (const auto* more : {"", "&follow=true"}) {
    WebSocketClient socket(machine.url(pods + "two/log?container=a" + more), "binary.k8s.io");
    const auto message = socket.read();
    REQUIRE(message);
    CHECK(message->opcode == Opcode::binary);
    CHECK(message->payload == "one\n");
    CHECK(socket.read_close_code() == 1000);
  }
  CHECK(machine.message_of(pods + "two/log?container=a&previous=true", 400) ==
        "previous terminated container \"a\" in pod \"two\" not found");
  CHECK(machine.message_of(pods + "two/log?container=a&tailLines=x", 400).contains("tailLines"));
  CHECK(machine.until(
      [&] { return machine.get(pods + "broken/log").body.contains("is waiting to start: ErrImagePull"); }));
  CHECK(machine.get(pods + "shown/log").body.contains("in the foreground"));
  machine.foreign_log = machine.directory() + "/slipway.log";
  REQUIRE(core::real_files().write_atomic(machine.foreign_log, "one\ntwo\n"));
  CHECK(machine.get(pods + "shown/log?tailLines=1").body == "two\n");
  CHECK(machine.message_of(url_of("shown", "exec?stdout=true", {"true"}), 400).contains("control plane"));
}

}  // namespace
}  // namespace slipway::pods
