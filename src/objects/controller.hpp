#pragma once
// Controller: the thin loop around a reconciler. Level-triggered: events only say which name to look at again; one
// name is never reconciled twice at once; errors are retried with back-off (50 ms doubling to 30 s, with jitter);
// everything is looked at again after a restart.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "objects/store.hpp"

namespace slipway::objects {

struct Outcome {
  std::optional<core::Duration> again_after;  // look again then, even without an event
  // What is to be done outside of the store once what was written is durable: commit, then act. May be empty.
  std::move_only_function<Result<>()> then = {};
};

class Reconciler {
 public:
  virtual ~Reconciler() = default;
  // Looks at the object of that name (it may be gone) and moves the world one step towards what it declares.
  // Idempotent. Runs on the control loop and must not block.
  virtual Result<Outcome> reconcile(const Name& name) = 0;
};

class Controller {
 public:
  // `reconciler` outlives the controller. `name` appears in logs, events and metrics: "rollout-controller".
  Controller(core::World& world, Store& store, std::string name, Reconciler& reconciler);
  ~Controller();

  using Map = std::function<std::vector<Name>(const Object&)>;
  // What of an object the reconciler minds: a change that leaves this as it was wakes nobody.
  using Minded = std::function<doc::Value(const Object&)>;

  // Names of the watched kind are reconciled as they are...
  Controller& reconciles(const Kind& kind);
  // ...or mapped to others: a Pod to its Deployment. Without `minded` each change counts.
  Controller& watches(const Kind& kind, Map map, Minded minded = {});
  // Maps an object to its controlling owner of that kind.
  Controller& owns(const Kind& kind, const Kind& owner, Minded minded = {});
  // Several names share a transaction, and so one wait for the disk, where many come at once. Only for reconcilers that
  // do nothing outside of the store but in Outcome::then; what those write shares a transaction, too.
  Controller& in_groups();
  // A name that takes long to look at, since much belongs to it, is left alone for some times as long afterwards: what
  // happens meanwhile is seen at one look. For embedded stores: elsewhere long looks are the network's doing.
  Controller& may_rest();
  Result<> start();
  void enqueue(const Name& name);  // from outside events (an HTTP answer arrived); control loop only

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::objects
