#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "core/log.hpp"
#include "core/world/real.hpp"
#include "net/test_support.hpp"

namespace slipway::net {
namespace {

using test::RawClient;
using test::Site;
using test::wait_for;

const std::string crlf = "\r\n";

Handler echo() {
  return [](const Request& request, const std::shared_ptr<Responder>& responder) {
    std::string text = request.method + " " + request.path;
    for (const auto& parameter : request.parameters) text += " {" + parameter + "}";
    for (const auto& [name, value] : request.query) text += " " + name + "=" + value;
    const auto body = request.read_body();
    text += body ? " [" + *body + "]" : " " + body.error().one_line();
    responder->send(Response::text(200, text));
  };
}

std::string get(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + crlf;
}
const std::string last = "Connection: close\r\n";

}  // namespace

TEST_CASE("a request reaches its handler with path, parameters, query and body") {
  Site site;
  site.router.add("POST", "/a/{name}/b", echo());
  site.start();
  const auto response = site.fetch("POST", "/a/x%20y/b?q=1&r", "the body");
  CHECK(response.status == 200);
  CHECK(response.body == "POST /a/x y/b {x y} q=1 r= [the body]");
  CHECK(core::header(response.headers, "Content-Type") == "text/plain; charset=utf-8");
  CHECK(core::header(response.headers, "Content-Length") == std::to_string(response.body.size()));
  CHECK(core::header(response.headers, "Date").ends_with(" GMT"));
}

TEST_CASE("one connection carries many requests, sent one by one or all at once") {
  Site site;
  site.router.add("GET", "/{name}", echo());
  site.start();
  RawClient client(site.port());
  for (int i = 0; i < 3; ++i) {
    client.send(get("/one"));
    CHECK(client.read_until("GET /one {one} []").starts_with("HTTP/1.1 200 OK\r\n"));
  }
  std::string all;
  for (int i = 0; i < 50; ++i) all += get("/" + std::to_string(i));
  client.send(all + get("/end", last));
  for (int i = 0; i < 50; ++i) client.read_until("{" + std::to_string(i) + "} []");
  CHECK(client.read_all().ends_with("GET /end {end} []"));
}

TEST_CASE("an unknown path is 404, a known one with another method 405 with Allow") {
  Site site;
  site.router.add("GET", "/a", echo());
  site.router.add("DELETE", "/a", echo());
  site.start();
  const auto missing = site.fetch("GET", "/b");
  CHECK(missing.status == 404);
  const auto error = core::doc::parse_json(missing.body).value()["error"];
  CHECK(error["code"].string_or("") == "not_found");
  CHECK(error["message"].string_or("") == "there is nothing at /b");
  CHECK(error["status"].int_or(0) == 404);
  const auto wrong = site.fetch("POST", "/a", "body");
  CHECK(wrong.status == 405);
  CHECK(core::header(wrong.headers, "Allow") == "DELETE, GET, HEAD");
  // The connection goes on after both.
  const std::string talk =
      site.talk(get("/b") + "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc" + get("/a", last));
  CHECK(talk.ends_with("GET /a []"));
}

TEST_CASE("HEAD is answered as GET without the body") {
  Site site;
  site.router.add("GET", "/a", echo());
  site.router.add("GET", "/stream", [](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {});
    CHECK(responder->write("bytes"));
    responder->end();
  });
  site.start();
  const auto response = site.fetch("HEAD", "/a");
  CHECK(response.status == 200);
  CHECK(response.body.empty());
  CHECK(core::header(response.headers, "Content-Length") == "10");
  const std::string talk = site.talk("HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/a", last));
  CHECK(talk.ends_with("GET /a []"));
  CHECK_FALSE(talk.contains("bytes"));
}

TEST_CASE("bodies come chunked, after 100-continue, and from a file when they are large") {
  Site site;
  std::promise<std::pair<std::string, bool>> spooled;
  auto future = spooled.get_future();
  site.router.add("POST", "/echo", echo());
  site.router.add("POST", "/large", [&](const Request& request, const std::shared_ptr<Responder>& responder) {
    struct stat status{};
    const bool is_private = ::stat(request.body_file.c_str(), &status) == 0 && (status.st_mode & 0777) == 0600;
    spooled.set_value({request.body_file, is_private && request.body.empty()});
    responder->send(Response::text(200, std::to_string(request.read_body().value().size())));
  });
  site.start();

  CHECK(site.talk("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" + last +
                  "\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            .ends_with("[abcde]"));

  RawClient client(site.port());
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  client.read_until("[hello]");

  CHECK(site.fetch("POST", "/large", std::string(2'000'000, 'x')).body == "2000000");
  const auto [file, is_good] = wait_for(future);
  CHECK(is_good);
  site.server.reset();
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("bodies beyond the route's limit are 413, told before they are sent where possible") {
  Site site;
  site.router.add("POST", "/small", echo(), {.max_body = 10});
  site.start();
  CHECK(site.fetch("POST", "/small", "0123456789").status == 200);
  const auto response = site.fetch("POST", "/small", std::string(5'000'000, 'x'));
  CHECK(response.status == 413);
  CHECK(core::doc::parse_json(response.body).value()["error"]["status"].int_or(0) == 413);

  RawClient client(site.port());
  client.send("POST /small HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read_all().starts_with("HTTP/1.1 413 "));
  CHECK(site.talk("POST /small HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
                  "chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n")
            .starts_with("HTTP/1.1 413 "));
}

TEST_CASE("requests that could be smuggled are refused and end the connection") {
  Site site;
  bool was_called = false;
  site.router.add("POST", "/", [&](const Request&, const std::shared_ptr<Responder>&) { was_called = true; });
  site.router.add("GET", "/smuggled", [&](const Request&, const std::shared_ptr<Responder>&) { was_called = true; });
  site.start();
  const std::string smuggled = get("/smuggled");
  const std::string post = "POST / HTTP/1.1\r\nHost: localhost\r\n";
  struct Case {
    std::string wire;
    std::string status;
  };
  for (const auto& [wire, status] : std::vector<Case>{
           {post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, "400"},
           {post + "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + smuggled, "400"},
           {post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled, "400"},
           {post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled, "501"},
           {post + "Content-Length: 1\n\r\n\r\n" + smuggled, "400"},
           {"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\n\r\n" + smuggled, "400"},
           {get("/%2e%2e/x") + smuggled, "400"},
           {get("*") + smuggled, "400"},
           {"GET / HTTP/1.1\r\n\r\n" + smuggled, "400"},
           {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n" + smuggled, "421"},
           {"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n" + smuggled, "421"},
           {"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + std::string(70'000, 'x') + "\r\n\r\n" + smuggled, "431"},
           {"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n" + smuggled, "505"},
           {post + "Content-Length: 3\r\nExpect: a miracle\r\n\r\n" + smuggled, "417"},
       }) {
    CAPTURE(wire.substr(0, 200));
    const std::string answer = site.talk(wire);
    CHECK(answer.starts_with("HTTP/1.1 " + status + " "));
    CHECK(answer.find("\r\nDate: ") == answer.rfind("\r\nDate: "));  // one answer
    CHECK(answer.contains("Connection: close\r\n"));
  }
  CHECK_FALSE(was_called);
}

TEST_CASE("an absolute target and an allowed name are ours") {
  Site site;
  site.router.add("GET", "/a", echo());
  site.options.allowed_hosts = {"slipway.internal"};
  site.start();
  CHECK(site.talk("GET http://localhost:1/a?x=1 HTTP/1.1\r\nHost: whatever\r\n" + last + crlf)
            .ends_with("GET /a x=1 []"));
  CHECK(site.talk("GET /a HTTP/1.1\r\nHost: slipway.internal:80\r\n" + last + crlf).ends_with("GET /a []"));
  CHECK(site.talk("GET /a HTTP/1.0\r\n\r\n").ends_with("GET /a []"));
}

TEST_CASE("a stream arrives as it is written, and the connection goes on after its end") {
  Site site;
  std::promise<std::shared_ptr<Responder>> promise;
  auto future = promise.get_future();
  site.router.add("GET", "/stream", [&](const Request&, std::shared_ptr<Responder> responder) {
    promise.set_value(std::move(responder));
  });
  site.router.add("GET", "/a", echo());
  site.start();
  RawClient client(site.port());
  client.send(get("/stream"));
  const auto responder = wait_for(future);
  CHECK(responder->is_open());
  responder->begin(200, {{"Content-Type", "text/event-stream"}});
  CHECK(client.read_until("\r\n\r\n").contains("Transfer-Encoding: chunked\r\n"));
  CHECK(responder->write(server_sent_event("", "one")));
  CHECK(client.read_until("data: one\n\n") == "b\r\ndata: one\n\n");
  CHECK(responder->write(""));  // nothing, and not the end
  CHECK(responder->write("two"));
  client.read_until("two\r\n");
  responder->end();
  client.read_until("0\r\n\r\n");
  CHECK_FALSE(responder->is_open());
  CHECK_FALSE(responder->write("late"));
  client.send(get("/a", last));
  CHECK(client.read_all().ends_with("GET /a []"));
}

TEST_CASE("an HTTP/1.0 client gets a stream that ends with the connection") {
  Site site;
  site.router.add("GET", "/stream", [](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {});
    CHECK(responder->write("one"));
    CHECK(responder->write("two"));
    responder->end();
  });
  site.start();
  const std::string answer = site.talk("GET /stream HTTP/1.0\r\n\r\n");
  CHECK(answer.ends_with("\r\n\r\nonetwo"));
  CHECK_FALSE(answer.contains("Transfer-Encoding"));
}

TEST_CASE("a client that goes away is noticed while its answer is being made") {
  Site site;
  std::promise<std::shared_ptr<Responder>> promise;
  std::promise<void> closed;
  auto future = promise.get_future();
  auto closing = closed.get_future();
  site.router.add("GET", "/watch", [&](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {});
    responder->on_close([&] { closed.set_value(); });
    promise.set_value(responder);
  });
  site.start();
  RawClient client(site.port());
  client.send(get("/watch"));
  const auto responder = wait_for(future);
  client.read_until("\r\n\r\n");
  client.close();
  REQUIRE(closing.wait_for(std::chrono::milliseconds(test::patience_ms)) == std::future_status::ready);
  CHECK_FALSE(responder->is_open());
  CHECK_FALSE(responder->write("nobody"));
  std::promise<void> again;  // set too late, it runs too
  auto second = again.get_future();
  responder->on_close([&] { again.set_value(); });
  CHECK(second.wait_for(std::chrono::milliseconds(test::patience_ms)) == std::future_status::ready);
}

TEST_CASE("a client that only stops sending still gets its plain answer") {
  Site site;
  std::promise<std::shared_ptr<Responder>> promise;
  std::promise<void> closed;
  auto future = promise.get_future();
  auto closing = closed.get_future();
  site.router.add("GET", "/slow", [&](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->on_close([&] { closed.set_value(); });
    promise.set_value(responder);
  });
  site.start();
  RawClient client(site.port());
  client.send(get("/slow")).finish_sending();
  const auto responder = wait_for(future);
  REQUIRE(closing.wait_for(std::chrono::milliseconds(test::patience_ms)) == std::future_status::ready);
  responder->send(Response::text(200, "here you are"));
  CHECK(client.read_all().ends_with("here you are"));
}

TEST_CASE("a client that does not read its stream is cut off, and never buffered without bound") {
  Site site;
  std::promise<std::shared_ptr<Responder>> promise;
  std::promise<void> closed;
  auto future = promise.get_future();
  auto closing = closed.get_future();
  site.router.add("GET", "/firehose", [&](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->on_close([&] { closed.set_value(); });
    responder->begin(200, {});
    promise.set_value(responder);
  });
  site.start();
  RawClient client(site.port(), 4096);
  client.send(get("/firehose"));
  const auto responder = wait_for(future);
  const std::string piece(64 * 1024, 'x');
  std::size_t accepted = 0;
  while (responder->write(piece)) {
    accepted += piece.size();
    REQUIRE(accepted < 100'000'000);
  }
  CHECK_FALSE(responder->is_open());
  CHECK(closing.wait_for(std::chrono::milliseconds(test::patience_ms)) == std::future_status::ready);
}

TEST_CASE("a head that drips is cut off") {
  Site site;
  site.options.header_timeout = std::chrono::milliseconds(50);
  site.start();
  CHECK(site.talk("GET /a HTTP/1.1\r\nHost: loc").starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a connection that does nothing is closed: before a request, in a body, after an answer") {
  Site site;
  site.router.add("GET", "/a", echo());
  site.options.idle_timeout = std::chrono::milliseconds(50);
  site.start();
  CHECK(site.talk("").empty());
  // On a busy machine this thread may be too slow itself to send anything in time: then again.
  const auto talk = [&](const std::string& wire) {
    for (;;) {
      if (std::string said = site.talk(wire); !said.empty()) return said;
    }
  };
  CHECK(talk("GET /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc").starts_with("HTTP/1.1 408 "));
  CHECK(talk(get("/a")).ends_with("GET /a []"));
}

TEST_CASE("a handler that forgets or throws is a 500, and the next request is served") {
  Site site;
  site.router.add("GET", "/forgets", [](const Request&, const std::shared_ptr<Responder>&) {});
  site.router.add("GET", "/throws",
                  [](const Request&, const std::shared_ptr<Responder>&) { throw std::runtime_error("oh"); });
  site.router.add("GET", "/breaks", [](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {});
    CHECK(responder->write("half"));
  });
  site.router.add("GET", "/twice", [](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->send(Response::text(200, "first"));
    responder->send(Response::text(200, "second"));
    CHECK_FALSE(responder->write("third"));
  });
  site.start();
  CHECK(site.fetch("GET", "/forgets").status == 500);
  core::log::set_level(core::log::Level::error);
  CHECK(site.fetch("GET", "/throws").status == 500);
  CHECK(site.fetch("GET", "/twice").body == "first");
  core::HttpRequest request;
  request.url = site.url("/breaks");
  CHECK(fetch(request).error().code == Code::unavailable);  // never taken for the whole
  const std::string talk = site.talk(get("/twice") + get("/forgets") + get("/twice", last));
  CHECK(talk.ends_with("first"));
}

TEST_CASE("headers of an answer cannot break out of their line") {
  Site site;
  site.router.add("GET", "/a", [](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->send(
        {200,
         {{"X-Good", "yes"}, {"X-Bad", "a\r\nSet-Cookie: evil"}, {"Bad Name", "x"}, {"Content-Length", "3"}},
         "body"});
  });
  site.start();
  const std::string talk = site.talk(get("/a", last));
  CHECK(talk.contains("X-Good: yes\r\n"));
  CHECK_FALSE(talk.contains("evil"));
  CHECK_FALSE(talk.contains("Bad Name"));
  CHECK(talk.contains("Content-Length: 4\r\n"));
}

TEST_CASE("the guard stands before every route that is not public") {
  Site site;
  site.router.add("GET", "/private", echo());
  site.router.add("GET", "/public", echo(), {.public_ = true});
  site.router.set_guard([](Request& request, Responder& responder) {
    if (request.header("Authorization") == "Bearer good") return true;
    responder.send(error_response(Error(Code::unauthenticated, "who are you")));
    return false;
  });
  site.start();
  CHECK(site.fetch("GET", "/private").status == 401);
  CHECK(site.fetch("GET", "/private", "", {{"authorization", "Bearer good"}}).status == 200);
  CHECK(site.fetch("GET", "/public").status == 200);
}

TEST_CASE("handlers run on the control loop when there is one") {
  core::RealWorld world;
  Site site;
  site.options.loop = &world.loop();
  const auto main_thread = std::this_thread::get_id();
  site.router.add("GET", "/a", [&](const Request&, const std::shared_ptr<Responder>& responder) {
    CHECK(std::this_thread::get_id() == main_thread);
    responder->send(Response::text(200, "on the loop"));
  });
  site.router.add("GET", "/watch", [&](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {});
    responder->on_close([&, responder] {
      CHECK(std::this_thread::get_id() == main_thread);
      world.stop();
    });
  });
  site.start();
  std::string body;
  std::jthread visitor([&] {
    core::HttpRequest request;
    request.url = site.url("/a");
    body = fetch(request).value().body;
    RawClient client(site.port());
    client.send(get("/watch"));
    client.read_until("\r\n\r\n");
  });
  world.run();
  visitor.join();
  CHECK(body == "on the loop");
  site.server.reset();
}

TEST_CASE("answers come from any thread, many at once") {
  Site site;
  std::vector<std::jthread> workers;
  site.router.add("GET", "/{n}", [&](const Request& request, const std::shared_ptr<Responder>& responder) {
    workers.emplace_back([responder, n = request.parameters[0]] {
      responder->begin(200, {});
      for (int i = 0; i < 20; ++i) CHECK(responder->write(n + " "));
      responder->end();
    });
  });
  site.start();
  {
    std::vector<std::jthread> visitors;
    for (int v = 0; v < 8; ++v) {
      visitors.emplace_back([&, v] {
        for (int i = 0; i < 10; ++i) {
          std::string expected;
          for (int k = 0; k < 20; ++k) expected += std::to_string(v) + " ";
          core::HttpRequest request;
          request.url = site.url("/" + std::to_string(v));
          const auto response = fetch(request);
          CHECK((response && response->body == expected));
        }
      });
    }
  }
  site.server.reset();
}

TEST_CASE("a server that ends cuts its connections; late answers go nowhere") {
  Site site;
  std::promise<std::shared_ptr<Responder>> promise;
  auto future = promise.get_future();
  site.router.add("GET", "/a",
                  [&](const Request&, const std::shared_ptr<Responder>& responder) { promise.set_value(responder); });
  site.start();
  RawClient client(site.port());
  client.send(get("/a"));
  const auto responder = wait_for(future);
  site.server.reset();
  CHECK(client.read_all().empty());
  CHECK_FALSE(responder->is_open());
  responder->send(Response::text(200, "late"));
}

TEST_CASE("a responder may outlive the network thread") {
  std::shared_ptr<Responder> responder;
  {
    Site site;
    std::promise<std::shared_ptr<Responder>> promise;
    auto future = promise.get_future();
    site.router.add("GET", "/a",
                    [&](const Request&, const std::shared_ptr<Responder>& given) { promise.set_value(given); });
    site.start();
    RawClient client(site.port());
    client.send(get("/a"));
    responder = wait_for(future);
  }
  responder->begin(200, {});
  CHECK_FALSE(responder->write("late"));
}

TEST_CASE("a taken port is named") {
  Site site;
  site.start();
  ServerOptions options;
  options.port = site.port();
  const auto second = Server::start(site.io, site.router, options);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Code::unavailable);
  CHECK(second.error().message.contains(std::to_string(site.port())));
  options.address = "nonsense";
  CHECK(Server::start(site.io, site.router, options).error().code == Code::invalid_argument);
}

TEST_CASE("an error's answer carries what a person needs") {
  const Response response = error_response(Error(Code::conflict, "it changed", "read it again"));
  CHECK(response.status == 409);
  CHECK(response.body == R"({"error":{"code":"conflict","message":"it changed","hint":"read it again","status":409}})"
                         "\n");
}

TEST_CASE("server-sent events keep their shape whatever the data") {
  CHECK(server_sent_event("", "x") == "data: x\n\n");
  CHECK(server_sent_event("update", "a\nb\r\nc\rd", "7") ==
        "event: update\nid: 7\ndata: a\ndata: b\ndata: c\ndata: d\n\n");
  CHECK(server_sent_event("a\nevent: b", "") == "event: a\ndata: \n\n");
}

}  // namespace slipway::net
