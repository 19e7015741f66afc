// Certificates in a data directory, over the real file system.

#include "server/certificates.hpp"

#include <doctest/doctest.h>

#include "core/world/real.hpp"
#include "net/client.hpp"
#include "storage/test_directory.hpp"

using namespace slipway;

namespace {

struct House {
  House() : http(net::make_client(io, real.loop())) {
    real.set_http(*http);
    world.emplace(real.world());
    REQUIRE(layout.make());
  }
  std::string certificate(const std::vector<std::string>& names = {}) {
    const auto made = server::ensure_certificate(world->clock, world->files, layout, names);
    REQUIRE(made.has_value());
    return world->files.read(made->certificate_file).value();
  }
  storage::TestDirectory directory;
  server::Layout layout{directory.path()};
  core::RealWorld real;
  net::IoThread io;
  std::unique_ptr<core::HttpClient> http;
  std::optional<core::World> world;
};

bool has_name(const std::string& certificate, const std::string& name) {
  const auto facts = net::read_certificate(certificate).value();
  return std::ranges::find(facts.names, name) != facts.names.end();
}

}  // namespace

TEST_CASE_FIXTURE(House, "the server's certificate is kept until it lacks a name") {
  const auto own = certificate();
  CHECK(has_name(own, "127.0.0.1"));
  CHECK(certificate() == own);
  const auto shared = certificate({"192.0.2.7", "2001:db8::7", "gpu-box"});
  CHECK(has_name(shared, "192.0.2.7"));
  CHECK(has_name(shared, "2001:db8::7"));
  CHECK(has_name(shared, "gpu-box"));
  CHECK(certificate({"192.0.2.7"}) == shared);
  CHECK(certificate() == shared);  // one name too many hurts nobody
  CHECK_FALSE(has_name(certificate({"192.0.2.8"}), "192.0.2.7"));
}

TEST_CASE_FIXTURE(House, "a client's certificate says who somebody is, for a while, and nothing else") {
  const auto issued = server::issue_client_certificate(*world, layout, "ada@example.com", "slipway:member:1",
                                                       std::chrono::hours(24) * 30)
                          .value();
  const auto facts = net::read_certificate(issued.certificate).value();
  CHECK(facts.common_name == "ada@example.com");
  CHECK(facts.organizations == std::vector<std::string>{"slipway:member:1"});
  CHECK(facts.names.empty());
  CHECK_FALSE(facts.is_authority);
  CHECK(facts.validity.until > world->clock.now() + std::chrono::hours(24) * 29);
  CHECK(facts.validity.until < world->clock.now() + std::chrono::hours(24) * 31);
}
