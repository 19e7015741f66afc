// The ports and variables that a data directory keeps, over real sockets of this machine.

#include "server/layout.hpp"

#include <doctest/doctest.h>

#include "core/world/real.hpp"
#include "net/client.hpp"
#include "net/http.hpp"
#include "server/profile.hpp"
#include "storage/test_directory.hpp"

using namespace slipway;

namespace {

struct House {
  storage::TestDirectory directory;
  server::Layout layout{directory.path()};
};

// Somebody else's program that listens.
struct Stranger {
  net::IoThread io;
  net::Router router;
  std::unique_ptr<net::Server> server = net::Server::start(io, router, {}).value();
  int port() const { return server->port(); }
};

}  // namespace

TEST_CASE("the ports of a data directory are the same at the next start") {
  const House house;
  const server::PortChoice first = server::choose_ports(house.layout, {}).value();
  CHECK(first.warnings.empty());
  CHECK(first.ports.api != first.ports.gateway);
  CHECK_FALSE(core::real_files().exists(house.layout.ports()));  // nothing is bound yet
  REQUIRE(server::remember_ports(house.layout, first.remembered));
  const server::PortChoice second = server::choose_ports(house.layout, {}).value();
  CHECK(second.ports.api == first.ports.api);
  CHECK(second.ports.gateway_admin == first.ports.gateway_admin);
  CHECK(second.ports.prometheus == first.ports.prometheus);
}

TEST_CASE("a port of the profile that is taken is refused with who has it and the line to change") {
  const House house;
  const Stranger stranger;
  server::Ports wanted;
  wanted.prometheus = stranger.port();
  const auto choice = server::choose_ports(house.layout, wanted);
  REQUIRE_FALSE(choice);
  CHECK(choice.error().code == Code::unavailable);
  CHECK(choice.error().message.find(std::to_string(stranger.port()) + " for Prometheus") != std::string::npos);
  CHECK(choice.error().message.find("pid " + std::to_string(::getpid())) != std::string::npos);
  CHECK(choice.error().hint.find("listen.prometheus") != std::string::npos);
}

TEST_CASE("a port of the profile is not remembered without the profile") {
  const House house;
  server::Ports wanted;
  {
    const Stranger stranger;
    wanted.api = stranger.port();
  }
  const server::PortChoice choice = server::choose_ports(house.layout, wanted).value();
  CHECK(choice.ports.api == wanted.api);
  CHECK(choice.remembered.api == 0);
  CHECK(choice.remembered.gateway == choice.ports.gateway);
}

TEST_CASE("a remembered port that is taken is replaced with a warning") {
  const House house;
  const Stranger stranger;
  server::Ports remembered = server::choose_ports(house.layout, {})->ports;
  remembered.gateway = stranger.port();
  REQUIRE(server::remember_ports(house.layout, remembered));
  const server::PortChoice choice = server::choose_ports(house.layout, {}).value();
  CHECK(choice.ports.api == remembered.api);
  CHECK(choice.ports.gateway != stranger.port());
  REQUIRE(choice.warnings.size() == 1);
  CHECK(choice.warnings[0].find("port " + std::to_string(stranger.port()) + " for the gateway") == 0);
}

TEST_CASE("one port for two parts is refused") {
  const House house;
  server::Ports wanted = server::choose_ports(house.layout, {})->ports;
  wanted.gateway = wanted.api;
  const auto choice = server::choose_ports(house.layout, wanted);
  REQUIRE_FALSE(choice);
  CHECK(choice.error().code == Code::invalid_argument);
}

TEST_CASE("variables are kept, and there are none at first") {
  const House house;
  CHECK(server::kept_variables(house.layout)->empty());
  REQUIRE(server::keep_variables(house.layout, {{"WEIGHTS", "/srv/model.gguf"}, {"EMPTY", ""}}));
  CHECK(server::kept_variables(house.layout).value() ==
        std::map<std::string, std::string>{{"EMPTY", ""}, {"WEIGHTS", "/srv/model.gguf"}});
}
