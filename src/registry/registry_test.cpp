#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "registry/entities/entities.hpp"
#include "registry/registry.hpp"
#include "storage/blobs.hpp"
#include "storage/database.hpp"

using namespace slipway;

namespace {

struct Sink final : core::EventSink {
  std::vector<core::Event> events;
  void record(core::Event event) override { events.push_back(std::move(event)); }
};

struct House {
  core::SimulatedWorld world{3};
  std::unique_ptr<storage::Database> database = storage::open_sqlite(":memory:").value();
  std::unique_ptr<storage::BlobStore> blobs = storage::make_memory_blobs();
  Sink sink;
  std::unique_ptr<registry::Registry> registry = open();

  std::unique_ptr<registry::Registry> open() {
    return registry::Registry::open(world.world(), *database, *blobs, sink).value();
  }
  registry::Registration version(std::string name, std::string weights = "weights") {
    registry::Registration r;
    r.model = "support-assistant";
    r.version = std::move(name);
    r.weights = blobs->put(weights).value();
    r.format = "gguf";
    r.commit = "9f3c12a000000000000000000000000000000000";
    r.repository = "support-assistant";
    r.run = "1";
    r.author = "ada@example.com";
    r.parameters = doc::Object{{"base", "SmolLM2-135M"}, {"context", 1024}};
    r.metrics = {{"accuracy", 0.8}};
    return r;
  }
  std::int64_t count(const std::string& table) {
    std::int64_t n = -1;
    REQUIRE(database
                ->read([&](storage::Connection& c) {
                  return c.query("SELECT count(*) FROM " + table, {},
                                 [&](const storage::Row& row) { n = row.integer(0); });
                })
                .has_value());
    return n;
  }
};

}  // namespace

TEST_CASE("a version is registered with its lineage and read back") {
  House house;
  const auto registered = house.registry->register_version(house.version("v1"));
  REQUIRE(registered.has_value());
  CHECK(registered->created);
  const auto record = house.registry->get_version("support-assistant", "v1").value();
  CHECK(record.weights == core::Digest::of("weights").text());
  CHECK(record.format == "gguf");
  CHECK(record.commit.starts_with("9f3c12a"));
  CHECK(record.author == "ada@example.com");
  CHECK(record.parameters["context"].int_or(0) == 1024);
  CHECK(record.metrics.at("accuracy") == 0.8);
  CHECK(record.state == "LIVE");
  REQUIRE(house.sink.events.size() == 1);
  CHECK(house.sink.events[0].action == "registered");
  CHECK(house.sink.events[0].digest == record.weights);
  CHECK(house.registry->list_models().value() == std::vector<std::string>{"support-assistant"});
}

TEST_CASE("registering the same content again changes nothing and is announced once, whatever commit it came from") {
  House house;
  REQUIRE(house.registry->register_version(house.version("v1")).has_value());
  auto again = house.version("v1");
  again.commit = "1111111111111111111111111111111111111111";
  again.metrics = {{"ttft_p95_seconds", 0.4}};
  const auto repeated = house.registry->register_version(again);
  REQUIRE(repeated.has_value());
  CHECK_FALSE(repeated->created);
  CHECK(repeated->record.commit.starts_with("9f3c12a"));
  CHECK(repeated->record.metrics.size() == 2);
  CHECK(house.sink.events.size() == 1);
}

TEST_CASE("a version never changes: other weights, parameters or configuration need another name") {
  House house;
  REQUIRE(house.registry->register_version(house.version("v1")).has_value());
  CHECK(house.registry->register_version(house.version("v1", "other weights")).error().code == Code::already_exists);
  auto parameters = house.version("v1");
  parameters.parameters = doc::Object{{"base", "SmolLM2-360M"}};
  CHECK(house.registry->register_version(parameters).error().code == Code::already_exists);
  auto config = house.version("v1");
  config.config = doc::Object{{"temperature", 0.2}};
  CHECK(house.registry->register_version(config).error().code == Code::already_exists);
  CHECK(house.registry->register_version(house.version("v2", "other weights")).has_value());
}

TEST_CASE("what cannot be registered is refused with the reason") {
  House house;
  auto unknown = house.version("v1");
  unknown.weights = core::Digest::of("never stored");
  CHECK(house.registry->register_version(unknown).error().code == Code::failed_precondition);
  CHECK(house.registry->register_version(house.version("v 1/..")).error().code == Code::invalid_argument);
  auto nested = house.version("v1");
  nested.parameters = doc::Object{{"a", doc::Array{}}};
  CHECK(house.registry->register_version(nested).error().code == Code::invalid_argument);
  CHECK(house.registry->get_version("support-assistant", "v1").error().code == Code::not_found);
  CHECK(house.count("registry_contexts") == 0);
}

TEST_CASE("a registration whose commit fails leaves nothing at all") {
  House house;
  for (int fail_at = 0; fail_at < 3; ++fail_at) {
    int commits = 0;
    house.database->set_commit_fault([&]() -> Result<> {
      if (commits++ == fail_at) return fail(Code::resource_exhausted, "disk full");
      return {};
    });
    const auto name = "v" + std::to_string(fail_at);
    const auto registered = house.registry->register_version(house.version(name, name));
    house.database->set_commit_fault({});
    const bool there = house.registry->find_version("support-assistant", name).value().has_value();
    INFO("failing commit " << fail_at);
    if (fail_at == 0) {
      CHECK_FALSE(registered.has_value());
      CHECK_FALSE(there);
      CHECK(house.count("registry_contexts") == 0);
      CHECK(house.count("registry_artifacts") == 0);
    } else {
      CHECK(there);  // only the note that it was announced may be missing
    }
    CHECK(house.registry->register_version(house.version(name, name)).has_value());
  }
}

TEST_CASE("a version that a crash kept from the audit log is recorded at the next start") {
  House house;
  int commits = 0;
  house.database->set_commit_fault([&]() -> Result<> {
    if (commits++ == 1) return fail(Code::unavailable, "killed");
    return {};
  });
  CHECK_FALSE(house.registry->register_version(house.version("v1")).has_value());
  house.database->set_commit_fault({});
  house.sink.events.clear();
  house.registry.reset();
  house.registry = house.open();
  REQUIRE(house.sink.events.size() == 1);
  CHECK(house.sink.events[0].object == "support-assistant v1");
  house.registry = house.open();
  CHECK(house.sink.events.size() == 1);
}

TEST_CASE("metrics are added to a version, the newest counts, and it is on record who measured") {
  House house;
  REQUIRE(house.registry->register_version(house.version("v1")).has_value());
  const auto record =
      house.registry->record_metrics("support-assistant", "v1", {{"accuracy", 0.9}, {"ttft", 0.3}}, "2", "ci@x");
  REQUIRE(record.has_value());
  CHECK(record->metrics == std::map<std::string, double>{{"accuracy", 0.9}, {"ttft", 0.3}});
  CHECK(house.sink.events.back().action == "measured");
  CHECK(house.sink.events.back().actor == "ci@x");
  CHECK(house.registry->record_metrics("support-assistant", "v9", {{"a", 1.0}}, "", "").error().hint ==
        "the newest are v1");
  CHECK(house.registry->record_metrics("support-assistant", "v1", {}, "", "").error().code == Code::invalid_argument);
}
