#pragma once
// The other store: objects in a Kubernetes API server. Store's contract holds, so that controllers run unchanged;
// what is different: docs/decisions/007-the-remote-store-blocks.md.
//
// Calls block the control loop until the server has answered, at most `deadline`, retries included; so such controllers
// run on a loop of their own. Watches never block but for their first list (and when they have to list again).
// Thread: that loop only.

#include <map>
#include <memory>
#include <string>

#include "objects/kube_config.hpp"
#include "objects/store.hpp"

namespace slipway::net {
class IoThread;
}

namespace slipway::objects {

struct KubernetesOptions {
  std::string manager = "slipway";  // owns the fields that are written
  Duration deadline = std::chrono::seconds(10);
  std::size_t page = 500;  // objects a request of a list
  // Groups that the server knows by another name. An API server refuses a CustomResourceDefinition whose group has no
  // dot; OpenSLO's objects are "openslo/v1" in files and here, and "openslo.com/v1" there.
  std::map<std::string, std::string, std::less<>> groups = {{"openslo", "openslo.com"}};
};

struct FieldOwner {
  std::string manager;
  bool force = false;  // takes over what others own, instead of a conflict that names the fields
};

class KubernetesStore : public Store {
 public:
  // Server-side apply: `object` is all that its manager wants to say; fields that it said before and no more go.
  virtual Result<Object> apply_fields(Object object, const FieldOwner& owner) = 0;
  // Makes the server know these kinds; returns when it serves them. A definition that is there and not from us
  // (Istio's, Argo's) stays as it is: failed_precondition when it does not serve the version that we need. Blocks, for
  // at most the deadline a definition.
  virtual Result<> install_definitions(std::vector<doc::Value> definitions) = 0;
  // A kind that the server has, whoever defined it. invalid_argument when it has none such.
  virtual Result<Kind> find_kind(std::string_view api_version, std::string_view kind) = 0;
};

// `io` outlives it. Nothing is asked of the server yet.
std::unique_ptr<KubernetesStore> make_kubernetes_store(core::World& world, net::IoThread& io, KubeConfig config,
                                                       KubernetesOptions options = {});

// A CustomResourceDefinition of ours as a Kubernetes API server takes it: under the server's name of its group.
doc::Value definition_for_server(doc::Value definition, const KubernetesOptions& options = {});

}  // namespace slipway::objects
