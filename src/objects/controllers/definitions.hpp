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

  // Puts a definition that comes with the program where it is not stored yet, or is stored as an earlier program
  // brought it. One that somebody else applied in its place stays.
  Result<> install(const doc::Value& bundled);
  // Serves what is stored already; before the first request.
  Result<> load();
  Result<> start();
  Result<Outcome> reconcile(const Name& name) override;

 private:
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
    std::string from;             // spec and accepted names
    std::string version;          // of the object, when all was settled
    ResourcePtr resource;         // in the stored version
    bool keeps_old = false;       // objects may be kept in a version that was the stored one before
    std::optional<Name> renewed;  // up to here they are not
  };
  std::map<std::string, Served> served_;
  bool is_loaded_ = false;  // what comes now is new
};

}  // namespace slipway::objects::controllers
