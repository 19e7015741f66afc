#pragma once
// Conversion webhooks: a custom resource's objects in another of its versions, from whoever its definition names, asked
// with a ConversionReview of apiextensions.k8s.io.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/
//
// Thread: the control loop only.

#include "objects/webhooks/client.hpp"

namespace slipway::objects::webhooks {

// What a webhook answered: `objects`, which were sent, in the version `wanted`. Strict: kind, uid and number must be
// right, and each object the same one; of its metadata only labels and annotations may be others. invalid_argument
// otherwise. Pure.
Result<std::vector<doc::Value>> read_converted(std::string_view body, std::string_view uid, std::string_view wanted,
                                               const std::vector<doc::Value>& objects);

class Conversion final : public api::RemoteConversion {
 public:
  explicit Conversion(api::Context& context) : context_(context), client_(context) {}
  void convert(ResourcePtr to, std::vector<doc::Value> objects, Done done) override;

 private:
  api::Context& context_;
  Client client_;
};

}  // namespace slipway::objects::webhooks
