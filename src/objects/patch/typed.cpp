#include "objects/patch/typed.hpp"

#include <algorithm>
#include <set>

#include "objects/patch/go_text.hpp"

namespace slipway::objects::patch {

using schema::Merge;
using schema::Shape;
using schema::Type;

namespace {

// What the reference calls "deduced": anything, maps granular, lists atomic.
const Type& deduced() {
  static const Type type;
  return type;
}

}  // namespace

Form form_of(const Type& type, const doc::Value* value) {
  switch (type.shape) {
    case Shape::object:
    case Shape::map:
      return Form::map;
    case Shape::list:
      return Form::list;
    case Shape::any:
      if (value == nullptr || value->is_null() || value->is_object()) return Form::map;
      return value->is_array() ? Form::list : Form::scalar;
    default:
      return Form::scalar;
  }
}

bool is_atomic(const Type& type, Form form) {
  if (type.merge == Merge::atomic) return true;
  return form == Form::list && type.merge != Merge::set && type.merge != Merge::by_key;
}

const Type* member_type(const Type& type, std::string_view name) {
  if (type.shape == Shape::map) return type.element == nullptr ? &deduced() : type.element;
  if (type.shape == Shape::any) return &deduced();
  if (const auto* field = type.find(name)) return field->type == nullptr ? &deduced() : field->type;
  const bool implied = type.embedded_resource && (name == "apiVersion" || name == "kind" || name == "metadata");
  return type.preserve_unknown || implied ? &deduced() : nullptr;
}

const Type* element_type_of(const Type& type) { return type.element == nullptr ? &deduced() : type.element; }

Result<Step> step_of(const Type& list, const doc::Value& element) {
  const auto bad = [](std::string message) { return fail(Code::invalid_argument, std::move(message)); };
  if (list.merge != Merge::by_key) {
    if (element.is_object()) return bad("associative list without keys has an element that's a map type");
    if (element.is_array()) return bad("not supported: associative list with lists as elements");
    if (element.is_null()) return bad("associative list without keys has an element that's an explicit null");
    return Step::of_value(element);
  }
  if (element.is_null()) return bad("associative list with keys may not have a null element");
  if (!element.is_object()) return bad("associative list with keys may not have non-map elements");
  std::vector<std::pair<std::string, doc::Value>> key;
  for (const auto& name : list.merge_keys) {
    if (const auto* value = element.as_object().find(name)) {
      key.emplace_back(name, *value);
    } else if (const auto* field = list.element == nullptr ? nullptr : list.element->find(name);
               field != nullptr && field->default_value && !field->default_value->is_null()) {
      key.emplace_back(name, *field->default_value);
    }
  }
  if (key.empty()) {
    std::string names;
    for (const auto& name : list.merge_keys) names += (names.empty() ? "" : " ") + go_quoted(name);
    return bad("associative list with keys has an element that omits all key fields [" + names +
               "] (and doesn't have default values for any key fields)");
  }
  return Step::of_key(std::move(key));
}

// --- checking ----------------------------------------------------------------------------------------------------

namespace {

// Where the checker is. Its text is made only when there is a problem.
struct Place {
  const Place* above = nullptr;
  std::string_view field = {};
  const Step* step = nullptr;  // of a list instead of a field

  std::string text() const {
    if (above == nullptr) return "";
    return above->text() + (step == nullptr ? "." + std::string(field) : step->text());
  }
};

class Checker {
 public:
  explicit Checker(bool allow_duplicates) : allow_duplicates_(allow_duplicates) {}

  void check(const Type& type, const doc::Value& value, const Place& place) {
    switch (form_of(type, &value)) {
      case Form::scalar:
        return check_scalar(type, value, place);
      case Form::list:
        return check_list(type, value, place);
      case Form::map:
        return check_map(type, value, place);
    }
  }

  Result<> finish() const {
    if (problems_.empty()) return {};
    if (problems_.size() == 1) return fail(Code::invalid_argument, problems_.front());
    std::string text = "errors:";
    for (const auto& problem : problems_) text += "\n  " + problem;
    return fail(Code::invalid_argument, std::move(text));
  }

 private:
  void add(const Place& place, const std::string& problem) {
    const auto path = place.text();
    problems_.push_back(path.empty() ? problem : path + ": " + problem);
  }

  void check_scalar(const Type& type, const doc::Value& value, const Place& place) {
    if (value.is_null()) return;
    switch (type.shape) {
      case Shape::integer:
      case Shape::number:
        if (!value.is_number()) add(place, "expected numeric (int or float), got " + std::string(go_type_of(value)));
        return;
      case Shape::string:
      case Shape::bytes:
        if (!value.is_string()) {
          add(place, "expected string, got &value.valueUnstructured{Value:" + go_literal(value) + "}");
        }
        return;
      case Shape::boolean:
        if (!value.is_bool()) add(place, "expected boolean, got &{" + go_text(value) + "}");
        return;
      default:
        if (value.is_array() || value.is_object()) {
          add(place, "expected any scalar, got &{" + go_text(value) + "}");
        }
    }
  }

  void check_list(const Type& type, const doc::Value& value, const Place& place) {
    if (value.is_null()) return;
    if (!value.is_array()) return add(place, "expected list, got &{" + go_text(value) + "}");
    std::set<Step> seen;
    for (std::size_t i = 0; i < value.size(); ++i) {
      Step step{Step::Kind::index, {}, {}, static_cast<std::int64_t>(i)};
      if (type.merge == Merge::set || type.merge == Merge::by_key) {
        auto named = step_of(type, value[i]);
        if (!named) return add(place, "element " + std::to_string(i) + ": " + named.error().message);
        step = std::move(*named);
        if (!seen.insert(step).second && !allow_duplicates_) {
          add(place, "duplicate entries for key " + step.text());
        }
      }
      check(*element_type_of(type), value[i], {&place, {}, &step});
    }
  }

  void check_map(const Type& type, const doc::Value& value, const Place& place) {
    if (value.is_null()) return;
    if (!value.is_object()) return add(place, "expected map, got &{" + go_text(value) + "}");
    for (const auto& [name, member] : value.as_object()) {
      const Place below{&place, name};
      const auto* known = member_type(type, name);
      if (known == nullptr) return add(below, "field not declared in schema");
      check(*known, member, below);
    }
  }

  bool allow_duplicates_;
  std::vector<std::string> problems_;
};

}  // namespace

Result<> check_typed(const Type& type, const doc::Value& value, bool allow_duplicates) {
  Checker checker(allow_duplicates);
  checker.check(type, value, {});
  return checker.finish();
}

// --- paths of a value --------------------------------------------------------------------------------------------

namespace {

void collect(const Type& type, const doc::Value& value, const Step* self, FieldSet& parent);

void collect_list(const Type& type, const doc::Value& value, FieldSet& set) {
  std::vector<std::optional<Step>> steps;
  std::set<Step> seen, duplicates;
  for (const auto& element : value.as_array()) {
    auto step = step_of(type, element);
    steps.push_back(step ? std::optional(*step) : std::nullopt);
    if (step && !seen.insert(*step).second) duplicates.insert(*step);
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i]) {
      // An element that has lost its keys, while fields are taken out: it has no name, and still keeps its list.
      set.insert(Step{Step::Kind::index, {}, {}, {}});
      continue;
    }
    if (!duplicates.contains(*steps[i])) collect(*element_type_of(type), value[i], &*steps[i], set);
    set.insert(*steps[i]);
  }
}

void collect_map(const Type& type, const doc::Value& value, FieldSet& set) {
  for (const auto& [name, member] : value.as_object()) {
    const auto step = Step::field(name);
    const auto* known = member_type(type, name);
    if (known == nullptr) known = &deduced();
    collect(*known, member, &step, set);
    const bool is_bare = member.is_null() || (member.is_object() && member.size() == 0);
    if (is_bare || type.shape != Shape::object || type.find(name) == nullptr) set.insert(step);
  }
}

// `self` is null for the root, which is no path.
void collect(const Type& type, const doc::Value& value, const Step* self, FieldSet& parent) {
  const auto form = form_of(type, &value);
  if (form == Form::scalar || is_atomic(type, form)) {
    if (self != nullptr) parent.insert(*self);
    return;
  }
  FieldSet below;
  if (form == Form::list && value.is_array()) collect_list(type, value, below);
  if (form == Form::map && value.is_object()) collect_map(type, value, below);
  if (self == nullptr) {
    parent = std::move(below);
  } else if (!below.empty()) {
    parent.descend(*self) = std::move(below);
  }
}

}  // namespace

FieldSet fields_of(const Type& type, const doc::Value& value) {
  FieldSet set;
  collect(type, value, nullptr, set);
  return set;
}

// --- paths by schema ---------------------------------------------------------------------------------------------

namespace {

// The type below a step, for sets whose value is not at hand; nullptr when the schema knows nothing there.
const Type* type_below(const Type& type, const Step& step) {
  if (step.kind == Step::Kind::field) return type.shape == Shape::list ? nullptr : member_type(type, step.name);
  if (type.shape == Shape::any) return &deduced();
  return type.shape == Shape::list ? element_type_of(type) : nullptr;
}

void reconcile(const Type& type, const FieldSet* set, bool is_leaf, Path& path, FieldSet& gone, FieldSet& added) {
  if (type.shape == Shape::any) return;
  const auto form = form_of(type, nullptr);
  if (form == Form::scalar) return;
  if (!is_leaf && is_atomic(type, form)) {
    if (form == Form::map && (set == nullptr || set->empty())) return;
    gone.insert(path);
    added.insert(path);
    return;
  }
  if (set == nullptr) return;
  for (const auto& child : set->children()) {
    const auto* below = type_below(type, child.step);
    if (below == nullptr) continue;
    path.push_back(child.step);
    reconcile(*below, &child.set, false, path, gone, added);
    path.pop_back();
  }
}

}  // namespace

FieldSet with_named_parents(const Type& type, const FieldSet& set) {
  FieldSet result;
  for (const auto& member : set.members()) result.insert(member);
  for (const auto& child : set.children()) {
    const bool is_declared =
        child.step.kind == Step::Kind::field && type.shape == Shape::object && type.find(child.step.name) != nullptr;
    if (is_declared) result.insert(child.step);
    const auto* below = type_below(type, child.step);
    result.descend(child.step) = below == nullptr ? child.set : with_named_parents(*below, child.set);
  }
  return result;
}

FieldSet reconciled(const Type& type, const FieldSet& set) {
  FieldSet gone, added;
  Path path;
  reconcile(type, &set, false, path, gone, added);
  return gone.empty() ? set : set.without_below(gone).united(added);
}

}  // namespace slipway::objects::patch
