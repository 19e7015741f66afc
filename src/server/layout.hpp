#pragma once
// Where things are in a data directory. docs/internals/data-directory.md describes it.

#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace slipway::server {

struct Layout {
  std::string root;

  std::string database() const { return root + "/slipway.db"; }
  std::string volatile_database() const { return root + "/volatile.db"; }  // Events and Leases
  std::string blobs() const { return root + "/blobs"; }
  std::string pods() const { return root + "/pods"; }
  std::string shim() const { return root + "/slipway-shim"; }
  std::string node() const { return root + "/node.json"; }
  std::string repositories() const { return root + "/repos"; }
  std::string runs() const { return root + "/runs"; }
  std::string runtime() const { return root + "/runtime"; }
  std::string gateway_cache() const { return root + "/gateway/snapshot.json"; }
  std::string service_rules() const { return root + "/services/rules.json"; }
  std::string prometheus() const { return root + "/prometheus"; }
  std::string tokens() const { return root + "/tokens"; }
  std::string audit_key() const { return root + "/audit.key"; }
  std::string account_key() const { return root + "/accounts.key"; }  // signs the tokens of service accounts
  std::string spool() const { return root + "/spool"; }
  std::string ports() const { return root + "/ports.json"; }
  std::string endpoints() const { return root + "/endpoints.json"; }
  std::string kubeconfig() const { return root + "/kubeconfig"; }
  std::string kubeconfigs() const { return root + "/kubeconfigs"; }  // one for each person
  std::string cluster() const { return root + "/cluster.json"; }  // which one has the objects; absent: this directory
  std::string variables() const { return root + "/variables.json"; }
  std::string team() const { return root + "/team.yaml"; }
  std::string pid() const { return root + "/slipway.pid"; }
  std::string lock() const { return root + "/slipway.lock"; }
  std::string certificates() const { return root + "/certificates"; }
  std::string log() const { return root + "/slipway.log"; }

  // Makes the directories (0700). resource_exhausted or permission_denied say which.
  Result<> make() const;
};

// Holds the data directory for one control plane. conflict names the process that holds it already. The kernel lets
// go when the process dies, however it dies.
class DirectoryLock {
 public:
  // Waits as long as `patience` for one that is about to die.
  static Result<DirectoryLock> take(const Layout& layout, Duration patience = {});
  DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  DirectoryLock& operator=(DirectoryLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// The loopback ports of one platform; in a profile 0 means any free one.
struct Ports {
  int api = 0;
  int kubernetes = 0;  // the same over TLS, for kubectl
  int gateway = 0;
  int gateway_admin = 0;
  int prometheus = 0;
};

// What a start listens on: what the profile fixes, else what this data directory used before, so that the gateway and
// people's bookmarks find the control plane again, else free ports.
struct PortChoice {
  Ports ports;
  Ports remembered;                   // those that the next start may have again; 0: the profile fixed it
  std::vector<std::string> warnings;  // a remembered port was taken, and another is used
};
// unavailable when a fixed port is taken, with who has it. A port that a gateway or Prometheus of this data directory
// still holds is free: they are adopted. Writes nothing.
Result<PortChoice> choose_ports(const Layout& layout, const Ports& wanted);
// Once they are bound: a start that failed leaves no trace.
Result<> remember_ports(const Layout& layout, const Ports& remembered);

}  // namespace slipway::server
