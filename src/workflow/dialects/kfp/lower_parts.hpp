#pragma once
// Parts of the lowering: what a component declares and how its executor runs. Inside dialects/kfp only.

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
  Error join() { return core::join(std::move(problems_)); }

 private:
  std::vector<Error> problems_;
};

// Members or elements; none when the value is of another type.
const core::doc::Object& object_of(const core::doc::Value& value);
const core::doc::Array& array_of(const core::doc::Value& value);

// The type that a constant itself has.
ir::ValueType natural_type(const core::doc::Value& value);

void read_definitions(const core::doc::Value& definitions, std::vector<ir::Parameter>& parameters, std::vector<ir::Artifact>& artifacts, Problems& problems);
void read_retry(const core::doc::Value& policy, ir::Retry& retry, Problems& problems);
// Fills step.leaf; leaves it empty after a problem.
void read_executor(const core::doc::Value& spec, const core::doc::Value& component, ir::Step& step, Problems& problems);

}  // namespace slipway::workflow::kfp
