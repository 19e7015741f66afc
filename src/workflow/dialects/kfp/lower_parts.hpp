#pragma once
// Parts of the lowering: what a component declares and how its executor runs. Inside dialects/kfp only.

#include <algorithm>

#include "workflow/dialects/kfp/fields.hpp"
#include "workflow/dialects/kfp/placeholders.hpp"
#include "workflow/ir/graph.hpp"

namespace slipway::workflow::kfp {

// Everything wrong with a file, in the order it was found.
class Problems {
 public:
  void add(Error problem) { problems_.push_back(std::move(problem)); }
  void add(const core::doc::Value& where, Code code, std::string message, std::string hint = {}) {
    problems_.push_back(Error(code, std::move(message), std::move(hint)).at(where.mark()));
  }
  bool empty() const { return problems_.empty(); }
  // One component of several tasks has its problem once.
  Error join() {
    std::vector<Error> once;
    for (auto& problem : problems_) {
      const bool told = std::ranges::any_of(once, [&](const Error& other) {
        return other.message == problem.message && other.mark.line == problem.mark.line &&
               other.mark.column == problem.mark.column;
      });
      if (!told) once.push_back(std::move(problem));
    }
    std::ranges::stable_sort(once, {}, [](const Error& e) { return std::pair(e.mark.line, e.mark.column); });
    return core::join(std::move(once));
  }

 private:
  std::vector<Error> problems_;
};

// Members or elements; none when the value is of another type.
const core::doc::Object& object_of(const core::doc::Value& value);
const core::doc::Array& array_of(const core::doc::Value& value);

// The type that a constant itself has.
ir::ValueType natural_type(const core::doc::Value& value);

void read_definitions(const core::doc::Value& definitions, std::vector<ir::Parameter>& parameters,
                      std::vector<ir::Artifact>& artifacts, Problems& problems);
void read_retry(const core::doc::Value& policy, ir::Retry& retry, Problems& problems);
// Fills step.leaf; leaves it empty after a problem.
void read_executor(const core::doc::Value& spec, const core::doc::Value& component, ir::Step& step, Problems& problems);

}  // namespace slipway::workflow::kfp
