#pragma once
// Promotions beside one another: of one model in one environment they go one after the other, and the same one is not
// asked for twice. Reads the store only.

#include <optional>
#include <string>

#include "delivery/promotion/environment.hpp"
#include "objects/store.hpp"

namespace slipway::delivery::promotion {

// The name of the promotion that this one, stored or about to be, waits behind; "" for none.
Result<std::string> waits_behind(objects::Store& store, const objects::Object& promotion);

// For a promotion that is about to be stored. Another commit of the manifests is another request.
//   The same request in progress: already_exists; but a repeat by the same person where nobody has to approve (a
//   workflow's step that runs again) gets the one in progress.
//   The version serves already: failed_precondition; but nothing where nobody has to approve, for the same reason.
Result<std::optional<objects::Object>> find_repeated(objects::Store& store, const Environment& environment,
                                                     const objects::Object& promotion);

// failed_precondition when the smoke test of the environment would ask another model: its answer would say nothing.
Result<> check_smoke_model(const Environment& environment, const std::string& model);

}  // namespace slipway::delivery::promotion
