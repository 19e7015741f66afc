#pragma once
// Mirror Pods: what the control plane itself does, shown where a user of the real systems looks for it: pipelines and
// registry in kubeflow, the operator in llm-d-system, the rules of traffic in istio-system. One process stands behind
// all of them, and their state, start and restarts are its own. The node does not run them.
// https://kubernetes.io/docs/reference/glossary/?all=true#term-mirror-pod

#include <string>

#include "core/world/world.hpp"
#include "objects/controller.hpp"
#include "objects/store.hpp"

namespace slipway::server {

struct ControlPlaneProcess {
  std::string node;     // on which it runs
  std::string version;  // of the program
  int pid = 0;
  std::string suffix;  // of the Pods' names, where other control planes have theirs, too
};

// Makes the Pods what they should be for this process. A process that ended without stop_mirror_pods() counts as a
// restart.
Result<> show_mirror_pods(core::World& world, objects::Store& store, const ControlPlaneProcess& process);

// Makes a Pod again that somebody deleted, as long as this lives and its namespace is there: the process behind it is
// still there, too.
class MirrorPods final : public objects::Reconciler {
 public:
  // Both outlive it.
  MirrorPods(core::World& world, objects::Store& store, ControlPlaneProcess process);
  Result<> start() { return controller_.start(); }
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  core::World& world_;
  objects::Store& store_;
  ControlPlaneProcess process_;
  objects::Controller controller_;
};

// It ends as it was asked to.
Result<> stop_mirror_pods(core::World& world, objects::Store& store, const std::string& suffix = {});

bool is_mirror_pod(const objects::Object& pod);

}  // namespace slipway::server
