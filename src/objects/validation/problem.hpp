#pragma once
// Problem: one thing that is wrong with an object, at one of its fields, in the words of a Kubernetes API server; and
// the whole refusal (422 Invalid) as an Error. For built-in kinds, custom resources and definitions alike. Not for type
// errors of built-in kinds and unknown fields: those are schema/decode.hpp's. Pure; safe from any thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/doc.hpp"

namespace slipway::objects::validation {

enum class Reason : std::uint8_t {
  required,
  invalid,
  type_invalid,
  not_supported,
  forbidden,
  duplicate,
  too_long,
  too_many,
  not_found,
  internal,
};
std::string_view name_of(Reason reason);  // "FieldValueRequired", ..., "InternalError": reasons of Status causes

struct Problem {
  Reason reason = Reason::invalid;
  std::string field;      // "spec.containers[0].name"
  std::string bad_value;  // as Go prints it: "x" with its quotes, -1, {"a":"b"}; empty: not shown
  std::string detail;     // may be empty

  std::string body() const;     // `Invalid value: -1: must be greater than or equal to 0`; message of a Status cause
  std::string message() const;  // `spec.replicas: Invalid value: ...`
  bool operator==(const Problem&) const = default;
};
using Problems = std::vector<Problem>;  // in the order in which they were found; empty: nothing is wrong

// How a bad value is shown: strings quoted, numbers and booleans plain, the rest as Go's JSON with sorted keys.
std::string shown(const doc::Value& value);

Problem required(std::string field, std::string detail = {});
Problem invalid(std::string field, const doc::Value& value, std::string detail);
Problem type_invalid(std::string field, const doc::Value& value, std::string detail);
Problem not_supported(std::string field, const doc::Value& value, std::span<const std::string_view> supported);
Problem forbidden(std::string field, std::string detail);
Problem duplicate(std::string field, const doc::Value& value);
Problem not_found(std::string field, const doc::Value& value);
Problem too_long(std::string field, std::int64_t most_bytes);                 // negative: not said
Problem too_many(std::string field, std::int64_t actual, std::int64_t most);  // negative: not said
Problem internal_problem(std::string field, std::string detail);

// The refusal of a whole object: invalid_argument with the message
//   Deployment.apps "x" is invalid: spec.selector: Required value
//   Deployment.apps "x" is invalid: [a: Required value, b: Forbidden: c]
// and each problem as a cause, its body as message, its field as object. `problems` is not empty.
Error invalid_error(std::string_view group, std::string_view kind, std::string_view name, const Problems& problems);

// What invalid_error() made, taken apart for a Status: 422, reason Invalid, details.
struct Refusal {
  std::string group, kind, name;
  struct Cause {
    std::string_view reason;  // "FieldValueRequired"
    std::string message, field;
  };
  std::vector<Cause> causes;
};
// nullopt for every other error.
std::optional<Refusal> refusal_of(const Error& error);

}  // namespace slipway::objects::validation
