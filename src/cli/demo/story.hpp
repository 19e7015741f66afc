#pragma once
// The story of `slipway demo`: the ten steps of a team of three, played over the platform's API, real git and real
// requests, as the people themselves would.

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "cli/client.hpp"
#include "cli/demo/teller.hpp"
#include "cli/demo/workspace.hpp"
#include "core/doc.hpp"
#include "gateway/load/load.hpp"

namespace slipway::cli::demo {

struct StoryOptions {
  std::string weights;  // what is released
  double rate = 4;      // requests a second during rollouts
  int users = 200;
  int max_in_flight = 64;
  bool tolerate_outages = false;  // somebody kills parts on purpose: failed requests do not spoil the verdict
};

// What the end of the story is judged by.
struct Outcome {
  bool first_promoted = false, second_rolled_back = false, right_version_serves = false;
  std::uint64_t requests = 0, failed_outside_canary = 0, canary_requests = 0, canary_failed = 0;
  double detected_seconds = -1, restored_seconds = -1;  // from the canary's first share of traffic
  std::string serving, verdict;
  bool good(bool tolerate_outages) const;
};

class Story {
 public:
  Story(Workspace& workspace, Teller& teller, StoryOptions options);
  ~Story();  // stops the load and the listener

  // Plays all of it. An error means that the story could not be played; a bad ending is in the outcome.
  Result<Outcome> play();

 private:
  // --- the ten steps ---
  Result<> install_baseline();      // before the story: production serves v0
  Result<> declare_requirements();  // 1
  Result<> push_version(const std::string& number, const std::string& version);  // 2 and 3
  Result<doc::Value> finished_run(const std::string& version, const std::string& commit,
                                  const std::string& former);          // of the workflow; not the run `former`
  Result<> to_staging(const std::string& version);                     // 4 and 5
  Result<doc::Value> request_and_approve(const std::string& version);  // 6 and 7
  Result<doc::Value> roll_out(const doc::Value& promotion, const std::string& version);     // 8
  Result<doc::Value> to_production(const std::string& version, const std::string& wanted);  // 6 to 8
  Result<> show_around();                                                                   // 9
  Result<> change_for_v2();                                                                 // 10

  // --- helpers ---
  Result<doc::Value> ask(const std::string& person, std::string_view method, const std::string& path,
                         const std::optional<doc::Value>& body = std::nullopt);
  Result<doc::Value> wait_for(const std::string& what, core::Duration limit,
                              const std::function<Result<std::optional<doc::Value>>()>& look);
  Result<doc::Value> wait_for_promotion(const doc::Value& promotion, const std::vector<std::string>& phases,
                                        core::Duration limit);
  Result<> start_load();
  void listen();    // tells the platform's timeline as it grows
  void catch_up();  // tells what was not told yet; from any thread
  void step(const std::string& number, const std::string& title);
  // Somebody kills parts on purpose, and people do again what an outage has spoilt.
  bool tries_again(int attempt, const std::string& what, const std::string& why);

  Workspace& workspace_;
  Teller& teller_;
  StoryOptions options_;
  Outcome outcome_;
  std::unique_ptr<gateway::load::LoadGenerator> load_;
  std::mutex samples_mutex_;
  bool judging_canary_ = false;  // version 2 takes traffic: its failures are expected
  std::mutex timeline_mutex_;
  std::uint64_t told_until_ = 0;
  std::jthread listener_;
};

}  // namespace slipway::cli::demo
