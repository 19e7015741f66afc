#pragma once
// NamespaceController: gives every Namespace what workloads expect to find in it, a ServiceAccount "default", and
// empties one that is being deleted before it goes. For the embedded store; a real API server has its own.

#include <map>
#include <string>

#include "objects/backend.hpp"
#include "objects/catalog.hpp"
#include "objects/controller.hpp"

namespace slipway::objects::controllers {

class NamespaceController final : public Reconciler {
 public:
  // Everything outlives the controller.
  NamespaceController(core::World& world, Store& store, Backend& backend, const Catalog& catalog);
  Result<> start();
  Result<Outcome> reconcile(const Name& name) override;

 private:
  Result<Outcome> keep(Object object);
  Result<Outcome> empty(Object object, std::int64_t version);
  // How many objects are left of each resource, and how many each finalizer keeps, after each was told to go.
  struct Remaining {
    std::map<std::string, std::size_t> resources, finalizers;
  };
  Result<Remaining> remove_contents(const std::string& ns);
  Result<> count_remaining(const Kind& kind, const std::string& ns, const std::string& resource, Remaining& remaining);
  Result<> finish(Object object, std::int64_t version);

  core::World& world_;
  Store& store_;
  Backend& backend_;
  const Catalog& catalog_;
  Controller controller_;
};

}  // namespace slipway::objects::controllers
