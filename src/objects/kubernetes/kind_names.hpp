#pragma once
// KindNames: what a kind is called on a Kubernetes API server: its path, whether it has namespaces, and its group where
// that is another one than ours. Kinds that nobody listed are asked of the server's discovery. Inside of objects.
//
// Thread: the control loop only. Blocks on discovery.

#include <map>
#include <optional>
#include <string>

#include "objects/catalog.hpp"
#include "objects/kubernetes/rest.hpp"

namespace slipway::objects::kubernetes {

// Our group -> the server's. A CustomResourceDefinition's group must have a dot, which "openslo" has not.
using GroupNames = std::map<std::string, std::string, std::less<>>;

class KindNames {
 public:
  KindNames(Rest& rest, GroupNames groups);

  // Of an object as a caller gives it: in the version that it is stored as. invalid_argument when nobody knows it.
  Result<Kind> of(const Object& object);
  Result<Kind> find(std::string_view api_version, std::string_view kind);

  // "/apis/apps/v1/namespaces/demo/deployments/web/status"; an empty `ns`: of all namespaces.
  std::string path(const Kind& kind, const std::string& ns, const std::string& name = {},
                   std::string_view subresource = {}) const;

  // Between our groups and the server's: apiVersion and owner references. `kind` fills in what lists leave out.
  void to_server(const Kind& kind, doc::Value& document) const;
  void from_server(const Kind& kind, doc::Value& document) const;

 private:
  Result<std::optional<Kind>> discover(std::string_view api_version, std::string_view kind);
  std::string server_group(std::string_view ours) const;

  Rest& rest_;
  GroupNames groups_;
  GroupNames ours_;
  Catalog builtin_;
  std::map<std::string, Kind, std::less<>> discovered_;  // by "group/version/Kind"
};

}  // namespace slipway::objects::kubernetes
