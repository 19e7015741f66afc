#include "services/rules.hpp"

#include <doctest/doctest.h>

#include "services/proxy/health.hpp"
#include "services/proxy/switchboard.hpp"

using namespace slipway;
using namespace slipway::services;

TEST_CASE("rules are read back as they were written") {
  const Rules rules{{"default/web:http", Protocol::tcp, {{"127.20.128.9", 80}}, {{"127.20.0.1", 8000}, {"::1", 9}}, 60},
                    {"default/dns", Protocol::udp, {{"127.20.128.7", 53}}, {}, 0}};
  const auto read = parse_rules(render(rules), "rules.json");
  REQUIRE(read);
  CHECK(*read == rules);
}

TEST_CASE("rules that say something else are refused") {
  for (const char* text :
       {"", "[]", R"({"rule":[]})", R"({"rules":[{"name":"a","protocol":"SCTP"}]})",
        R"({"rules":[{"name":"a","listen":["example.com:80"]}]})", R"({"rules":[{"name":"a","listen":["127.0.0.1"]}]})",
        R"({"rules":[{"name":"a","listen":["127.0.0.1:70000"]}]})"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rules(text, "rules.json"));
  }
}

TEST_CASE("a proxy takes the rules of a newer control plane") {
  const auto read = parse_rules(R"({"version":2,"rules":[{"name":"a","endpoints":["127.0.0.2:1"],"weight":3}]})", "");
  REQUIRE(read);
  CHECK(*read == Rules{{"a", Protocol::tcp, {}, {{"127.0.0.2", 1}}, 0}});
}

TEST_CASE("an address has one text, of either family") {
  CHECK(Address{"127.0.0.1", 80}.text() == "127.0.0.1:80");
  CHECK(Address{"::1", 80}.text() == "[::1]:80");
  CHECK(parse_address("[::1]:80") == Address{"::1", 80});
  CHECK_FALSE(parse_address("localhost:80"));
}

TEST_CASE("nobody listens for a rule without endpoints, and the first rule has a place that two want") {
  const Address one{"127.0.0.9", 80}, two{"127.0.0.9", 81}, endpoint{"127.0.0.2", 8000};
  const Rules rules{{"a", Protocol::tcp, {one}, {}, 0},
                    {"b", Protocol::tcp, {one, two}, {endpoint}, 0},
                    {"c", Protocol::tcp, {two}, {endpoint}, 0},
                    {"d", Protocol::udp, {two}, {endpoint}, 0}};
  const auto places = proxy::places_of(rules);
  CHECK(places.size() == 3);
  CHECK(places.at({Protocol::tcp, one}) == 1);
  CHECK(places.at({Protocol::tcp, two}) == 1);
  CHECK(places.at({Protocol::udp, two}) == 3);
}

TEST_CASE("the health port understands a GET and nothing else") {
  CHECK(proxy::requested_path("GET /readyz?verbose HTTP/1.1\r\nhost: a\r\n\r\n") == "/readyz");
  CHECK(proxy::requested_path("GET /readyz HTTP/1.1\r\nhost: a\r\n") == "");
  for (const char* head : {"POST / HTTP/1.1\r\n\r\n", "GET /\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "\r\n\r\n"}) {
    CAPTURE(head);
    CHECK_FALSE(proxy::requested_path(head));
  }
}
