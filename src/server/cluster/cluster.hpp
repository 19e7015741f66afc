#pragma once
// Cluster: a Kubernetes cluster as the place where the control plane's objects are, instead of the embedded API. Brings
// our definitions there, keeps Promotions from being written by hand, and lets one control plane lead at a time.
// docs/decisions/008-objects-in-a-cluster.md. Inside server/ only.
//
// Thread: the control loop only. Blocks, as its store does.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/doc.hpp"
#include "objects/store.hpp"
#include "server/profile.hpp"

namespace slipway::net {
class IoThread;
}

namespace slipway::server {

class Cluster {
 public:
  // Finds the cluster and makes it know `definitions`. The error says which cluster, what it refused and what to do.
  static Result<std::unique_ptr<Cluster>> open(core::World& world, net::IoThread& io, const ClusterProfile& profile,
                                               std::vector<doc::Value> definitions);
  ~Cluster();

  // For one data directory and one cluster, whose objects its processes belong to. failed_precondition when `file`
  // remembers another one.
  Result<> remember_in(const std::string& file) const;

  objects::Store& store();                // writes are refused while another control plane leads
  const std::string& server_url() const;  // of its API
  std::string text() const;               // "context \"staging\" (https://10.0.0.1:6443)", for people

  struct Callbacks {
    std::function<void()> leads;  // again, too
    // For another one, or for the API server to answer; it writes nothing until then.
    std::function<void(const std::string& why)> waits;
  };
  // `identity` is this process's and no other's.
  Result<> elect(std::string identity, Callbacks callbacks);
  // Another one may lead at once. No callback runs.
  void let_go();
  bool is_leading() const;

 private:
  struct State;
  explicit Cluster(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace slipway::server
