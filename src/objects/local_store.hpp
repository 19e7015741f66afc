#pragma once
// The store of our own controllers over a backend: the same rules as an API server's, without requests. What a
// controller writes here gets the same defaults, generation and field ownership as over a real API server.

#include <functional>
#include <memory>
#include <string>

#include "objects/backend.hpp"
#include "objects/catalog.hpp"
#include "objects/services/allocator.hpp"

namespace slipway::objects {

// Whether the rules of values (validation) stand before what controllers create, as over an API server. Tests of
// controllers may make objects that say only what the test is about.
enum class Rules : std::uint8_t { enforced, trusted };

struct LocalStoreOptions {
  std::string manager = "slipway";  // owns the fields that controllers write
  Rules rules = Rules::enforced;
  services::Allocator* services = nullptr;  // gives Services their addresses; null: they get none
  // Has a say in what is made, and may change it. May be empty.
  std::function<Result<>(const ResourcePtr&, doc::Value& object)> admit = {};
};

// Everything outlives the store.
std::unique_ptr<Store> make_local_store(core::World& world, Backend& backend, const Catalog& catalog,
                                        LocalStoreOptions options = {});

// The resource as which objects of this kind are kept; one without a type when the catalog does not have it: nothing is
// pruned or filled in then.
ResourcePtr stored_resource(const Catalog& catalog, const Kind& kind);

}  // namespace slipway::objects
