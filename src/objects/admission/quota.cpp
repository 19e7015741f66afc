#include "objects/admission/quota.hpp"

#include <set>

namespace slipway::objects::admission {
namespace {

constexpr Kind resource_quota{"", "v1", "ResourceQuota", "resourcequotas"};
constexpr auto look_again = std::chrono::seconds(30);
constexpr std::array watched = {std::pair("", "Pod"),
                                std::pair("", "Service"),
                                std::pair("", "PersistentVolumeClaim"),
                                std::pair("", "ConfigMap"),
                                std::pair("", "Secret"),
                                std::pair("apps", "Deployment"),
                                std::pair("apps", "ReplicaSet"),
                                std::pair("apps", "StatefulSet"),
                                std::pair("batch", "Job"),
                                std::pair("batch", "CronJob")};

ResourcePtr resource_of(const Catalog& catalog, const Counted& counted) {
  for (const auto& resource : catalog.resources()) {
    if (resource->group == counted.group && resource->plural == counted.plural)
      return catalog.stored(resource->group, resource->kind);
  }
  return nullptr;
}

// Those of `list` that `names` has.
ResourceList masked(const ResourceList& list, const ResourceList& names) {
  ResourceList some;
  for (const auto& [name, quantity] : list) {
    if (names.contains(name)) some.emplace(name, quantity);
  }
  return some;
}

bool is_same_amount(const ResourceList& a, const doc::Value& b) {
  const auto other = validation::resource_list(b);
  return a.size() == b.size() && a == other;
}

doc::Value to_value(const ResourceList& list) {
  doc::Object value;
  for (const auto& [name, quantity] : list) value.append(name, quantity.render());
  return value;
}

}  // namespace

Result<ResourceList> used_of(api::Context& context, const Object& quota) {
  ResourceList used;
  std::set<Counted> sources;
  const auto hard = validation::resource_list(quota.spec()["hard"]);
  for (const auto& [name, limit] : hard) {
    used[name] = {};
    sources.insert(counted_by(name));
  }
  for (const auto& source : sources) {
    const auto resource = resource_of(context.catalog, source);
    if (resource == nullptr) continue;
    TRY(context.backend.list(kind_of(*resource), {quota.name().ns, std::nullopt}, [&](const Stored& stored) {
      const auto object = stored.parse();
      if (!object || !is_in_scope(quota.spec(), *resource, object->document())) return true;
      for (const auto& [name, quantity] : masked(usage_of(*resource, object->document()), hard))
        used[name] = used[name] + quantity;
      return true;
    }));
  }
  return used;
}

api::Answer<> QuotaCheck::validate(const api::Review& review) {
  if (review.operation != api::Operation::create && review.operation != api::Operation::update) return {};
  if (review.name.ns.empty() || !review.subresource.empty()) return {};
  ResourceList usage;
  ResourceList before;
  for (const auto& quota : quotas_.all()) {
    if (quota.name().ns != review.name.ns) continue;
    if (usage.empty()) {
      usage = usage_of(*review.resource, review.object);
      if (!review.before.is_null()) before = usage_of(*review.resource, review.before);
    }
    TRY_DONE(check(quota, review, usage, before));
  }
  return {};
}

api::Answer<> QuotaCheck::check(const Object& quota, const api::Review& review, const ResourceList& usage,
                                const ResourceList& before) {
  if (!is_in_scope(quota.spec(), *review.resource, review.object)) return {};
  const auto hard = validation::resource_list(quota.spec()["hard"]);
  const auto refuse = [&](const std::string& why) {
    return api::refuse(api::forbidden(*review.resource, review.name.name, why));
  };
  const auto& name = quota.name().name;
  if (review.before.is_null() && review.resource->is("", "Pod")) {
    std::string lacking;
    for (const auto& sentence : unspecified(review.object["spec"], hard))
      lacking += (lacking.empty() ? "" : "; ") + sentence;
    if (!lacking.empty()) return refuse("failed quota: " + name + ": must specify " + lacking);
  }
  ResourceList more;
  for (const auto& [entry, quantity] : masked(usage, hard)) {
    const auto was = before.find(entry);
    if (was == before.end()) {
      if (quantity.milli() > 0) more.emplace(entry, quantity);
    } else if (quantity > was->second) {
      more.emplace(entry, core::Quantity::from_milli(quantity.milli() - was->second.milli()));
    }
  }
  if (more.empty()) return {};
  const auto used = used_of(context_, quota);
  if (!used) return api::refuse(api::from_error(used.error()));
  ResourceList exceeded;
  for (const auto& [entry, quantity] : more) {
    if (used->find(entry)->second + quantity > hard.find(entry)->second) exceeded.emplace(entry, quantity);
  }
  if (exceeded.empty()) return {};
  return refuse("exceeded quota: " + name + ", requested: " + render(exceeded) +
                ", used: " + render(masked(*used, exceeded)) + ", limited: " + render(masked(hard, exceeded)));
}

QuotaController::QuotaController(api::Context& context, Store& store)
    : context_(context),
      store_(store),
      quotas_(context, "", "ResourceQuota"),
      controller_(context.world, store, "resource-quota-controller", *this) {
  controller_.reconciles(resource_quota);
  for (const auto& [group, kind] : watched) {
    const auto resource = context.catalog.stored(group, kind);
    if (resource == nullptr) continue;
    controller_.watches(kind_of(*resource), [this](const Object& changed) {
      std::vector<Name> names;
      for (const auto& quota : quotas_.all()) {
        if (quota.name().ns == changed.name().ns) names.push_back(quota.name());
      }
      return names;
    });
  }
}

Result<> QuotaController::start() { return controller_.start(); }

Result<Outcome> QuotaController::reconcile(const Name& name) {
  TRY_ASSIGN(auto quota, store_.find(resource_quota, name));
  if (!quota) return Outcome{};
  TRY_ASSIGN(const auto used, used_of(context_, *quota));
  const auto& status = quota->document()["status"];
  if (status["hard"] == quota->spec()["hard"] && is_same_amount(used, status["used"])) return Outcome{look_again};
  const auto hard = quota->spec()["hard"];
  quota->status() = doc::Object{{"hard", hard}, {"used", to_value(used)}};
  auto written = store_.update_status(std::move(*quota));
  if (!written && written.error().code != Code::not_found) return fail(std::move(written).error());
  return Outcome{look_again};
}

}  // namespace slipway::objects::admission
