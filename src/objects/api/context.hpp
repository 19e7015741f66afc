#pragma once
// Context: what all handlers of one API server share.

#include <functional>
#include <memory>
#include <vector>

#include "core/events.hpp"
#include "objects/api/admission.hpp"
#include "objects/backend.hpp"
#include "objects/services/allocator.hpp"

namespace slipway::storage {
class Database;
}

namespace slipway::objects::api {

// How often a write is begun whose object changes all the time, or whose made-up name is taken.
inline constexpr int most_attempts = 8;

// Between versions of a custom resource whose definition leaves that to a webhook (schema::Custom::conversion).
class RemoteConversion {
 public:
  virtual ~RemoteConversion() = default;
  using Done = std::move_only_function<void(Answer<std::vector<doc::Value>>)>;
  // All in the version of `to`, in their order; what is in it already is not sent. `done` runs on the loop, at once
  // when there is nothing to send.
  virtual void convert(ResourcePtr to, std::vector<doc::Value> objects, Done done) = 0;
};

struct Context {
  core::World& world;
  Catalog& catalog;
  Backend& backend;
  storage::Database& database;        // the backend's: what is written together becomes durable together
  core::EventSink* events = nullptr;  // where writes go on record; may be null
  // Says no to an object of our own kinds, with every problem; objects whose definition is not one that came with the
  // program are not shown to it. May be empty.
  std::function<Result<>(const Object&)> admit = {};
  std::vector<std::unique_ptr<AdmissionPlugin>> plugins = {};
  std::unique_ptr<RemoteAdmission> remote = {};
  services::Allocator* services = nullptr;  // gives Services their addresses; may be null
  std::unique_ptr<RemoteConversion> conversion = {};
};

// As its client speaks of it.
Result<doc::Value> to_client(const Call& call, doc::Value stored);
// As it is kept.
Result<doc::Value> to_stored(const Call& call, doc::Value given);

}  // namespace slipway::objects::api
