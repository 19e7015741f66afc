#pragma once
// Removals: delete and deletecollection, with preconditions, propagation policies, grace and finalizers.
//
// Thread: the control loop only.

#include "objects/api/output.hpp"
#include "objects/api/writes.hpp"
#include "objects/verbs/removal.hpp"

namespace slipway::objects::api {

class Removals {
 public:
  Removals(Context& context, Writes& writes) : context_(context), writes_(writes) {}
  void remove(CallPtr call);
  // Every object that the selectors match, one after the other; answers with the list of them.
  void remove_collection(CallPtr call);
  // POST of an Eviction: a removal that a PodDisruptionBudget may refuse for now.
  void evict(CallPtr call);

 private:
  struct Collection;
  struct Options {
    doc::Value document;  // DeleteOptions
    std::string uid, version;
    std::string propagation;  // Background, Foreground, Orphan; empty: the kind's own
    std::optional<Duration> grace;
    bool dry_run = false;
  };
  struct Removed {
    bool gone = false;
    doc::Value object;  // as it was, or as it is now
  };
  struct Removing;
  using RemovingPtr = std::shared_ptr<Removing>;
  static Answer<Options> options_of(Call& call, const doc::Value& body);
  static doc::Value document_of(const Options& options, const doc::Value& body);
  static Answer<> check_preconditions(const Call& call, const Object& stored, const Options& options);
  // All inside the write queue: reads what is there, has everybody consulted who has a say, removes it. Begins again
  // when it changed meanwhile.
  void begin(RemovingPtr removing);
  void carry_out(const RemovingPtr& removing);
  void answer(const CallPtr& call, const Output& output, Answer<Removed> removed);
  void remove_next(std::shared_ptr<Collection> work);
  void answer_collection(Collection& work);

  Context& context_;
  Writes& writes_;
};

}  // namespace slipway::objects::api
