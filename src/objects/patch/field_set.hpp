#pragma once
// FieldSet: a set of paths into an object, and its wire form FieldsV1 ({"f:spec":{"f:replicas":{}}}), as managedFields
// keep it. A set may hold a path and paths below it independently ("." in FieldsV1). Which paths a value has is
// typed.hpp's business. Pure values.

#include <compare>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/doc.hpp"

namespace slipway::objects::patch {

// One step of a path. The order is structured-merge-diff's: fields, then keys, values, indices.
struct Step {
  enum class Kind : std::uint8_t { field, key, value, index };
  Kind kind = Kind::field;
  std::string name;                                     // field
  std::vector<std::pair<std::string, doc::Value>> key;  // key: the list element with these members; sorted by name
  doc::Value value;                                     // value: the set's element; index: a number

  static Step field(std::string name) { return {Kind::field, std::move(name), {}, {}}; }
  static Step of_key(std::vector<std::pair<std::string, doc::Value>> key);  // sorts
  static Step of_value(doc::Value value) { return {Kind::value, {}, {}, std::move(value)}; }

  std::weak_ordering operator<=>(const Step& other) const;
  bool operator==(const Step& other) const { return (*this <=> other) == 0; }
  std::string text() const;  // `.spec`, `[name="a",port=80]`, `[="x"]`, `[3]`: as in conflict messages
};

using Path = std::vector<Step>;
std::string text_of(const Path& path);  // `.spec.containers[name="a"].image`
std::strong_ordering compare_values(const doc::Value& left, const doc::Value& right);  // numbers < text < bool < ...

class FieldSet {
 public:
  struct Child;

  FieldSet() = default;
  explicit FieldSet(const std::vector<Path>& paths);

  // The empty path is the whole object, which nobody owns: inserting it does nothing.
  void insert(const Path& path);
  void insert(Step member);                      // a path of one step
  FieldSet& descend(const Step& step);           // the set below, made when absent
  const FieldSet* find(const Step& step) const;  // the set below, or nullptr
  bool has(const Step& member) const;
  bool has(const Path& path) const;
  bool empty() const;        // no paths
  std::size_t size() const;  // paths

  FieldSet united(const FieldSet& other) const;
  FieldSet intersected(const FieldSet& other) const;
  FieldSet without(const FieldSet& other) const;        // path by path: parents do not take children with them
  FieldSet without_below(const FieldSet& other) const;  // whole subtrees

  const std::vector<Step>& members() const { return members_; }
  const std::vector<Child>& children() const { return children_; }
  void for_each(const std::function<void(const Path&)>& visit) const;  // members before children, in order
  bool operator==(const FieldSet& other) const;

 private:
  void append(const Step& step, FieldSet below);  // in order; empty sets are dropped
  void visit(Path& prefix, const std::function<void(const Path&)>& visit) const;
  std::vector<Step> members_;    // sorted
  std::vector<Child> children_;  // sorted
};

struct FieldSet::Child {
  Step step;
  FieldSet set;
};

// FieldsV1 in the reference's canonical order, and back. Steps of unknown kinds are dropped.
doc::Value render_fields_v1(const FieldSet& set);
Result<FieldSet> parse_fields_v1(const doc::Value& fields);

}  // namespace slipway::objects::patch
