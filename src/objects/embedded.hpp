#pragma once
// Embedded: an API server with its own store in one piece: backend, catalog, store for controllers, the controllers
// that every Kubernetes has (namespaces, definitions, garbage, the end of old Events), and the Kubernetes API over
// HTTP.
//
// Thread: the control loop only.

#include <functional>
#include <memory>
#include <vector>

#include "core/events.hpp"
#include "objects/backend.hpp"
#include "objects/catalog.hpp"
#include "objects/services/allocator.hpp"

namespace slipway::storage {
class Database;
}
namespace slipway::net {
class Router;
}

namespace slipway::objects {

namespace api {
class AdmissionPlugin;
class ApiServer;
struct Context;
}  // namespace api

struct EmbeddedOptions {
  // CustomResourceDefinitions of our own kinds, served from the first start on.
  std::vector<doc::Value> definitions = {};
  // Says no to an object before it is written over HTTP, with every problem; to those of built-in kinds and of
  // `definitions`, as long as nobody replaced them. May be empty.
  std::function<Result<>(const Object&)> admit = {};
  // Where writes over HTTP go on record, with the write itself. Null: nowhere.
  core::EventSink* events = nullptr;
  std::size_t ring_size = 10'000;
  services::Ranges services = {};  // what Services get their addresses and node ports from
};

class Embedded {
 public:
  // `volatile_database` holds Events and Leases; may be null. What is handed over outlives this.
  static Result<std::unique_ptr<Embedded>> open(core::World& world, storage::Database& database,
                                                storage::Database* volatile_database, EmbeddedOptions options = {});
  ~Embedded();

  Store& store();
  Backend& backend();
  Catalog& catalog();
  api::ApiServer& server();
  api::Context& context();
  void add_admission(std::unique_ptr<api::AdmissionPlugin> plugin);
  Result<> start();  // the controllers
  void add_routes(net::Router& router);

 private:
  struct State;
  explicit Embedded(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace slipway::objects
