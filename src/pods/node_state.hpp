#pragma once
// What the parts of the node share. Inside the room only.

#include "pods/node.hpp"
#include "pods/pod_reconciler.hpp"
#include "pods/workloads/workloads.hpp"

namespace slipway::pods {

struct Node::State : std::enable_shared_from_this<Node::State> {
  State(core::World& w, objects::Store& s, Runtime& r, NodeOptions o)
      : world(w), store(s), runtime(r), options(std::move(o)), controllers(w, s) {}

  // The attempt whose log is asked for.
  Result<ContainerId> find_log(const objects::Name& pod, std::string container, bool previous);
  // Looks again and again until nothing runs any more.
  void continue_stop();

  core::World& world;
  objects::Store& store;
  Runtime& runtime;
  NodeOptions options;
  NodeFile file;
  workloads::Workloads controllers;
  std::unique_ptr<PodReconciler> pods;
  std::function<void(const ContainerId&)> on_end;  // a container's program has ended; may be empty
  // Destroyed first: no reconcile after this.
  std::unique_ptr<objects::Controller> pod_controller;
  std::vector<PodReconciler::Up> ending;  // while stop_all() waits
  Instant stop_began{};
  Duration stop_deadline{};
  core::Task stopped;
};

}  // namespace slipway::pods
