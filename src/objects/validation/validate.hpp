#pragma once
// What a Kubernetes API server finds wrong with an object of a built-in kind, beyond types and unknown fields: names,
// numbers, references inside the object, what must not change. Pure; safe from any thread. Fast: every write passes it.
// Not for custom resources (their schemas say what is right), expressions (who compiles them tells), and what needs
// other objects (quotas, service accounts).
//
// Objects come decoded, pruned, normalized, with zeros and defaults (objects/schema/decode.hpp), and with the metadata
// that the server sets. What is given out later may be missing: cluster IPs, node ports, the selector of a Job.

#include "objects/schema/resource.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::validation {

// In the server's order, each once; nothing for kinds that have no rules (reviews, metrics) and for custom ones.
Problems validate_create(const schema::Resource& resource, const doc::Value& object);
// `old`: as it is stored. What only the server sets may be missing in `object`, and must not differ.
Problems validate_update(const schema::Resource& resource, const doc::Value& object, const doc::Value& old);
// A write to /status: `object` has the new status and the old rest.
Problems validate_status_update(const schema::Resource& resource, const doc::Value& object, const doc::Value& old);

// A write to a Pod's /resize or /ephemeralcontainers, of the same form.
Problems validate_pod_resize(const doc::Value& object, const doc::Value& old);
Problems validate_ephemeral_containers_update(const doc::Value& object, const doc::Value& old);

// The refusal of `object`, when there are problems.
Result<> refuse_invalid(const schema::Resource& resource, const doc::Value& object, const Problems& problems);

}  // namespace slipway::objects::validation
