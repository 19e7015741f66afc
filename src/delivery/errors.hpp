#pragma once
// What can go wrong in delivery, once, with its sentence.

#include "core/result.hpp"

namespace slipway::delivery::errors {

inline auto no_environment(const std::string& name) {
  return fail(Code::not_found, "no environment named \"" + name + "\"",
              "apply an Environment object first, or check the name");
}
inline auto no_route(const std::string& object, const std::string& what) {
  return fail(
      Code::failed_precondition, object + " " + what,
      "each managed route needs exactly two destinations, one for the canary subset and one for the stable subset");
}
inline auto not_waiting(const std::string& promotion, const std::string& phase) {
  return fail(Code::failed_precondition, promotion + " does not wait for an approval: its phase is " + phase);
}
inline auto other_subject(const std::string& promotion, const std::string& current) {
  return fail(Code::conflict, promotion + " has another subject by now: " + current,
              "look at what changed, then approve the current subject");
}
inline auto in_progress(const std::string& promotion, const std::string& phase, bool waits_for_people) {
  return fail(Code::already_exists, "Promotion " + promotion + " of the same is in progress: its phase is " + phase,
              waits_for_people ? "approve or reject it: slipway inbox" : "wait for its end");
}
inline auto serves_already(const std::string& version, const std::string& environment, const std::string& promotion) {
  return fail(Code::failed_precondition, version + " serves " + environment + " already",
              "Promotion " + promotion + " brought it there; other manifests need another --commit");
}
inline auto other_smoke_model(const std::string& environment, const std::string& tested, const std::string& model) {
  return fail(Code::failed_precondition, "Environment " + environment + " smoke-tests the model " + tested + ", not " +
                                             model +
                                             ": give each model an Environment of its own, or leave smoke.model out");
}

}  // namespace slipway::delivery::errors
