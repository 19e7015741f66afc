#include "net/client.hpp"

#include <atomic>
#include <thread>

#include "core/world/real.hpp"
#include "net/client_test.hpp"
#include "net/impl/call.hpp"
#include "net/test_support.hpp"

namespace slipway::net {
namespace {

using test::Caller;
using test::RawClient;
using test::Site;

// A peer that says what it is told to, one connection after the other, and then closes.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(std::vector<std::string> answers)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 16) == 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this, texts = std::move(answers)] {
      for (const std::string& text : texts) {
        const core::Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!socket) return;
        std::string request;
        std::array<char, 4096> buffer;
        while (!request.contains("\r\n\r\n")) {
          const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
          if (got <= 0) break;
          request.append(buffer.data(), static_cast<std::size_t>(got));
        }
        ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
      }
    });
  }
  ~ScriptedPeer() { ::shutdown(listener_.get(), SHUT_RDWR); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  core::Descriptor listener_;
  int port_ = 0;
  std::jthread thread_;
};

core::HttpRequest get(std::string url) {
  core::HttpRequest request;
  request.url = std::move(url);
  return request;
}

}  // namespace

TEST_CASE("both clients bring back status, headers and body") {
  Site site;
  site.router.add("PUT", "/a/{name}", [](const Request& request, const std::shared_ptr<Responder>& responder) {
    responder->send({201, {{"X-Seen", std::string(request.header("X-Sent"))}}, request.parameters[0] + request.body});
  });
  site.start();
  core::HttpRequest request;
  request.method = "PUT";
  request.url = site.url("/a/n");
  request.headers = {{"X-Sent", "yes"}};
  request.body = std::string(500'000, 'b');
  Caller caller;
  for (const auto& response : {caller.send(request), fetch(request)}) {
    REQUIRE(response);
    CHECK(response->status == 201);
    CHECK(core::header(response->headers, "x-seen") == "yes");
    CHECK(response->body == "n" + request.body);
  }
}

TEST_CASE("localhost is this machine, and an error status is an answer") {
  Site site;
  site.start();
  Caller caller;
  const std::string url = "http://localhost:" + std::to_string(site.port()) + "/nothing";
  CHECK(caller.send(get(url))->status == 404);
  CHECK(fetch(get(url))->status == 404);
}

TEST_CASE("connections are kept and used again") {
  Site site;
  site.router.add("GET", "/", [](const Request& request, const std::shared_ptr<Responder>& responder) {
    responder->send(Response::text(200, request.remote));
  });
  site.start();
  Caller caller;
  const std::string first = caller.send(get(site.url("/")))->body;
  for (int i = 0; i < 5; ++i) CHECK(caller.send(get(site.url("/")))->body == first);
}

TEST_CASE("a kept connection that the server closed does not fail the next request") {
  // The peer promises to keep each connection and closes it: sometimes before we use it again, sometimes just then.
  ScriptedPeer peer(std::vector<std::string>(50, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  Caller caller;
  for (int i = 0; i < 50; ++i) {
    const auto response = caller.send(get(peer.url()));
    REQUIRE_MESSAGE(response, (response ? "" : response.error().one_line()));
    CHECK(response->body == "ok");
  }
}

TEST_CASE("kept connections to servers that nobody asks again are let go") {
  asio::io_context io;
  ConnectionPool pool;
  const ConnectionPool::Instant start{};
  const auto keep = [&](const std::string& authority, ConnectionPool::Instant now) {
    pool.put(authority, std::make_shared<Transport>(asio::ip::tcp::socket(io)), now);
  };
  for (std::size_t i = 0; i < 2 * ConnectionPool::max_idle; ++i) keep("pod-" + std::to_string(i), start);
  CHECK(pool.size() == ConnectionPool::max_idle);
  keep("young", start + ConnectionPool::max_age + std::chrono::seconds(1));
  CHECK(pool.size() == 1);
  for (std::size_t i = 0; i < 20; ++i) keep("busy", start + ConnectionPool::max_age);
  CHECK(pool.size() == 1 + ConnectionPool::max_idle_per_host);
}

TEST_CASE("what goes wrong has a code that says whether to try again") {
  Site site;
  std::vector<std::shared_ptr<Responder>> kept;
  site.router.add("GET", "/silent",
                  [&](const Request&, const std::shared_ptr<Responder>& responder) { kept.push_back(responder); });
  site.router.add("GET", "/large", [&](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->send(Response::text(200, std::string(100'000, 'x')));
  });
  site.start();
  int free_port = 0;
  {
    Site gone;
    gone.start();
    free_port = gone.port();
  }
  Caller caller;
  const auto check = [&](core::HttpRequest request, Code code) {
    CAPTURE(request.url);
    const auto now = caller.send(request);
    REQUIRE_FALSE(now);
    CHECK_MESSAGE(now.error().code == code, now.error().one_line());
    const auto blocking = fetch(request);
    REQUIRE_FALSE(blocking);
    CHECK_MESSAGE(blocking.error().code == code, blocking.error().one_line());
  };
  check(get("http://127.0.0.1:" + std::to_string(free_port) + "/"), Code::unavailable);
  check(get("http://does-not-exist.invalid/"), Code::unavailable);
  check(get("https://127.0.0.1:" + std::to_string(free_port) + "/"), Code::unavailable);
  check(get("ftp://127.0.0.1/"), Code::invalid_argument);
  check(get("nonsense"), Code::invalid_argument);
  core::HttpRequest injected = get(site.url("/large"));
  injected.headers = {{"X", "a\r\nY: b"}};
  check(injected, Code::invalid_argument);
  core::HttpRequest silent = get(site.url("/silent"));
  silent.timeout = std::chrono::milliseconds(50);
  check(silent, Code::deadline_exceeded);
  core::HttpRequest large = get(site.url("/large"));
  large.max_response = 99'999;
  check(large, Code::resource_exhausted);
  site.server.reset();
}

TEST_CASE("a peer that breaks off or does not speak HTTP is unavailable, never half an answer") {
  for (const char* answer : {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "HTTP/1.1 200",
                             "220 mail.example ESMTP\r\n"}) {
    CAPTURE(answer);
    ScriptedPeer peer({answer, answer});
    Caller caller;
    CHECK(caller.send(get(peer.url())).error().code == Code::unavailable);
    CHECK(fetch(get(peer.url())).error().code == Code::unavailable);
  }
}

TEST_CASE("an answer may end with the connection") {
  const std::string answer = "HTTP/1.1 200 OK\r\n\r\nuntil the end";
  ScriptedPeer peer({answer, answer});
  Caller caller;
  CHECK(caller.send(get(peer.url()))->body == "until the end");
  CHECK(fetch(get(peer.url()))->body == "until the end");
}

TEST_CASE("fetch_stream hands over bytes as they come and ends when told") {
  Site site;
  site.router.add("GET", "/events", [](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {});
    // Each event waits for the one before to be taken, as a live stream does.
    const auto next = std::make_shared<std::function<void(int)>>();
    for (int i = 0; i < 5; ++i) CHECK(responder->write(server_sent_event("", std::to_string(i))));
    responder->on_close([responder] {});  // it goes on for as long as the client stays
  });
  site.router.add("GET", "/end", [](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(503, {});
    CHECK(responder->write("all of it"));
    responder->end();
  });
  site.start();
  std::string got;
  const auto status = fetch_stream(get(site.url("/events")), [&](std::string_view bytes) {
    got += bytes;
    return !got.contains("data: 3\n\n");
  });
  CHECK(status.value() == 200);
  CHECK(got.starts_with("data: 0\n\ndata: 1\n\n"));
  got.clear();
  CHECK(fetch_stream(get(site.url("/end")), [&](std::string_view bytes) {
          got += bytes;
          return true;
        }).value() == 503);
  CHECK(got == "all of it");
}

TEST_CASE("many requests at once all come back") {
  Site site;
  site.router.add("GET", "/{n}", [](const Request& request, const std::shared_ptr<Responder>& responder) {
    responder->send(Response::text(200, request.parameters[0]));
  });
  site.start();
  Caller caller;
  int left = 200;
  for (int i = 0; i < 200; ++i) {
    caller.client->send(get(site.url("/" + std::to_string(i))),
                        [&, i](const core::Result<core::HttpResponse>& response) {
                          REQUIRE(response);
                          CHECK(response->body == std::to_string(i));
                          if (--left == 0) caller.world.stop();
                        });
  }
  caller.world.run();
  CHECK(left == 0);
}

TEST_CASE("a client that ends drops what is under way, and its callbacks die on the loop's thread") {
  Site site;
  std::vector<std::shared_ptr<Responder>> kept;
  site.router.add("GET", "/silent",
                  [&](const Request&, const std::shared_ptr<Responder>& responder) { kept.push_back(responder); });
  site.start();
  const auto thread = std::this_thread::get_id();
  struct Witness {
    std::thread::id expected;
    bool* is_gone;
    Witness(std::thread::id thread_, bool* gone) : expected(thread_), is_gone(gone) {}
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;
    ~Witness() {
      CHECK(std::this_thread::get_id() == expected);
      *is_gone = true;
    }
  };
  bool is_gone = false;
  {
    Caller caller;
    caller.client->send(get(site.url("/silent")), [w = std::make_unique<Witness>(thread, &is_gone)](
                                                      const core::Result<core::HttpResponse>&) { FAIL("dropped"); });
    caller.client.reset();
    CHECK(is_gone);
  }
  site.server.reset();
}

}  // namespace slipway::net
