#pragma once
// The rules of x-kubernetes-validations: their compilation to CEL programs over the types of a definition. Inside of
// crd/; values are judged in check_rules.cpp.

#include <optional>
#include <string>
#include <string_view>

#include "objects/crd/node.hpp"

namespace slipway::objects::crd {

// Fills in programs, or mistakes, of every rule of a node. Of a resource they see apiVersion, kind, metadata.name and
// metadata.generateName, whatever its schema says.
void compile_rules(Node& node);
// The type as programs know it.
expr::cel::Declared declared_type(const schema::Type& type);

// Whether a path like `.spec.labels['app']` leads to a field of `from`: the path as problems have it,
// "spec.labels[app]", and what stands there; or why not, in words. Elements of lists have no such paths.
struct FieldPath {
  std::string text;
  const Node* node = nullptr;
  std::string mistake;  // empty: none
};
FieldPath find_field(const Node& from, std::string_view path, bool allow_brackets = true);

// How often a rule at a place may run for one object: the product of the sizes of the lists and maps around it.
class Cardinality {
 public:
  static Cardinality once() { return Cardinality(1); }
  Cardinality times(std::optional<std::int64_t> size) const;
  // `cost` times that; where no size is given, as often as such values fit into the largest request.
  std::uint64_t multiply(std::uint64_t cost, const schema::Type& type) const;

 private:
  explicit Cardinality(std::optional<std::uint64_t> count) : count_(count) {}
  std::optional<std::uint64_t> count_;  // nullopt: unbounded
};

}  // namespace slipway::objects::crd
