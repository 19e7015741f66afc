#pragma once
// Compiles the schema of one version of a CustomResourceDefinition to types and to the nodes that check values. The
// schema should be structural (structural.hpp); what is not is read as well as it goes.

#include <deque>
#include <memory>

#include "objects/crd/node.hpp"
#include "objects/schema/resource.hpp"

namespace slipway::objects::crd {

// Owns what it points to; immutable once made.
class CompiledSchema final : public schema::TypeOwner {
 public:
  const schema::Type& type() const { return *root_->type; }
  const Node& root() const { return *root_; }

 private:
  friend class Compiler;
  std::deque<schema::Type> types_;
  std::deque<Node> nodes_;
  const Node* root_ = nullptr;
};

// `openapi_schema` is openAPIV3Schema; null: everything is kept and nothing is checked. Mistakes in rules stand in the
// rules.
std::shared_ptr<const CompiledSchema> compile(const doc::Value& openapi_schema);

}  // namespace slipway::objects::crd
