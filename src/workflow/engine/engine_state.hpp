#pragma once
// What is behind the door. Inside engine/ only.

#include "workflow/engine.hpp"
#include "workflow/engine/journal.hpp"
#include "workflow/engine/runner.hpp"

namespace slipway::workflow {

struct Engine::State {
  State(core::World& w, storage::Database& database, objects::Store& store, storage::BlobStore& b,
        core::EventSink& events, EngineOptions o)
      : world(w), blobs(b), options(std::move(o)), journal(database), runner(w, journal, store, b, events, options) {}

  core::World& world;
  storage::BlobStore& blobs;
  EngineOptions options;
  Journal journal;
  Runner runner;
};

// Slipway's own paths and KFP's.
void add_run_routes(net::Router& router, Engine& engine);
void add_kfp_routes(net::Router& router, Engine& engine, Journal& journal, core::World& world);

}  // namespace slipway::workflow
