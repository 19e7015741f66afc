#pragma once
// What differs from kind to kind in how an API server writes objects: who gets a generation, what a new object's status
// says, what an update may create. Facts of Kubernetes' registry strategies, as functions of values. Custom resources
// follow their definition.

#include <string_view>

#include "core/doc.hpp"
#include "core/time.hpp"
#include "objects/schema/resource.hpp"

namespace slipway::objects::verbs {

bool has_status_subresource(const schema::Resource& resource);
// metadata.generation counts changes of what is declared; other kinds have none.
bool tracks_generation(const schema::Resource& resource);
// PUT of a name that does not exist creates it.
bool creates_on_update(const schema::Resource& resource);
// PUT without metadata.resourceVersion is the last word.
bool updates_unconditionally(const schema::Resource& resource);
// DELETE answers with the object itself.
bool returns_deleted(const schema::Resource& resource);
// DELETE without a policy lets go of what the object owns, for the sake of old clients.
bool orphans_by_default(const schema::Resource& resource);

// Fills in what a new object of this kind starts with: a Pod's phase, a Namespace's finalizer, a Job's selector. Uid
// and name are set already; a status that was given is the caller's to drop before.
void start_life(const schema::Resource& resource, doc::Value& object);

// Fills in what a new status need not repeat: a Pod's class of service, which was settled when it was made.
void carry_on(const schema::Resource& resource, const doc::Value& before, doc::Value& status);

// The parts outside metadata and status changed in a way that a controller must see.
bool declares_otherwise(const schema::Resource& resource, const doc::Value& before, const doc::Value& after);

// How long a Pod may take to end when nobody says, and whether it can go at once. Zero for other kinds.
Duration grace_of(const schema::Resource& resource, const doc::Value& object, std::optional<Duration> asked);

}  // namespace slipway::objects::verbs
