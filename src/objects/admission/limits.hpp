#pragma once
// LimitRanges: what containers and Pods of a namespace get when they say nothing, and what they may say at least and at
// most. kubernetes plugin/pkg/admission/limitranger. The two functions are pure.

#include "objects/admission/kept.hpp"

namespace slipway::objects::admission {

// Fills in requests and limits of the containers of `pod` from one LimitRange, and says so in its annotation. Returns
// whether there was any to fill in.
bool apply_defaults(doc::Value& pod, const doc::Value& limit_range);
// What is wrong with a Pod or a PersistentVolumeClaim, in the words of an API server; `kind` says which it is.
std::vector<std::string> limit_problems(const doc::Value& object, std::string_view kind, const doc::Value& limit_range);

class LimitRanger final : public api::AdmissionPlugin {
 public:
  explicit LimitRanger(api::Context& context) : limits_(context, "", "LimitRange") {}
  api::Answer<bool> mutate(api::Review& review) override;
  api::Answer<> validate(const api::Review& review) override;

 private:
  Kept limits_;
};

}  // namespace slipway::objects::admission
