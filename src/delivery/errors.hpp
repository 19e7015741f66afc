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

}  // namespace slipway::delivery::errors
