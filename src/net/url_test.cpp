#include "net/impl/url.hpp"

#include <doctest/doctest.h>

#include "net/http.hpp"

namespace slipway::net {

TEST_CASE("URLs are taken apart") {
  struct Case {
    const char *text, *host;
    int port;
    const char *authority, *target;
  };
  for (const auto& [text, host, port, authority, target] : std::initializer_list<Case>{
           {"http://127.0.0.1:8080/a?b=c", "127.0.0.1", 8080, "127.0.0.1:8080", "/a?b=c"},
           {"http://example.org", "example.org", 80, "example.org", "/"},
           {"http://example.org?q", "example.org", 80, "example.org", "/?q"},
           {"http://[::1]:99/x#fragment", "::1", 99, "[::1]:99", "/x"},
           {"http://localhost:1", "localhost", 1, "localhost:1", "/"},
       }) {
    CAPTURE(text);
    const auto url = parse_url(text);
    REQUIRE(url);
    CHECK(url->host == host);
    CHECK(url->port == port);
    CHECK(url->authority == authority);
    CHECK(url->target == target);
  }
}

TEST_CASE("URLs that could mean something else are refused") {
  for (const char* text :
       {"", "ftp://x", "/path", "http://", "http:///x", "http://:80/", "http://h:0/", "http://h:65536/", "http://h:8x/",
        "http://h:-1/", "http://user@h/", "http://h/a b", "http://h/a\r\nX: y", "http://[::1/", "http://[::1]x/"}) {
    CAPTURE(text);
    const auto url = parse_url(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == Code::invalid_argument);
  }
}

TEST_CASE("targets are decoded part by part") {
  const auto target = parse_target("/a%20b/c%2Fd/%E2%82%AC/?x=1&y=a+b%2B&flag&x=2&&");
  REQUIRE(target);
  CHECK(target->segments == std::vector<std::string>{"a b", "c/d", "\xE2\x82\xAC", ""});
  CHECK(target->path == "/a b/c/d/\xE2\x82\xAC/");
  CHECK(target->query ==
        std::vector<std::pair<std::string, std::string>>{{"x", "1"}, {"y", "a b+"}, {"flag", ""}, {"x", "2"}});
  CHECK(parse_target("/")->segments == std::vector<std::string>{""});
}

TEST_CASE("targets that climb out of their directory are refused in every spelling") {
  for (const char* text : {"/../etc/passwd", "/a/..", "/a/./b", "/a/%2e%2e/b", "/a/%2E./b", "/a/..%2Fb",
                           "/a/x%2F..%2Fy", "/a%00", "/%", "/%4", "/%zz", "/?a=%", "", "a", "*"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_target(text));
  }
  CHECK(parse_target("/a..b/...")->path == "/a..b/...");
}

TEST_CASE("encoding and decoding are inverse for every byte") {
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  CHECK(url_decode(url_encode(every)).value() == every);
  CHECK(url_encode("a b/c~") == "a%20b%2Fc~");
}

TEST_CASE("a foreign page's name for this machine is not ours") {
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:99", "127.1.2.3", "[::1]:80",
                           "slipway.internal", "Slipway.Internal:1"}) {
    CAPTURE(host);
    CHECK(is_own_host(host, {"slipway.internal"}));
  }
  for (const char* host : {"", "evil.example", "127.evil.example", "127.0.0.1.evil.example", "localhost.evil.example",
                           "evil.example:80", "10.0.0.1", "localhost:x", "[::2]", "localhost@evil"}) {
    CAPTURE(host);
    CHECK_FALSE(is_own_host(host, {"slipway.internal"}));
  }
}

}  // namespace slipway::net
