#include "net/impl/parser.hpp"

#include <doctest/doctest.h>

namespace slipway::net {
namespace {

// What a byte stream means: "GET /x [body]; ..." or the status it is refused with. `step` bytes at a time.
std::string meaning_of(std::string_view wire, std::size_t step) {
  RequestParser parser;
  std::string meaning;
  std::string body;
  while (!wire.empty()) {
    std::string_view piece = wire.substr(0, step);
    const std::size_t offered = piece.size();
    for (bool is_done = false; !is_done;) {
      switch (parser.feed(piece, body)) {
        case RequestParser::Event::more:
          is_done = true;
          break;
        case RequestParser::Event::head:
          break;
        case RequestParser::Event::complete:
          meaning += parser.head().method + " " + parser.head().target + " [" + std::exchange(body, {}) + "]; ";
          parser.reset();
          if (piece.empty()) is_done = true;
          break;
        case RequestParser::Event::failed:
          return meaning + std::to_string(parser.failure().status);
      }
    }
    CHECK(piece.empty());
    wire.remove_prefix(offered);
  }
  return meaning + (parser.is_idle() ? "" : "incomplete");
}

}  // namespace

TEST_CASE("requests have one meaning however the bytes are cut, or none") {
  struct Case {
    std::string wire, expected;
  };
  const std::string host = "Host: x\r\n";
  const std::string chunked = "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n";
  for (const auto& [wire, expected] : std::vector<Case>{
           // good
           {"GET /a?b HTTP/1.1\r\n" + host + "\r\n", "GET /a?b []; "},
           {"\r\nGET / HTTP/1.1\r\n" + host + "\r\n", "GET / []; "},
           {"GET / HTTP/1.0\r\n\r\n", "GET / []; "},
           {"POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\n" + host + "\r\n",
            "POST / [abc]; GET /2 []; "},
           {"POST / HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n", "POST / []; "},
           {chunked + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: v\r\n\r\n", "POST / [abcde]; "},
           {chunked + "0\r\n\r\nGET /2 HTTP/1.1\r\n" + host + "\r\n", "POST / []; GET /2 []; "},
           {"GET / HTTP/1.1\r\n" + host + "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "GET / []; "},
           {"GET /x HTTP/1.1\r\n" + host + "\r\nGET", "GET /x []; incomplete"},
           {chunked + "3\r\nab", "incomplete"},
           // two lengths
           {"POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400"},
           {"POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "400"},
           {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400"},
           // lengths that are not
           {"POST / HTTP/1.1\r\n" + host + "Content-Length: +3\r\n\r\nabc", "400"},
           {"POST / HTTP/1.1\r\n" + host + "Content-Length: 0x3\r\n\r\nabc", "400"},
           {"POST / HTTP/1.1\r\n" + host + "Content-Length: 3, 3\r\n\r\nabc", "400"},
           {"POST / HTTP/1.1\r\n" + host + "Content-Length: 3 3\r\n\r\nabc", "400"},
           {"POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\nabc", "400"},
           {"POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999999\r\n\r\nabc", "400"},
           {"POST / HTTP/1.1\r\n" + host + "Content-Length : 3\r\n\r\nabc", "400"},
           {"POST / HTTP/1.1\r\n" + host + "Content-Length\t: 3\r\n\r\nabc", "400"},
           // encodings that are not plain chunked
           {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
           {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\n" + host +
                "Transfer-Encoding: \x0b"
                "chunked\r\n\r\n0\r\n\r\n",
            "400"},
           {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
           // line ends, folds, blanks
           {"GET / HTTP/1.1\n" + host + "\n", "400"},
           {"GET / HTTP/1.1\r\nHost: x\n\r\n", "400"},
           {"GET / HTTP/1.1\r\n" + host + "A: b\r\n folded\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\n" + host + "A: b\r\n\tfolded\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\n" + host + "A: b\rX: c\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\n Host: x\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\n" + host + "no colon\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\n" + host + ": empty\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\n" + host + "A\x01: b\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\n" + host + std::string("A: b\0c\r\n\r\n", 11), "400"},
           {"GET  / HTTP/1.1\r\n" + host + "\r\n", "400"},
           {"GET /a b HTTP/1.1\r\n" + host + "\r\n", "400"},
           // chunks
           {chunked + "3\nabc\r\n0\r\n\r\n", "400"},
           {chunked + "3\rXabc\r\n0\r\n\r\n", "400"},
           {chunked + "3\r\nabcX\r\n0\r\n\r\n", "400"},
           {chunked + "3\r\nabc\n0\r\n\r\n", "400"},
           {chunked + "0x3\r\nabc\r\n0\r\n\r\n", "400"},
           {chunked + "-3\r\nabc\r\n0\r\n\r\n", "400"},
           {chunked + "\r\nabc\r\n0\r\n\r\n", "400"},
           {chunked + "fffffffffffffffff\r\nabc\r\n0\r\n\r\n", "400"},
           {chunked + "3;a\nb\r\nabc\r\n0\r\n\r\n", "400"},
           // hosts, versions, methods
           {"GET / HTTP/1.1\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
           {"GET / HTTP/2.0\r\n" + host + "\r\n", "505"},
           {"GET / HTTP/0.9\r\n" + host + "\r\n", "505"},
           {"GET / HTTP/1.2\r\n" + host + "\r\n", "400"},
           {"GET / HTTQ/1.1\r\n" + host + "\r\n", "400"},
           {"CONNECT x:1 HTTP/1.1\r\n" + host + "\r\n", "501"},
           {"FROBNICATE / HTTP/1.1\r\n" + host + "\r\n", "501"},
           {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 13), "400"},  // a TLS hello
       }) {
    CAPTURE(wire);
    const std::string whole = meaning_of(wire, wire.size());
    // A refusal in another shape is as good; a request is not.
    const bool is_refused = expected.starts_with('4') || expected.starts_with('5');
    if (is_refused) {
      CHECK((whole == "400" || whole == "501" || whole == "505"));
      CHECK_MESSAGE((expected == "400" || whole == expected), whole);
    } else {
      CHECK(whole == expected);
    }
    for (const std::size_t step : {1U, 2U, 3U, 7U}) CHECK(meaning_of(wire, step) == whole);
  }
}

TEST_CASE("heads, headers and chunk overhead have limits") {
  CHECK(meaning_of("GET /" + std::string(70'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 4096) == "431");
  CHECK(meaning_of("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(70'000, 'a'), 4096) == "431");
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 201; ++i) many += "A: b\r\n";
  CHECK(meaning_of(many + "\r\n", 4096) == "431");

  const std::string chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(meaning_of(chunked + "1;" + std::string(200'000, 'x'), 4096) == "400");
  CHECK(meaning_of(chunked + "0\r\nTrailer: " + std::string(200'000, 'x'), 4096) == "400");
  std::string small_chunks = chunked;
  for (int i = 0; i < 50'000; ++i) small_chunks += "1\r\nx\r\n";
  CHECK(meaning_of(small_chunks + "0\r\n\r\n", 4096) == "POST / [" + std::string(50'000, 'x') + "]; ");
}

TEST_CASE("answers are read whatever way their end is told") {
  struct Case {
    std::string wire;
    bool is_complete, is_reusable;
    int status;
    std::string body;
  };
  for (const auto& [wire, is_complete, is_reusable, status, body] : std::vector<Case>{
           {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", true, true, 200, "abc"},
           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", true, true, 200, "abc"},
           {"HTTP/1.1 204 No Content\r\n\r\n", true, true, 204, ""},
           {"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", true, true, 304, ""},
           {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: "
            "0\r\n\r\n",
            true, true, 201, ""},
           {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", true, false, 200, "a"},
           {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nasurplus", true, false, 200, "a"},
           {"HTTP/1.1 200 OK\r\n\r\nuntil the end", true, false, 200, "until the end"},
           {"HTTP/1.0 200 OK\r\n\r\nabc", true, false, 200, "abc"},
           {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", false, false, 200, "abc"},
           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false, false, 200, "abc"},
           {"HTTP/1.1 200 O", false, false, 0, ""},
           {"", false, false, 0, ""},
       }) {
    CAPTURE(wire);
    for (const std::size_t step : {1UL, 5UL, 1000UL}) {
      std::string got;
      ResponseParser parser(false, [&](std::string_view bytes) {
        got += bytes;
        return true;
      });
      bool is_good = true;
      for (std::size_t at = 0; at < wire.size() && !parser.is_complete(); at += step) {
        is_good = is_good && parser.feed(std::string_view(wire).substr(at, step)).has_value();
      }
      CHECK(is_good);
      CHECK(parser.finish().has_value() == is_complete);
      CHECK(parser.status() == status);
      CHECK(got == body);
      if (step == 1000) CHECK(parser.may_reuse_connection() == is_reusable);
    }
  }
}

TEST_CASE("what is not HTTP is an unavailable peer") {
  for (const char* wire :
       {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}) {
    ResponseParser parser(false, [](std::string_view) { return true; });
    const auto fed = parser.feed(wire);
    REQUIRE_FALSE(fed);
    CHECK(fed.error().code == Code::unavailable);
  }
}

}  // namespace slipway::net
