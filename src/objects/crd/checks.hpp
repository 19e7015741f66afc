#pragma once
// The four passes of validate.hpp over a value, in the order in which a Kubernetes API server makes them. Inside of
// crd/.

#include <string>
#include <vector>

#include "expr/cel/program.hpp"
#include "objects/crd/node.hpp"
#include "objects/crd/path.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::crd {

// A value with what it was before; `old` null: not known, or there was none.
struct Correlated {
  const Node* node = nullptr;
  const doc::Value* value = nullptr;
  const doc::Value* old = nullptr;

  bool exists() const { return value && old; }
  // The same for a member or an element; one that does not exist when the old one cannot be told.
  Correlated key(const std::string& name) const;
  Correlated index(std::size_t index) const;
  // Nothing changed, as far as the schema can tell.
  bool is_unchanged() const;
};

// The OpenAPI schema. `where` is where `value` stands, for fields of problems; sentences begin at `value`.
validation::Problems check_value(const doc::Value& value, const Node& node, const doc::Value* old,
                                 const std::string& where);
// apiVersion, kind and metadata of embedded resources. `is_resource`: of `value` itself too.
validation::Problems check_embedded(const doc::Value& value, const Node& node, bool is_resource,
                                    const std::string& where);
// Lists of type set and map have no element twice.
validation::Problems check_lists(const doc::Value& value, const Node& node, const std::string& where);

struct RuleFindings {
  validation::Problems problems;
  std::vector<std::string> warnings;
};
// CEL. `ratchet`: unchanged parts may fail rules that do not read oldSelf.
RuleFindings check_rules(const doc::Value& value, const Node& node, const doc::Value* old, bool ratchet,
                         const std::string& where, expr::cel::Budget& budget);

}  // namespace slipway::objects::crd
