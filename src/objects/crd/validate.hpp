#pragma once
// Whether a custom resource is as its CustomResourceDefinition wants it, in the words of a Kubernetes API server:
// types, bounds, patterns, formats, logic, lists of type set and map, embedded resources, CEL rules. Pure; safe from
// any thread. Not for apiVersion, kind and metadata of the resource itself: those are the same for every kind.

#include <string>
#include <vector>

#include "core/doc.hpp"
#include "objects/schema/resource.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::crd {

struct Verdict {
  validation::Problems problems;
  // Rules that the object fails and already failed, where nothing changed.
  std::vector<std::string> warnings;
};

// `type` is one that a Definition was compiled to: of a whole resource, or of a part of it. `object` is pruned and has
// its defaults. `old`: what it was before an update; nullptr on creation. What an update leaves as it was is not held
// against it (CRDValidationRatcheting); rules that read oldSelf run only then.
Verdict judge(const doc::Value& object, const schema::Type& type, const doc::Value* old = nullptr);
// The same for a write to the status subresource: values are checked below status only, rules everywhere.
Verdict judge_status(const doc::Value& object, const schema::Type& type, const doc::Value* old = nullptr);
// judge() without the warnings.
validation::Problems validate(const doc::Value& object, const schema::Type& type, const doc::Value* old = nullptr);

// What stands where the scale subresource reads and writes: numbers of replicas from 0 to 2147483647, a selector that
// is a text. `in_status`: what a write to the status may change, alone.
validation::Problems validate_scale(const doc::Value& object, const schema::ScalePaths& paths, bool in_status = false);

}  // namespace slipway::objects::crd
