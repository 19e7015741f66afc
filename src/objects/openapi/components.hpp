#pragma once
// Components: the named schemas of one OpenAPI v3 document, from the table of built-in kinds and from what
// CustomResourceDefinitions say. Whatever a schema refers to comes along. Not for swagger 2.0: swagger.hpp turns one
// into the other.

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/doc.hpp"
#include "objects/schema/builtin.hpp"

namespace slipway::objects::openapi {

struct GroupVersionKind {
  std::string group, version, kind;
  doc::Value value() const;  // {"group": ..., "version": ..., "kind": ...}
};

inline constexpr std::string_view reference_prefix = "#/components/schemas/";

class Components {
 public:
  // `registry` outlives this.
  explicit Components(const schema::Registry& registry);

  // Each gives {"$ref": "#/components/schemas/NAME"} and sees to it that NAME will be there.
  doc::Value refer(const schema::Type& named);
  doc::Value refer(const schema::Resource& resource);
  doc::Value refer_list(const schema::Resource& resource);
  // A body like Scale or Eviction; null when no such kind is known.
  doc::Value refer_body(const GroupVersionKind& kind);
  doc::Value refer_patch();  // a patch of any type

  // All schemas by name. Once, last.
  doc::Object take();

 private:
  void add_custom(const schema::Resource& resource, const std::string& name);
  void render(const schema::Type& type);

  const schema::Registry& registry_;
  std::unordered_map<const schema::Type*, std::vector<GroupVersionKind>> kinds_;
  std::set<std::string, std::less<>> known_;
  std::deque<const schema::Type*> pending_;
  std::map<std::string, doc::Value, std::less<>> schemas_;
};

// "io.istio.networking.v1.VirtualService": the name of a custom kind's schema.
std::string custom_schema_name(const schema::Resource& resource);

}  // namespace slipway::objects::openapi
