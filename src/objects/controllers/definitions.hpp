#pragma once
// DefinitionController: keeps the catalog in step with the CustomResourceDefinitions that are stored, says in their
// status whether they are served, keeps objects in the version that is the stored one, and removes those of a
// definition that is deleted before it goes. For the embedded store; a real API server does this itself.

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "objects/backend.hpp"
#include "objects/catalog.hpp"
#include "objects/controller.hpp"

namespace slipway::objects::controllers {

class DefinitionController final : public Reconciler {
 public:
  // Everything outlives the controller.
  DefinitionController(core::World& world, Store& store, Backend& backend, Catalog& catalog);

  // Stores the definitions that come with the program where they are not stored yet, or are stored as an earlier
  // program brought them; one that somebody else applied in its place stays. Then serves all that are stored. Before
  // the first request.
  Result<> load(std::span<const doc::Value> bundled);
  Result<> start();
  Result<Outcome> reconcile(const Name& name) override;

 private:
  Result<> install(const doc::Value& bundled, std::vector<doc::Value>& definitions);
  // `object` becomes what is stored then; `definitions` are all that are stored, for the names that are taken.
  Result<> serve(Object& object, std::span<const doc::Value> definitions);
  Result<Outcome> end(Object object);
  Result<std::vector<doc::Value>> stored_definitions();
  void forget(const std::string& definition);
  // Rewrites some of the objects that are kept in a version that is not the stored one any more. False: all are done.
  Result<bool> renew(const std::string& definition);
  Result<> rewrite(const schema::Resource& resource, const Kind& kind, const Stored& stored);

  core::World& world_;
  Store& store_;
  Backend& backend_;
  Catalog& catalog_;
  Controller controller_;
  struct Served {
    std::string from;             // spec, accepted names, and whether it is bundled
    std::string version;          // of the object, when all was settled
    ResourcePtr resource;         // in the stored version
    bool keeps_old = false;       // objects may be kept in a version that was the stored one before
    std::optional<Name> renewed;  // up to here they are not
  };
  std::map<std::string, Served> served_;
  bool is_loaded_ = false;  // what comes now is new
};

}  // namespace slipway::objects::controllers
