#pragma once
// What the parts of the node share. Inside the room only.

#include "pods/disk_pressure.hpp"
#include "pods/ending.hpp"
#include "pods/heartbeat.hpp"
#include "pods/node.hpp"
#include "pods/node_object.hpp"
#include "pods/pod_reconciler.hpp"
#include "pods/volumes/claims.hpp"
#include "pods/workloads/workloads.hpp"

namespace slipway::pods {

struct Node::State : std::enable_shared_from_this<Node::State> {
  State(core::World& w, objects::Store& s, Runtime& r, NodeOptions o)
      : world(w),
        store(s),
        runtime(r),
        options(std::move(o)),
        own_disk(options.disk == nullptr ? volumes::make_real_disk() : nullptr),
        controllers(w, s, [this](const objects::Object& pod) { return usage_of ? usage_of(pod) : std::nullopt; }),
        claims(w, s, own_disk ? *own_disk : *options.disk, options.directory + "/claims"),
        heartbeat(w, s, options.name),
        disk_pressure(w, s, own_disk ? *own_disk : *options.disk, options.directory, options.name,
                      options.scheduler.empty()) {
    if (own_disk) options.disk = own_disk.get();
  }

  // The attempt whose log is asked for.
  Result<ContainerId> find_log(const objects::Name& pod, std::string container, bool previous);

  core::World& world;
  objects::Store& store;
  Runtime& runtime;
  NodeOptions options;
  std::unique_ptr<volumes::VolumeDisk> own_disk;
  NodeFile file;
  workloads::UsageOf usage_of;  // by whoever measures; may be empty
  workloads::Workloads controllers;
  volumes::Claims claims;
  Heartbeat heartbeat;
  DiskPressure disk_pressure;
  std::unique_ptr<PodReconciler> pods;
  std::function<void(const ContainerId&)> on_end;  // a container's program has ended; may be empty
  std::unique_ptr<NodeRegistration> registration;
  // Destroyed first: no reconcile after this.
  std::unique_ptr<objects::Controller> pod_controller;
  std::unique_ptr<Ending> ending;  // while stop_all() waits
};

}  // namespace slipway::pods
