// Two values of one type side by side: what differs, one over the other, and a value less some paths.

#include <algorithm>
#include <map>
#include <set>

#include "objects/patch/typed.hpp"

namespace slipway::objects::patch {

using schema::Type;

namespace {

const doc::Value* array_or_null(const doc::Value* value) {
  return value != nullptr && value->is_array() ? value : nullptr;
}
const doc::Value* object_or_null(const doc::Value* value) {
  return value != nullptr && value->is_object() ? value : nullptr;
}
std::size_t size_of(const doc::Value* value) { return value == nullptr ? 0 : value->size(); }

const Type& member_type_or_any(const Type& type, std::string_view name) {
  static const Type any;
  const auto* known = member_type(type, name);
  return known == nullptr ? any : *known;
}

// --- compare -----------------------------------------------------------------------------------------------------

class Comparer {
 public:
  Difference difference;

  // At least one of the two is not null.
  void compare(const Type& type, const doc::Value* before, const doc::Value* after) {
    bool is_leaf = false;
    if (after == nullptr) {
      is_leaf = compare_as(form_of(type, before), type, before, after);
    } else {
      const auto form = form_of(type, after);
      // A value of an unknown type that changed its form went away as the one and came as the other.
      if (before != nullptr && form_of(type, before) != form) compare_as(form_of(type, before), type, before, after);
      is_leaf = compare_as(form, type, before, after);
    }
    if (is_leaf) return;
    if (before == nullptr) difference.added.insert(path_);
    if (after == nullptr) difference.removed.insert(path_);
  }

 private:
  // True when the two were compared as one leaf.
  bool compare_as(Form form, const Type& type, const doc::Value* before, const doc::Value* after) {
    if (form == Form::scalar || is_atomic(type, form)) return compare_leaf(before, after);
    const auto* left = form == Form::list ? array_or_null(before) : object_or_null(before);
    const auto* right = form == Form::list ? array_or_null(after) : object_or_null(after);
    if (size_of(left) == 0 && size_of(right) == 0) return compare_leaf(before, after);
    if (form == Form::list) {
      compare_lists(type, left, right);
    } else {
      compare_maps(type, left, right);
    }
    return false;
  }

  bool compare_leaf(const doc::Value* before, const doc::Value* after) {
    if (before == nullptr) {
      difference.added.insert(path_);
    } else if (after == nullptr) {
      difference.removed.insert(path_);
    } else if (!(*before == *after)) {
      difference.modified.insert(path_);
    }
    return true;
  }

  void compare_maps(const Type& type, const doc::Value* left, const doc::Value* right) {
    if (left != nullptr) {
      for (const auto& [name, value] : left->as_object()) {
        const auto* other = right == nullptr ? nullptr : right->as_object().find(name);
        if (other != nullptr && value == *other) continue;  // most of an object, and steps are dear
        below(Step::field(name), member_type_or_any(type, name), &value, other);
      }
    }
    if (right == nullptr) return;
    for (const auto& [name, value] : right->as_object()) {
      if (left != nullptr && left->as_object().contains(name)) continue;
      below(Step::field(name), member_type_or_any(type, name), nullptr, &value);
    }
  }

  struct Both {
    std::vector<const doc::Value*> before, after;
  };

  void compare_lists(const Type& type, const doc::Value* left, const doc::Value* right) {
    std::map<Step, Both> elements;
    const auto index = [&](const doc::Value* list, std::vector<const doc::Value*> Both::* side) {
      if (list == nullptr) return;
      for (const auto& element : list->as_array()) {
        if (auto step = step_of(type, element)) (elements[std::move(*step)].*side).push_back(&element);
      }
    };
    index(left, &Both::before);
    index(right, &Both::after);
    for (const auto& [step, both] : elements) compare_elements(step, *element_type_of(type), both);
  }

  // Duplicates, which stored objects may have, are owned together, under the one name that they share.
  void compare_elements(const Step& step, const Type& type, const Both& both) {
    const auto first = [](const auto& list) { return list.empty() ? nullptr : list.front(); };
    if (both.before.size() <= 1 && both.after.size() <= 1) {
      below(step, type, first(both.before), first(both.after));
      return;
    }
    if (both.before.size() >= 2 && both.after.size() >= 2) {
      const bool is_same = std::ranges::equal(both.before, both.after,
                                              [](const auto* one, const auto* other) { return *one == *other; });
      if (!is_same) insert_below(difference.modified, step);
    } else if (both.before.size() >= 2) {
      if (!both.after.empty()) below(step, type, nullptr, both.after.front());
      insert_below(difference.removed, step);
    } else {
      if (!both.before.empty()) below(step, type, both.before.front(), nullptr);
      insert_below(difference.added, step);
    }
  }

  void below(Step step, const Type& type, const doc::Value* before, const doc::Value* after) {
    path_.push_back(std::move(step));
    compare(type, before, after);
    path_.pop_back();
  }

  void insert_below(FieldSet& set, const Step& step) {
    path_.push_back(step);
    set.insert(path_);
    path_.pop_back();
  }

  Path path_;
};

// --- merge -------------------------------------------------------------------------------------------------------

Result<std::optional<doc::Value>> merge(const Type& type, const doc::Value* base, const doc::Value* over);

Result<std::optional<doc::Value>> merge_maps(const Type& type, const doc::Value* base, const doc::Value* over) {
  doc::Object result;
  if (base != nullptr) {
    for (const auto& [name, value] : base->as_object()) {
      const auto* other = over == nullptr ? nullptr : over->as_object().find(name);
      TRY_ASSIGN(auto member, merge(member_type_or_any(type, name), &value, other));
      if (member) result.append(name, std::move(*member));
    }
  }
  if (over != nullptr) {
    for (const auto& [name, value] : over->as_object()) {
      if (base != nullptr && base->as_object().contains(name)) continue;
      TRY_ASSIGN(auto member, merge(member_type_or_any(type, name), nullptr, &value));
      if (member) result.append(name, std::move(*member));
    }
  }
  if (result.empty()) return std::nullopt;
  return doc::Value(std::move(result));
}

struct Indexed {
  std::vector<Step> steps;
  std::map<Step, const doc::Value*> elements;  // null for one that stands there twice

  const doc::Value* find(const Step& step) const {
    const auto found = elements.find(step);
    return found == elements.end() ? nullptr : found->second;
  }
  bool has(const Step& step) const { return elements.contains(step); }
};

Result<Indexed> index_list(const Type& type, const doc::Value* list, bool allow_duplicates) {
  Indexed indexed;
  if (list == nullptr) return indexed;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto step = step_of(type, (*list)[i]);
    if (!step) {
      return fail(Code::invalid_argument, "element " + std::to_string(i) + ": " + step.error().message);
    }
    const auto [place, is_new] = indexed.elements.emplace(*step, &(*list)[i]);
    if (!is_new) {
      if (!allow_duplicates) return fail(Code::invalid_argument, "duplicate entries for key " + step->text());
      place->second = nullptr;
    }
    indexed.steps.push_back(std::move(*step));
  }
  return indexed;
}

// The order: elements that both have stand as in `over`; the rest keeps its place between its neighbours, base's
// before over's.
Result<std::optional<doc::Value>> merge_lists(const Type& type, const doc::Value* base, const doc::Value* over) {
  TRY_ASSIGN(const auto right, index_list(type, over, false));
  TRY_ASSIGN(const auto left, index_list(type, base, true));
  const auto& element_type = *element_type_of(type);
  std::vector<const Step*> shared;
  for (const auto& step : right.steps) {
    if (left.has(step)) shared.push_back(&step);
  }
  std::size_t next_shared = 0;
  std::set<Step> done;
  doc::Array result;
  const auto emit = [&](const doc::Value* one, const doc::Value* other) -> Result<> {
    TRY_ASSIGN(auto element, merge(element_type, one, other));
    if (element) result.push_back(std::move(*element));
    return {};
  };
  const auto emit_over = [&](const Step& step) -> Result<> {
    done.insert(step);
    return emit(left.find(step), right.find(step));
  };
  std::size_t l = 0, r = 0;
  while (l < left.steps.size() || r < right.steps.size()) {
    if (l < left.steps.size() && r < right.steps.size()) {
      const auto& step = left.steps[l];
      if (step == right.steps[r]) {
        TRY(emit_over(step));
        ++l, ++r, ++next_shared;
        continue;
      }
      if (right.has(step) && next_shared < shared.size() && *shared[next_shared] != step) {
        ++l;  // comes where `over` wants it
        continue;
      }
    }
    if (l < left.steps.size()) {
      const auto& step = left.steps[l];
      if (!right.has(step)) {
        TRY(emit(&(*base)[l], nullptr));
        ++l;
        continue;
      }
      if (done.contains(step)) ++l;
    }
    if (r < right.steps.size()) {
      const auto& step = right.steps[r++];
      TRY(emit_over(step));
      if (next_shared < shared.size() && *shared[next_shared] == step) ++next_shared;
    }
  }
  if (result.empty()) return std::nullopt;
  return doc::Value(std::move(result));
}

Result<std::optional<doc::Value>> merge(const Type& type, const doc::Value* base, const doc::Value* over) {
  const auto* given = over != nullptr ? over : base;
  if (given == nullptr) return std::nullopt;
  const auto form = form_of(type, given);
  const auto* left = form == Form::list ? array_or_null(base) : object_or_null(base);
  const auto* right = form == Form::list ? array_or_null(over) : object_or_null(over);
  const bool is_leaf = form == Form::scalar || is_atomic(type, form) || (size_of(left) == 0 && size_of(right) == 0);
  if (is_leaf) return *given;
  return form == Form::list ? merge_lists(type, left, right) : merge_maps(type, left, right);
}

}  // namespace

Difference compare(const Type& type, const doc::Value& before, const doc::Value& after) {
  Comparer comparer;
  comparer.compare(type, &before, &after);
  return std::move(comparer.difference);
}

Result<doc::Value> merged(const Type& type, const doc::Value& base, const doc::Value& over) {
  TRY_ASSIGN(auto result, merge(type, &base, &over));
  return result ? std::move(*result) : doc::Value();
}

doc::Value without_fields(const Type& type, const doc::Value& value, const FieldSet& fields) {
  const auto form = form_of(type, &value);
  if (form == Form::scalar) return value;
  if (is_atomic(type, form)) return {};
  if (form == Form::map && value.is_object()) {
    doc::Object kept;
    for (const auto& [name, member] : value.as_object()) {
      const auto step = Step::field(name);
      if (fields.has(step)) continue;
      const auto* below = fields.find(step);
      kept.append(name, below == nullptr || below->empty()
                            ? member
                            : without_fields(member_type_or_any(type, name), member, *below));
    }
    return kept.empty() ? doc::Value() : doc::Value(std::move(kept));
  }
  if (form != Form::list || !value.is_array()) return {};
  doc::Array kept;
  for (const auto& element : value.as_array()) {
    const auto step = step_of(type, element);
    if (step && fields.has(*step)) continue;
    const auto* below = step ? fields.find(*step) : nullptr;
    kept.push_back(below == nullptr || below->empty() ? element
                                                      : without_fields(*element_type_of(type), element, *below));
  }
  return kept.empty() ? doc::Value() : doc::Value(std::move(kept));
}

}  // namespace slipway::objects::patch
