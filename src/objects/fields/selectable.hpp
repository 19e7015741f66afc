#pragma once
// The fields that lists and watches may select by: which a kind has, and what they hold in an object. What
// pkg/apis/*/conversion.go and pkg/registry/*/strategy.go of kubernetes 1.34 say, and selectableFields of
// CustomResourceDefinitions. Pure; safe from any thread.

#include <string>
#include <string_view>

#include "objects/fields/field_selector.hpp"
#include "objects/object.hpp"
#include "objects/schema/resource.hpp"

namespace slipway::objects::fields {

// Reads a field selector for a kind. The fields of the answer are named as selectable_fields() names them, whatever the
// request called them (spec.host of old clients, regarding.name of events.k8s.io).
// invalid_argument (400 BadRequest) with the server's sentence for this kind: `field label not supported: spec.foo`.
Result<FieldSelector> selector_for(const schema::Resource& resource, std::string_view text);

// Every selectable field of the object, with "" for what it does not have. `object` is in the version of `resource`.
// invalid_argument when a selectable field of a CustomResourceDefinition is no path to one value.
Result<FieldSet> selectable_fields(const schema::Resource& resource, const Object& object);

}  // namespace slipway::objects::fields
