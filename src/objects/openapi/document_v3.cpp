#include "objects/openapi/document_v3.hpp"

#include "objects/discovery/version.hpp"
#include "objects/openapi/components.hpp"
#include "objects/openapi/operations.hpp"

namespace slipway::objects::openapi {

doc::Value document_v3(const discovery::GroupVersion& version, const schema::Registry& registry) {
  Components components(registry);
  doc::Object paths = paths_of(version, components);
  doc::Object out{{"openapi", "3.0.0"},
                  {"info", doc::Object{{"title", "Kubernetes"}, {"version", discovery::git_version()}}}};
  out.append("paths", std::move(paths));
  doc::Object parts;
  parts.append("schemas", components.take());
  out.append("components", std::move(parts));
  return out;
}

}  // namespace slipway::objects::openapi
