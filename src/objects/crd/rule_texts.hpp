#pragma once
// x-kubernetes-validations as they are written: what each must say, and what all of them may cost. Inside of crd/.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/doc.hpp"
#include "objects/crd/node.hpp"
#include "objects/crd/path.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::crd {

// Not whether the expressions compile. `node`: of the schema, to look up fieldPath; may be null.
validation::Problems check_rule_texts(const doc::Value& schema, const Path& path, const Node* node);

// A rule as Go shows its struct: {"Rule":"...","Message":"",...}.
std::string as_go(const doc::Value& rule);

// In units of cel-go.
struct RuleCosts {
  static constexpr std::uint64_t most = 10'000'000;          // of one rule, for one object
  static constexpr std::uint64_t most_in_all = 100'000'000;  // of all rules of a schema
  std::uint64_t total = 0;
  std::vector<std::pair<std::string, std::uint64_t>> dearest;  // at most four, each 1% of all that is allowed or more

  // Counts it; a problem at `path` when it is more than one may cost.
  void observe(validation::Problems& problems, const std::string& path, std::string_view what, std::uint64_t cost);
};
std::string too_dear(std::string_view what, std::uint64_t cost, std::uint64_t most);

}  // namespace slipway::objects::crd
