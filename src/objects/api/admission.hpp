#pragma once
// Admission: what else has a say in a write before it is done: first plugins that change the object, then ones that
// only look. Plain functions of what they see; what has to ask somebody over the network is a RemoteAdmission.

#include <functional>
#include <memory>

#include "objects/api/call.hpp"

namespace slipway::objects::api {

enum class Operation : std::uint8_t { create, update, remove, connect };

struct Review {
  Operation operation = Operation::create;
  ResourcePtr resource;  // as it is kept
  std::string subresource;
  Name name;
  // As it will be; null for a removal. Plugins that mutate may change it. What is made by a subresource (an Eviction),
  // or says how to connect (PodExecOptions), has a kind of its own.
  doc::Value object;
  doc::Value before;   // as it is; null for a create
  doc::Value options;  // of the request: CreateOptions, UpdateOptions, DeleteOptions; may be null
  Caller user;
  bool dry_run = false;
  mutable std::vector<std::string> warnings;  // for whoever asked; who only looks may warn too
};

class AdmissionPlugin {
 public:
  virtual ~AdmissionPlugin() = default;
  // Called for every create, update, removal and connection. An Answer that is a Failure refuses.
  // mutate() says whether it changed the object, which is then brought into its usual form once more.
  virtual Answer<bool> mutate(Review&) { return false; }
  virtual Answer<> validate(const Review&) { return {}; }
};

// Webhooks: asked beside the loop's other work. The object may have changed in the store meanwhile; the caller then
// begins again.
class RemoteAdmission {
 public:
  virtual ~RemoteAdmission() = default;
  using Done = std::move_only_function<void(Answer<>)>;
  // False when nobody is to be asked: `done` does not run then. It runs on the loop otherwise, at once only for what is
  // refused without a question. `review` lives until then.
  virtual bool mutate(std::shared_ptr<Review> review, Done done) = 0;
  virtual bool validate(std::shared_ptr<const Review> review, Done done) = 0;
};

}  // namespace slipway::objects::api
