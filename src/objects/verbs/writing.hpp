#pragma once
// What a write means, as functions of values: which form an object is kept in, what the server sets, which parts each
// verb may change, when generation rises, what marks a deletion. Knows nothing of tables, requests or watchers; the
// API server and the store of our own controllers share it.

#include <string>

#include "core/time.hpp"
#include "objects/object.hpp"
#include "objects/schema/resource.hpp"

namespace slipway::objects::verbs {

// Metadata that only the server sets; a write may repeat it and never change it.
inline constexpr std::string_view server_set[] = {"name",
                                                  "namespace",
                                                  "uid",
                                                  "generation",
                                                  "creationTimestamp",
                                                  "deletionTimestamp",
                                                  "deletionGracePeriodSeconds",
                                                  "resourceVersion",
                                                  "generateName"};

// Who writes, and by which door.
struct WriteContext {
  std::string manager;      // of the fields it changes
  std::string subresource;  // "", "status", ...
  core::Time now{};
};

// As it is kept and shown: unknown fields gone, zeros and quantities in their one form, defaults filled in.
void make_canonical(const schema::Resource& resource, doc::Value& object);

// A new object: server-set metadata replaced by ours, generation 1 where the kind counts, status dropped where it has
// a door of its own (unless `keep_status`: a controller of ours that knows it already). `given` is canonical and has
// its name; still canonical afterwards.
doc::Value created(const schema::Resource& resource, doc::Value given, std::string uid, core::Time now,
                   bool keep_status = false);

// `given` over `stored`: what only the server sets stays, status stays where it has a door of its own.
// `subresource` "status": the status alone is given's; "finalize": a Namespace's spec.finalizers alone; of a Pod
// "ephemeralcontainers": these alone, "resize": the resources of its containers and what a change of them does.
// Both are canonical.
doc::Value updated(const schema::Resource& resource, const doc::Value& stored, doc::Value given,
                   std::string_view subresource = {});

// Finalizers of `after` that were not there while the object was being deleted already; they are refused.
std::vector<std::string> finalizers_added_too_late(const doc::Value& before, const doc::Value& after);

// Ownership of fields after a create (`before` null) or update.
doc::Value tracked(const schema::Resource& resource, const doc::Value& before, doc::Value after,
                   const WriteContext& context);

// Nothing a reader could notice changed; times of ownership do not count.
bool is_same(const doc::Value& before, const doc::Value& after);

// Marked as being deleted, `grace` from now. Marking again can only make it sooner.
doc::Value marked_deleted(doc::Value object, core::Time now, Duration grace);
// A Namespace is also kept by spec.finalizers; everything else is finished as far as this goes.
bool is_finished_namespace(const doc::Value& object);
// Its last finalizer went after it was marked. A marked Pod without any is waited for by who runs it.
bool is_finished(const doc::Value& before, const doc::Value& after);

}  // namespace slipway::objects::verbs
