#pragma once
// Catalog: every kind that an API server serves now: Kubernetes' built-in ones, and those of
// CustomResourceDefinitions, which come and go. Discovery, OpenAPI, REST and the embedded store all ask it.
//
// Thread: the control loop only. What it returns stays valid as long as it is held.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "objects/object.hpp"
#include "objects/schema/builtin.hpp"

namespace slipway::objects {

using ResourcePtr = std::shared_ptr<const schema::Resource>;

class Catalog {
 public:
  // `builtin` outlives the catalog.
  explicit Catalog(const schema::Registry& builtin = schema::builtin());

  // In the order of discovery: core first, then built-in groups, then those of definitions by name; inside a group the
  // preferred version first.
  std::vector<ResourcePtr> resources() const;
  // nullptr when it is not served.
  ResourcePtr find(std::string_view group, std::string_view version, std::string_view kind) const;
  ResourcePtr find_by_plural(std::string_view group, std::string_view version, std::string_view plural) const;
  bool has_group_version(std::string_view group, std::string_view version) const;
  // The version as which objects of a kind are stored; nullptr when the kind is not known.
  ResourcePtr stored(std::string_view group, std::string_view kind) const;

  // The versions that a CustomResourceDefinition serves, replacing what it served before. A definition of a built-in
  // kind is the caller's to refuse.
  void put(const std::string& definition, std::vector<schema::Resource> versions);
  void remove(const std::string& definition);

  // Rises with every change.
  std::uint64_t revision() const { return revision_; }

 private:
  void index();
  void add(const ResourcePtr& resource);  // to the indexes
  std::vector<ResourcePtr> builtin_;
  std::map<std::string, std::vector<ResourcePtr>> custom_;     // by definition
  std::map<std::string, ResourcePtr, std::less<>> by_kind_;    // "apps/v1/Deployment"
  std::map<std::string, ResourcePtr, std::less<>> by_plural_;  // "apps/v1/deployments"
  std::map<std::string, ResourcePtr, std::less<>> stored_;     // "apps/Deployment"
  std::uint64_t revision_ = 1;
};

// Reads the table of built-in kinds, which the first who asks for one has to wait for otherwise: some milliseconds.
// Safe from any thread.
void read_builtin_kinds();

// The store's name for a resource's kind, with the version that it is stored as. Its texts live for ever: one copy of
// each kind that was ever named.
Kind kind_of(const schema::Resource& stored);

}  // namespace slipway::objects
