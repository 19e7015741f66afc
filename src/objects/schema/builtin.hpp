#pragma once
// The kinds that every Kubernetes API server has: their resources and their types. Read once from the table that
// tools/schema-table wrote. CustomResourceDefinitions are not here.

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "objects/schema/resource.hpp"

namespace slipway::objects::schema {

// Immutable once parsed; pointers stay valid as long as the registry does.
class Registry {
 public:
  // The grammar of the table, line by line:
  //   package core.v1 io.k8s.api.core.v1         what the types' short names mean
  //   type core.v1.Pod [atomic]                  its fields follow; `wire`: stands inside others in protobuf only
  //    NAME NUMBER [!][+|*]TYPE [retainKeys] [merge=KEY] [replace] [=JSON]
  //                                              ! required, + keep_zero, * that and always_shown, =JSON the default
  //    <NUMBER TYPE                              inlined
  //   kind GROUP VERSION KIND PLURAL SINGULAR namespaced|cluster TYPE VERBS [short=A,B] [categories=A,B]
  //    NAME GROUP VERSION KIND VERBS             a subresource of it; "-" is the empty group
  //   body GROUP VERSION KIND TYPE               a request body that is no resource
  // where TYPE is a scalar, a short name, [TYPE] with "set" or merge keys behind it, {TYPE} with "atomic" behind it.
  // `descriptions`: "core.v1.Pod TEXT" and "core.v1.Pod.spec TEXT".
  // invalid_argument with the line that is wrong.
  static Result<Registry> parse(std::string_view table, std::string_view descriptions);

  // In the order of discovery: core first, preferred versions of a group first.
  const std::vector<Resource>& resources() const { return resources_; }
  const Resource* find(std::string_view group, std::string_view version, std::string_view kind) const;
  const Resource* find_by_plural(std::string_view group, std::string_view version, std::string_view plural) const;
  // What a request body of this apiVersion ("apps/v1") and kind is: a resource, or Eviction, Scale, DeleteOptions, ...
  // DeleteOptions and Status are the same in every group.
  const Type* find_body(std::string_view api_version, std::string_view kind) const;
  const Type* find_type(std::string_view full_name) const;  // "io.k8s.api.core.v1.Pod"
  // Every type that has a name in the published schemas, by it.
  const std::map<std::string, const Type*, std::less<>>& types() const { return by_name_; }

 private:
  friend class TableParser;
  std::deque<Type> storage_;
  std::map<std::string, const Type*, std::less<>> by_name_;
  std::vector<Resource> resources_;
  std::unordered_map<std::string, std::size_t> by_kind_;    // "apps/v1/Deployment"
  std::unordered_map<std::string, std::size_t> by_plural_;  // "apps/v1/deployments"
  std::unordered_map<std::string, const Type*> bodies_;     // "policy/v1/Eviction"
};

// Parsed at the first call, which takes a few milliseconds. Safe from any thread.
const Registry& builtin();

}  // namespace slipway::objects::schema
