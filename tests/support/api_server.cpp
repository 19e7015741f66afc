#include "support/api_server.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "core/world/real.hpp"
#include "net/client.hpp"
#include "net/http.hpp"
#include "objects/embedded.hpp"
#include "source_dir.hpp"
#include "storage/database.hpp"

namespace slipway::support {

std::vector<core::doc::Value> own_definitions() {
  std::vector<core::doc::Value> definitions;
  for (const auto& entry : std::filesystem::directory_iterator(SLIPWAY_SOURCE_DIR "/deploy/crds")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto documents = core::doc::parse_yaml_all(text, entry.path().string());
    REQUIRE(documents.has_value());
    for (auto& document : *documents) definitions.push_back(std::move(document));
  }
  return definitions;
}

struct ApiServer::State {
  State(storage::Database& database, ApiServerOptions how) : client(net::make_client(io, real.loop())) {
    real.set_http(*client);
    world.emplace(real.world());
    objects::EmbeddedOptions options;
    options.definitions = own_definitions();
    options.ring_size = how.ring_size;
    embedded = std::move(*objects::Embedded::open(*world, database, nullptr, std::move(options)));
    embedded->add_routes(router);
    if (how.guard) router.set_guard(std::move(how.guard));
    REQUIRE(embedded->start());
    net::ServerOptions listening;
    listening.loop = &real.loop();
    listening.port = how.port;
    listening.tls = std::move(how.tls);
    server = std::move(*net::Server::start(io, router, listening));
    thread = std::jthread([this] { real.run(); });
  }
  ~State() {
    server.reset();
    real.stop();
  }

  core::RealWorld real;
  net::IoThread io;
  std::unique_ptr<core::HttpClient> client;
  std::optional<core::World> world;
  std::unique_ptr<objects::Embedded> embedded;
  net::Router router;
  std::unique_ptr<net::Server> server;
  std::jthread thread;
};

ApiServer::ApiServer(storage::Database& database, ApiServerOptions options)
    : state_(std::make_unique<State>(database, std::move(options))) {}
ApiServer::~ApiServer() = default;
int ApiServer::port() const { return state_->server->port(); }

}  // namespace slipway::support
