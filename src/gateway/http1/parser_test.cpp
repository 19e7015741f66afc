#include <doctest/doctest.h>

#include "gateway/http1/parser.hpp"

using namespace slipway;
using namespace slipway::gateway::http1;

namespace {

// "ok", or the code of what is wrong, feeding `piece` bytes at a time.
std::string verdict(const std::string& bytes, Parser::Kind kind = Parser::Kind::request, std::size_t piece = 100000) {
  Parser parser(kind);
  std::string_view rest = bytes;
  while (!rest.empty() && !parser.done()) {
    auto taken = parser.feed(rest.substr(0, piece));
    if (!taken) return std::string(core::name_of(taken.error().code));
    rest.remove_prefix(*taken);
  }
  if (auto end = parser.finish(); !end) return std::string(core::name_of(end.error().code));
  return parser.done() ? "ok" : "unfinished";
}

std::string request(const std::string& headers, const std::string& line = "POST /v1 HTTP/1.1") {
  return line + "\r\n" + headers + "\r\n";
}

}  // namespace

TEST_CASE("messages that two servers could read differently are refused, however they are cut") {
  const std::string host = "Host: a\r\n";
  for (const std::string& bytes : {
           request(host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
           request(host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n") + "0\r\n\r\n",
           request(host + "Content-Length: 3\r\nContent-Length: 3\r\n") + "abc",
           request(host + "Content-Length: 3\r\nContent-Length: 4\r\n") + "abcd",
           request(host + "Content-Length: 3, 3\r\n") + "abc",
           request(host + "Content-Length: +3\r\n") + "abc",
           request(host + "Content-Length: -1\r\n"),
           request(host + "Content-Length: 0x3\r\n") + "abc",
           request(host + "Content-Length: 99999999999999999999\r\n"),
           request(host + "Content-Length:\r\n"),
           request(host + "Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n",
           request(host + "Transfer-Encoding: chunked, chunked\r\n") + "0\r\n\r\n",
           request(host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
           request(host + "Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n",
           request(host + "Transfer-Encoding : chunked\r\n") + "0\r\n\r\n",
           request(host + "Transfer-Encoding:\x0b"
                          "chunked\r\n") +
               "0\r\n\r\n",
           request(host + "Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0") + "0\r\n\r\n",
           request(host + "X: a\r\n b\r\n"),
           request(host + " X: a\r\n"),
           request(host + "X : a\r\n"),
           request(host + "X\r\n"),
           request(host + ": a\r\n"),
           request(host + "X: a\rb\r\n"),
           request(host + std::string("X: a\0b\r\n", 8)),
           std::string("POST / HTTP/1.1\nHost: a\n\n"),
           std::string("POST / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
           request("Host: a\r\nHost: b\r\n"),
           request("X: no host\r\n"),
           request("Host: a/b\r\n"),
           request("Host: a@b\r\n"),
           request(host, "POST  / HTTP/1.1"),
           request(host, "POST / /x HTTP/1.1"),
           request(host, "POST /\x01 HTTP/1.1"),
           request(host, "PO ST / HTTP/1.1"),
           request(host, "POST evil HTTP/1.1"),
           request(host, "POST /a#b HTTP/1.1"),
           request(host, "POST /a/../b HTTP/1.1"),
           request(host, "POST /a/%2e%2E/b HTTP/1.1"),
           request(host, "POST /a/. HTTP/1.1"),
       }) {
    CAPTURE(bytes);
    CHECK(verdict(bytes) == "invalid_argument");
    CHECK(verdict(bytes, Parser::Kind::request, 1) == "invalid_argument");
  }
}

TEST_CASE("what is well-formed and not spoken here is told apart from what is malformed") {
  CHECK(verdict(request("Host: a\r\n", "POST / HTTP/2.0")) == "unimplemented");
  CHECK(verdict(request("Host: a\r\n", "PRI * HTTP/2.0")) == "unimplemented");
  CHECK(verdict(request("Host: a:1\r\n", "CONNECT a:1 HTTP/1.1")) != "ok");
  CHECK(verdict(request("Host: a\r\nX: " + std::string(70000, 'x') + "\r\n")) == "resource_exhausted");
  CHECK(verdict(std::string(70000, 'x')) == "resource_exhausted");
}

TEST_CASE("ordinary requests are read whole, however they are cut") {
  for (std::size_t piece : {1, 2, 7, 1000}) {
    CHECK(verdict(request("Host: a\r\nContent-Length: 3\r\n") + "abc", Parser::Kind::request, piece) == "ok");
    CHECK(verdict(request("Host: a\r\nTransfer-Encoding: Chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n", Parser::Kind::request,
                  piece) == "ok");
    CHECK(verdict("\r\n" + request("Host:\r\nEmpty:\r\n", "GET /a?b=c%20d HTTP/1.1"), Parser::Kind::request, piece) ==
          "ok");
    CHECK(verdict(request("", "GET http://a/x HTTP/1.0"), Parser::Kind::request, piece) == "ok");
  }
  CHECK(verdict(request("Host: a\r\nTransfer-Encoding: chunked\r\n") + "zz\r\n") == "invalid_argument");
  CHECK(verdict(request("Host: a\r\nContent-Length: 3\r\n") + "ab") == "data_loss");
}

TEST_CASE("the next request's bytes are left alone") {
  Parser parser(Parser::Kind::request);
  const std::string one = request("Host: a\r\nContent-Length: 2\r\n") + "hi";
  const std::string two = one + request("Host: b\r\n");
  std::string_view rest = two;
  while (!parser.done()) rest.remove_prefix(*parser.feed(rest));
  CHECK(rest.starts_with("POST"));
  CHECK(parser.take_body() == "hi");
  parser.reset();
  CHECK(*parser.feed(rest) == rest.size());
  CHECK(core::header(parser.head().headers, "host") == "b");
}

TEST_CASE("trailers are dropped: they cannot add a header to the head") {
  Parser parser(Parser::Kind::request);
  const std::string bytes =
      request("Host: a\r\nTransfer-Encoding: chunked\r\n") + "1\r\nx\r\n0\r\nX-User: root\r\n\r\n";
  std::string_view rest = bytes;
  while (!rest.empty()) rest.remove_prefix(*parser.feed(rest));
  CHECK(parser.done());
  CHECK(parser.head().headers.size() == 2);
}

TEST_CASE("responses end by length, by chunks, with the connection, or at once") {
  const auto response = [](const std::string& rest) { return "HTTP/1.1 200 OK\r\n" + rest; };
  CHECK(verdict(response("Content-Length: 2\r\n\r\nhi"), Parser::Kind::response) == "ok");
  CHECK(verdict(response("Content-Length: 2\r\n\r\nh"), Parser::Kind::response) == "data_loss");
  CHECK(verdict(response("Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n0\r\n\r\n"), Parser::Kind::response, 1) == "ok");
  CHECK(verdict(response("Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n"), Parser::Kind::response) == "data_loss");
  CHECK(verdict(response("\r\nuntil the end"), Parser::Kind::response) == "ok");
  CHECK(verdict("HTTP/1.1 204 No Content\r\n\r\n", Parser::Kind::response) == "ok");
  CHECK(verdict(response("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"), Parser::Kind::response) ==
        "invalid_argument");
  CHECK(verdict("HTTP/1.1 2000 OK\r\n\r\n", Parser::Kind::response) == "invalid_argument");

  Parser head(Parser::Kind::response);
  head.expect_no_body();
  CHECK(head.feed(response("Content-Length: 200\r\n\r\n")).has_value());
  CHECK(head.done());
}

TEST_CASE("hop-by-hop headers go, and those that Connection names") {
  core::Headers headers{{"Connection", "close, X-Secret"},
                        {"x-secret", "1"},
                        {"Keep-Alive", "5"},
                        {"TE", "trailers"},
                        {"Upgrade", "h2c"},
                        {"Transfer-Encoding", "chunked"},
                        {"Content-Length", "1"},
                        {"Accept", "*/*"}};
  remove_hop_by_hop(headers);
  CHECK(headers == core::Headers{{"Accept", "*/*"}});
}
