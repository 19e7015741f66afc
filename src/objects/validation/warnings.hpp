#pragma once
// What an API server warns of about an object that is in order: what is deprecated, or does not mean what it seems to.
// kubernetes pkg/api/pod/warnings.go and the strategies of pkg/registry. Pure; safe from any thread.

#include <string>
#include <vector>

#include "objects/schema/resource.hpp"

namespace slipway::objects::validation {

// `object` is canonical; `before` is null for a new one.
std::vector<std::string> warnings_about(const schema::Resource& resource, const doc::Value& object,
                                        const doc::Value& before);
// Of every request for the kind: v1 Endpoints, a version that its definition deprecates. Empty: none.
std::string deprecation_of(const schema::Resource& resource);

}  // namespace slipway::objects::validation
