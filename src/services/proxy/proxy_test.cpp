#include "services/proxy/proxy.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <future>

#include "services/proxy/test_sockets.hpp"

using namespace slipway;
using namespace slipway::services;
using namespace slipway::services::proxy;
using namespace slipway::services::proxy::test;

namespace {

struct Directory {
  std::string path = (std::filesystem::temp_directory_path() / ("slipway-" + core::real_random().hex(16))).string();
  Directory() { std::filesystem::create_directories(path); }
  ~Directory() { std::filesystem::remove_all(path); }
};

std::string ask(const Address& at, const std::string& path) {
  const auto client = connected(at);
  say(client, "GET " + path + " HTTP/1.1\r\nhost: here\r\n\r\n");
  return hear(client, 64 * 1024);
}

// Asked until it is so; a connection at a time.
void wait_for(const Address& at, const std::string& path, std::string_view text) {
  std::string answer;
  for (int i = 0; i < 100'000; ++i) {
    answer = ask(at, path);
    if (answer.find(text) != std::string::npos) return;
  }
  FAIL(answer);
}

}  // namespace

TEST_CASE("the proxy serves by the file, follows it, and says how it does") {
  const Directory directory;
  const std::string file = directory.path + "/rules.json";
  const Address health = free_address(), at = free_address();
  const Server server;
  const auto proxy = Proxy::start({file, health.text()});
  REQUIRE(proxy);
  CHECK(ask(health, "/healthz").starts_with("HTTP/1.1 200 OK"));
  CHECK(ask(health, "/readyz").starts_with("HTTP/1.1 503"));
  CHECK(ask(health, "/else").starts_with("HTTP/1.1 404"));
  const Rules rules{{"shop/web", Protocol::tcp, {at}, {server.at}, 0}};
  REQUIRE(core::real_files().write_derived(file, render(rules)));
  wait_for(health, "/readyz", "200 OK");
  const auto client = connected(at);
  const auto endpoint = server.accept();
  say(client, "x");
  CHECK(hear(endpoint, 1) == "x");
  CHECK(ask(health, "/metrics").find("slipway_services_connections 1\n") != std::string::npos);
  CHECK(ask(health, "/problems").ends_with("[]"));
  REQUIRE(core::real_files().write_derived(file, "{"));  // it goes on with the last good ones
  const auto second = connected(at);
  const auto second_endpoint = server.accept();
  REQUIRE(core::real_files().write_derived(file, render({})));
  wait_for(health, "/metrics", "slipway_services_listeners 0\n");
  CHECK(try_connect(open_blocking(SOCK_STREAM), at) == ECONNREFUSED);
}

TEST_CASE("a proxy that starts again serves by what was left") {
  const Directory directory;
  const std::string file = directory.path + "/rules.json";
  const Address health = free_address(), at = free_address();
  const Server server;
  const Rules rules{{"shop/web", Protocol::tcp, {at}, {server.at}, 0}};
  REQUIRE(core::real_files().write_derived(file, render(rules)));
  for (int i = 0; i < 2; ++i) {
    const auto proxy = Proxy::start({file, health.text()});
    REQUIRE(proxy);
    wait_for(health, "/readyz", "200 OK");
    const auto client = connected(at);
    const auto endpoint = server.accept();
    say(client, "x");
    CHECK(hear(endpoint, 1) == "x");
  }
}
