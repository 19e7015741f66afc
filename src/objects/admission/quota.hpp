#pragma once
// ResourceQuotas: what may be in a namespace altogether. Refuses what would be too much, and keeps status.used; both
// count the objects that are there, so that nothing has to be given back.

#include "objects/admission/kept.hpp"
#include "objects/admission/usage.hpp"
#include "objects/controller.hpp"

namespace slipway::objects::admission {

// What the objects of its namespace use of each entry of a quota's spec.hard.
Result<ResourceList> used_of(api::Context& context, const Object& quota);

class QuotaCheck final : public api::AdmissionPlugin {
 public:
  explicit QuotaCheck(api::Context& context) : context_(context), quotas_(context, "", "ResourceQuota") {}
  api::Answer<> validate(const api::Review& review) override;

 private:
  api::Answer<> check(const Object& quota, const api::Review& review, const ResourceList& usage,
                      const ResourceList& before);
  api::Context& context_;
  Kept quotas_;
};

// Looks again when objects of the usual kinds change, and every now and then for all others.
class QuotaController final : public Reconciler {
 public:
  QuotaController(api::Context& context, Store& store);
  Result<> start();
  Result<Outcome> reconcile(const Name& name) override;

 private:
  api::Context& context_;
  Store& store_;
  Kept quotas_;
  Controller controller_;
};

}  // namespace slipway::objects::admission
