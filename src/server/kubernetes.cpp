#include "server/kubernetes.hpp"

#include "objects/api/admission.hpp"
#include "objects/kinds.hpp"
#include "server/assets.hpp"
#include "server/state.hpp"
#include "server/validate.hpp"

namespace slipway::server {
namespace {

namespace api = objects::api;

// Who asked for a Promotion and who approved it is what its own API established; nobody writes that down by hand, in
// its status least of all.
class PromotionsAreAskedFor final : public api::AdmissionPlugin {
 public:
  api::Answer<> validate(const api::Review& review) override {
    const auto& resource = *review.resource;
    if (resource.group != objects::kinds::promotion.group || resource.kind != objects::kinds::promotion.kind) return {};
    if (review.operation == api::Operation::remove) return {};
    return api::refuse(
        api::forbidden(resource, review.name.name,
                       "a Promotion is asked for and approved, not written: use slipway promote, or POST "
                       "/api/slipway/v1/promotions"));
  }
};

Result<std::vector<doc::Value>> bundled_definitions() {
  std::vector<doc::Value> definitions;
  for (const auto& asset : assets()) {
    if (!asset.path.starts_with("crds/")) continue;
    TRY_ASSIGN(auto documents, doc::parse_yaml_all(asset.bytes, asset.path));
    for (auto& document : documents) definitions.push_back(std::move(document));
  }
  return definitions;
}

}  // namespace

Result<> open_objects(Platform::State& s) {
  TRY_ASSIGN(s.volatile_database, storage::open_sqlite(s.options.layout.volatile_database(),
                                                       {.durability = storage::Durability::normal, .cache_mib = 4}));
  objects::EmbeddedOptions options;
  TRY_ASSIGN(options.definitions, bundled_definitions());
  options.admit = validate;
  options.events = s.audit.get();
  TRY_ASSIGN(s.objects, objects::Embedded::open(s.world(), *s.database, s.volatile_database.get(), std::move(options)));
  s.store = &s.objects->store();
  s.objects->add_admission(std::make_unique<PromotionsAreAskedFor>());
  return {};
}

}  // namespace slipway::server
