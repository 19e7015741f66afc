#include "surroundings.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "source_dir.hpp"

namespace slipway::simulation {

std::map<std::string, std::string> read_tree(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files[std::filesystem::relative(entry.path(), directory).string()] = {std::istreambuf_iterator<char>(in), {}};
  }
  if (files.empty()) throw std::runtime_error(directory + " is empty");
  return files;
}

Surroundings::Surroundings(std::uint64_t seed, const support::StoreEntry& store)
    : simulation(seed),
      world(simulation.world()),
      place(store, simulation, {}),
      own_database(std::move(*storage::open_sqlite(":memory:"))),
      database(place.database() != nullptr ? place.database() : own_database.get()),
      blobs(storage::make_memory_blobs()),
      source(world),
      gateway(simulation, "127.0.0.1", 8081),
      prometheus(world),
      files(read_tree(SLIPWAY_SOURCE_DIR "/examples/support-assistant")),
      prompts(std::move(*gateway::load::parse_prompts(files.at("prompts/traffic.jsonl"), "traffic.jsonl"))) {
  install_programs(*this);
  simulation.faults().background_takes = std::chrono::milliseconds(1500);  // weights are not read in no time
  for (const char* directory : {"/data", "/runs", "/runtime"}) {
    if (!world.files.make_directories(directory)) throw std::runtime_error("cannot make a directory");
  }
  prometheus.add_target("gateway", "127.0.0.1:15020",
                        [this] { return Result<std::string>(gateway.metrics().render(world.clock.monotonic())); });
  // The API's address belongs to whoever is the control plane; it takes what waits here.
  const auto listening = simulation.serve("127.0.0.1", 8080, [this](core::HttpRequest request, auto done) {
    inbox.push_back({std::move(request), std::move(done)});
  });
  if (!listening || !gateway.start()) throw std::runtime_error("an address is taken");
  if (!world.processes.spawn(
          {.argv = {"outside"}, .environment = {}, .directory = "", .stdout_path = "", .stderr_path = ""}, {})) {
    throw std::runtime_error("nobody is outside");
  }
}

// The programs know us: they go first.
Surroundings::~Surroundings() {
  simulation.crash_control_plane();
  for (const auto& process : simulation.processes()) simulation.kill(process);
}

}  // namespace slipway::simulation
