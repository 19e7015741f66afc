#pragma once
// FieldSelector: "metadata.name=web,status.phase!=Running", what ?fieldSelector= of lists and watches holds. A value,
// safe from any thread. Which fields a kind has and what they hold is selectable.hpp's.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace slipway::objects::fields {

struct Requirement {
  std::string field;
  bool equal = true;  // false: !=
  std::string value;
  bool operator==(const Requirement&) const = default;
};

using FieldSet = std::map<std::string, std::string>;

class FieldSelector {
 public:
  // The grammar of k8s.io/apimachinery/pkg/fields: `=`, `==`, `!=`, commas, and in values `\,`, `\=` and `\\`. An empty
  // text matches everything. invalid_argument in the server's words; the caller adds where the text came from.
  static Result<FieldSelector> parse(std::string_view text);

  // A field that is missing counts as "".
  bool matches(const FieldSet& fields) const;
  bool empty() const { return requirements_.empty(); }
  const std::vector<Requirement>& requirements() const { return requirements_; }

  // The value that the field must have, so that a list of one name is a lookup; nullopt: several may do.
  std::optional<std::string> required(std::string_view field) const;
  std::optional<std::string> required_name() const { return required("metadata.name"); }

  // Each requirement's field as it is called elsewhere, or the first error.
  Result<FieldSelector> renamed(const std::function<Result<std::string>(const std::string&)>& rename) const;

  std::string text() const;  // parse() reads it back

 private:
  std::vector<Requirement> requirements_;  // sorted as the server sorts them
};

}  // namespace slipway::objects::fields
