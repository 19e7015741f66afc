// Weights of the registry and of files, in the simulated world over blobs on the disk; and through serving.

#include "server/weights.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "core/world/simulated.hpp"
#include "objects/kinds.hpp"
#include "registry/registry.hpp"
#include "storage/blobs.hpp"
#include "storage/database.hpp"
#include "storage/test_directory.hpp"
#include "support/stores.hpp"

using namespace slipway;
using namespace std::chrono_literals;
namespace kinds = objects::kinds;
namespace fs = std::filesystem;

namespace {

struct NoEvents final : core::EventSink {
  void record(core::Event) override {}
};

struct House {
  core::SimulatedWorld simulated{5};
  core::World world = simulated.world();
  support::StoreUnderTest place;
  storage::TestDirectory directory;
  std::unique_ptr<storage::Database> database = storage::open_sqlite(":memory:").value();
  NoEvents events;
  // What a crash takes away.
  std::unique_ptr<storage::BlobStore> blobs;
  std::unique_ptr<registry::Registry> registry;
  std::unique_ptr<objects::Store> store;
  std::unique_ptr<server::RegisteredWeights> weights;
  std::unique_ptr<serving::Serving> serving;
  int changes = 0;

  explicit House(const support::StoreEntry& entry = support::in_memory()) : place(entry, simulated, {"demo"}) {
    simulated.faults().background_takes = 10s;
    open();
  }
  void open() {
    blobs = storage::open_directory_blobs(directory.path() + "/blobs").value();
    registry = registry::Registry::open(world, *database, *blobs, events).value();
    store = place.open();
    weights = std::make_unique<server::RegisteredWeights>(world, *registry, *blobs);
    weights->on_verified([this] { ++changes; });
  }
  void crash() {
    serving.reset();
    weights.reset();
    store.reset();
    registry.reset();
    simulated.crash_control_plane();
    open();
  }
  void start_serving() {
    serving = std::make_unique<serving::Serving>(world, *store, serving::RuntimeCatalog({}), *weights);
    REQUIRE(serving->start().has_value());
    simulated.run_for(1s);
  }
  Digest register_version(const std::string& version, const std::string& bytes) {
    registry::Registration r;
    r.model = "support";
    r.version = version;
    r.weights = blobs->put(bytes).value();
    r.format = "gguf";
    r.author = "ada@example.com";
    REQUIRE(registry->register_version(r).has_value());
    return r.weights;
  }
  std::string file_with(const std::string& name, const std::string& bytes) {
    const std::string path = directory.path() + "/" + name;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return path;
  }
  // "PATH", "reading N", or the error.
  std::string find(const std::string& uri, const std::string& sha256_hex = "") {
    const auto found = weights->find(uri, sha256_hex);
    if (!found) return found.error().one_line();
    if (const auto* later = std::get_if<serving::BeingVerified>(&*found))
      return "reading " + std::to_string(later->bytes);
    return std::get<std::string>(*found);
  }
  std::string model_resolved() {
    const auto object = *store->get(kinds::llm_deployment, {"demo", "support"});
    for (const auto& condition : object.status()["conditions"].as_array()) {
      if (condition["type"].string_or("") == "ModelResolved") return condition["message"].string_or("");
    }
    return "";
  }
  bool is_started() { return store->find(kinds::deployment, {"demo", "support"})->has_value(); }
  void deploy(const std::string& model) {
    const auto parsed = objects::parse_manifest(
        "{apiVersion: inference.llm-d.io/v1alpha1, kind: LLMDeployment, metadata: {name: support, namespace: demo}, "
        "spec: {model: " +
            model + "}}",
        "test.yaml");
    REQUIRE(parsed.has_value());
    REQUIRE(store->apply(parsed->front()).has_value());
    simulated.run_for(1s);
  }
};

constexpr auto kV1 = "model-registry://support/v1";

}  // namespace

TEST_CASE_FIXTURE(House, "a version's weights are read once a process, in the background, and again when they change") {
  const Digest digest = register_version("v1", "the right bytes");
  CHECK(find(kV1) == "reading 15");
  CHECK(find(kV1) == "reading 15");
  CHECK(find(kV1, digest.hex()) == "reading 15");
  simulated.run_for(11s);
  CHECK(changes == 1);
  const std::string path = blobs->file_of(digest)->path;
  CHECK(find(kV1) == path);
  crash();
  CHECK(find(kV1) == "reading 15");
  simulated.run_for(11s);
  CHECK(find(kV1) == path);
  fs::last_write_time(path, fs::last_write_time(path) + 1h);
  CHECK(find(kV1) == "reading 15");
}

TEST_CASE_FIXTURE(House, "damaged weights are an error that names the file, and they are not read again and again") {
  const Digest digest = register_version("v1", "the right bytes");
  const std::string path = blobs->file_of(digest)->path;
  fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << "the wrong bytes";
  CHECK(find(kV1) == "reading 15");
  simulated.run_for(11s);
  for (int i = 0; i < 3; ++i) {
    CHECK(find(kV1).contains("is damaged"));
    CHECK(find(kV1).contains(path));
  }
  simulated.run_for(1min);
  CHECK(changes == 1);
}

TEST_CASE_FIXTURE(House, "a file with another digest than promised is refused until it changes") {
  const std::string path = file_with("model.gguf", "other bytes");
  const std::string uri = "file://" + path;
  const Digest wanted = Digest::of("the right bytes");
  CHECK(find(uri) == path);  // nothing was promised
  CHECK(find(uri, wanted.hex()) == "reading 11");
  simulated.run_for(11s);
  CHECK(find(uri, wanted.hex()).contains(path + " is " + Digest::of("other bytes").text() + ", not " + wanted.text()));
  simulated.run_for(1min);
  CHECK(changes == 1);

  file_with("model.gguf", "the right bytes");
  CHECK(find(uri, wanted.hex()) == "reading 15");
  simulated.run_for(11s);
  CHECK(find(uri, wanted.hex()) == "reading 15");  // the copy now
  simulated.run_for(11s);
  CHECK(find(uri, wanted.hex()) == blobs->file_of(wanted)->path);
}

TEST_CASE_ON_EVERY_STORE(House,
                         "a deployment waits for its weights and then starts; a crash in the middle begins anew") {
  register_version("v1", "the right bytes");
  start_serving();
  deploy("{modelUri: model-registry://support/v1}");
  CHECK(model_resolved() == "verifying weights (15 bytes)");
  simulated.run_for(5s);
  CHECK_FALSE(is_started());
  crash();
  start_serving();
  simulated.run_for(8s);  // the first reading would have ended
  CHECK_FALSE(is_started());
  CHECK(model_resolved() == "verifying weights (15 bytes)");
  simulated.run_for(2s);
  CHECK(is_started());
}

TEST_CASE_ON_EVERY_STORE(
    House, "a deployment of a file that is not what was promised is refused, and goes on with the right one") {
  const std::string path = file_with("model.gguf", "other bytes");
  start_serving();
  const std::string hex = Digest::of("the right bytes").hex();
  deploy("{modelUri: 'file://" + path + "', checksums: {sha256: " + hex + "}}");
  simulated.run_for(11s);
  CHECK(model_resolved().contains(path + " is sha256:"));
  CHECK_FALSE(is_started());
  file_with("model.gguf", "the right bytes");
  simulated.run_for(30s);
  CHECK(is_started());
}
