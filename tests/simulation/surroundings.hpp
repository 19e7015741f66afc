#pragma once
// Surroundings: everything of the simulated demo that outlives kill -9 of the control plane: disk, database, blobs,
// repositories, the gateway, what Prometheus has stored, the processes, and the people with their customers.

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/world/simulated.hpp"
#include "forge/memory.hpp"
#include "gateway/load/load.hpp"
#include "gateway/simulated/simulated_gateway.hpp"
#include "slo/promql/simulated.hpp"
#include "storage/blobs.hpp"
#include "storage/database.hpp"
#include "support/stores.hpp"

namespace slipway::simulation {

inline const std::string model = "support-assistant";
inline const std::string ada = "ada@example.com", grace = "grace@example.com", linus = "linus@example.com";
inline const std::string api_url = "http://127.0.0.1:8080", prometheus_url = "http://127.0.0.1:9090";

// A program that ran its first line, under the name of its Pod.
struct Started {
  std::string pod, ns, program;  // program: "model-server", "prometheus", "step"
  core::ProcessIdentity process;
  std::string run, script;  // of steps
  bool has_ended = false;   // by itself
};

// One answer that a customer got.
struct Served {
  core::Time at{};
  int status = 0;  // 0: none came
  std::string subset;
};

// What a client was told had happened; none of it may be gone at the end.
struct Acknowledged {
  std::vector<std::string> pushes;               // commits
  std::map<std::string, std::string> versions;   // version to digest of its weights
  std::set<std::string> promotions;              // "production/support-assistant-v1-abcde"
  std::map<std::string, std::string> approvals;  // promotion to subject
  std::set<std::string> applied;                 // "Rollout production/support-assistant created"
};

class Surroundings {
 public:
  Surroundings(std::uint64_t seed, const support::StoreEntry& store);
  ~Surroundings();

  // Sends a request on behalf of somebody outside: it survives the control plane, and meets the network's faults.
  using Done = std::function<void(Result<core::HttpResponse>)>;
  void send(core::HttpRequest request, Done done) { outbox.push_back({std::move(request), std::move(done)}); }
  // A request arrives about every 300 ms from now on, three in ten too long for a short context.
  void open_the_shop() { is_open = true; }

  core::SimulatedWorld simulation;
  core::World world;
  support::StoreUnderTest place;
  std::unique_ptr<storage::Database> own_database;
  // With the objects in it, unless they are behind a server.
  storage::Database* database;
  std::unique_ptr<storage::BlobStore> blobs;
  forge::MemorySource source;
  gateway::simulated::SimulatedGateway gateway;
  slo::promql::SimulatedPrometheus prometheus;

  // Requests to the API that no control plane has taken yet. A crash closes their connections.
  struct Incoming {
    core::HttpRequest request;
    std::move_only_function<void(Result<core::HttpResponse>)> done;
  };
  std::deque<Incoming> inbox;

  struct Outgoing {
    core::HttpRequest request;
    Done done;
  };
  std::deque<Outgoing> outbox;
  bool is_open = false;
  std::vector<Started> started;
  std::vector<Served> served;
  Acknowledged acknowledged;
  std::map<std::string, std::string> files;  // of the example, as they are in the work tree
  std::vector<gateway::load::Prompt> prompts;
  bool prometheus_runs = false;
};

// {"simulated programs"}: workflow steps as `bash`, the model servers as `slipway`, `prometheus`, and `outside`.
void install_programs(Surroundings& surroundings);
// The regular files below `directory`, path to text.
std::map<std::string, std::string> read_tree(const std::string& directory);

}  // namespace slipway::simulation
