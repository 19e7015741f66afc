#include "objects/jsonpath/json_path.hpp"

#include <compare>

#include "objects/jsonpath/steps.hpp"
#include "objects/patch/go_text.hpp"

namespace slipway::objects::jsonpath {
namespace {

using Found = std::vector<const doc::Value*>;

std::unexpected<Error> bad(std::string message) { return fail(Code::invalid_argument, std::move(message)); }

Result<Found> follow(Found values, const std::vector<Step>& steps);

Result<> room_for_more(const Found& found) {
  if (found.size() <= JsonPath::kMaxFound) return {};
  return bad("more than " + std::to_string(JsonPath::kMaxFound) + " values found");
}

void append_children(const doc::Value& value, Found& to) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.as_object()) to.push_back(&member);
  } else if (value.is_array()) {
    for (const doc::Value& element : value.as_array()) to.push_back(&element);
  }
}

// The value itself and everything below it that holds something.
Result<> append_descendants(const doc::Value& value, Found& to) {
  if (value.is_string() && !value.as_string().empty()) to.push_back(&value);
  if (value.size() == 0) return {};
  to.push_back(&value);
  TRY(room_for_more(to));
  Found children;
  append_children(value, children);
  for (const doc::Value* child : children) TRY(append_descendants(*child, to));
  return {};
}

// False: nothing is wanted of this list, and of none behind it either.
Result<bool> append_slice(const doc::Value& list, const Slice& slice, Found& to) {
  const auto length = static_cast<std::int64_t>(list.size());
  const auto outside = [&](std::int64_t index) {
    return bad("array index out of bounds: index " + std::to_string(index) + ", length " + std::to_string(length));
  };
  std::int64_t start = slice.start.value_or(0);
  if (start < 0) start += length;
  std::int64_t end = slice.end.value_or(length);
  if (end < 0 || (end == 0 && slice.single)) end += length;
  if (start == end) return false;
  if (start < 0 || start >= length) return outside(start);
  if (end < 0 || end > length) return outside(end - 1);
  if (start > end) {
    return bad("starting index " + std::to_string(start) + " is greater than ending index " + std::to_string(end));
  }
  if (slice.step.value_or(1) <= 0) return bad("step must be > 0");
  for (std::int64_t i = start; i < end; i += slice.step.value_or(1)) to.push_back(&list[static_cast<std::size_t>(i)]);
  return true;
}

Result<std::partial_ordering> ordered(const doc::Value& a, const doc::Value& b, bool only_equality) {
  const auto comparable = [](const doc::Value& v) { return v.is_bool() || v.is_number() || v.is_string(); };
  if (!comparable(a) || !comparable(b)) return bad("invalid type for comparison");
  if (a.type() != b.type()) return bad("incompatible types for comparison");
  if (a.is_string()) return a.as_string() <=> b.as_string();
  if (a.is_int()) return a.as_int() <=> b.as_int();
  if (a.is_number()) return a.as_double() <=> b.as_double();
  if (!only_equality) return bad("invalid type for comparison");
  return a.as_bool() <=> b.as_bool();
}

Result<bool> holds(const doc::Value& a, Compare compare, const doc::Value& b) {
  const bool only_equality = compare == Compare::equal || compare == Compare::not_equal;
  TRY_ASSIGN(const auto order, ordered(a, b, only_equality));
  switch (compare) {
    case Compare::equal:
      return order == 0;
    case Compare::not_equal:
      return order != 0;
    case Compare::less:
      return order < 0;
    case Compare::less_equal:
      return order <= 0;
    case Compare::greater:
      return order > 0;
    case Compare::greater_equal:
      return order >= 0;
    case Compare::exists:
      break;
  }
  return true;
}

Result<bool> passes(const doc::Value& element, const Step& filter) {
  auto lefts = follow({&element}, filter.alternatives[0]);
  if (filter.compare == Compare::exists) return lefts && !lefts->empty();
  if (!lefts) return fail(std::move(lefts).error());
  if (lefts->empty()) return false;
  TRY_ASSIGN(const auto rights, follow({&element}, filter.alternatives[1]));
  if (lefts->size() > 1 || rights.size() > 1) return bad("can only compare one element at a time");
  if (rights.empty()) return false;
  return holds(*lefts->front(), filter.compare, *rights.front());
}

Result<> append_filtered(const doc::Value& value, const Step& filter, Found& to) {
  if (!value.is_array()) return bad(patch::go_text(value) + " is not array or slice and cannot be filtered");
  for (const doc::Value& element : value.as_array()) {
    TRY_ASSIGN(const bool pass, passes(element, filter));
    if (pass) to.push_back(&element);
  }
  return {};
}

Result<Found> follow(const Found& values, const Step& step) {
  Found found;
  if (step.what == Step::What::alternatives) {
    for (const auto& alternative : step.alternatives) {
      TRY_ASSIGN(const auto some, follow(values, alternative));
      found.insert(found.end(), some.begin(), some.end());
      TRY(room_for_more(found));
    }
    return found;
  }
  for (const doc::Value* value : values) {
    if (step.what == Step::What::literal) {
      found.push_back(&step.literal);
      continue;
    }
    if (step.what == Step::What::filter) {
      TRY(append_filtered(*value, step, found));
      continue;
    }
    if (value->is_null()) continue;
    if (step.what == Step::What::key) {
      const doc::Value* member = value->is_object() ? value->as_object().find(step.key) : nullptr;
      if (member != nullptr) found.push_back(member);
    } else if (step.what == Step::What::wildcard) {
      append_children(*value, found);
    } else if (step.what == Step::What::descent) {
      TRY(append_descendants(*value, found));
    } else {
      if (!value->is_array()) return bad(std::string(patch::go_type_of(*value)) + " is not array or slice");
      TRY_ASSIGN(const bool more, append_slice(*value, step.slice, found));
      if (!more) break;
    }
    TRY(room_for_more(found));
  }
  return found;
}

Result<Found> follow(Found values, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    TRY_ASSIGN(values, follow(values, step));
  }
  return values;
}

}  // namespace

Result<JsonPath> JsonPath::parse(std::string_view text) {
  TRY_ASSIGN(auto steps, parse_steps(text));
  JsonPath path;
  path.text_ = text;
  path.steps_ = std::make_shared<const std::vector<Step>>(std::move(steps));
  return path;
}

Result<std::vector<const doc::Value*>> JsonPath::find(const doc::Value& document) const {
  return follow({&document}, *steps_);
}

const doc::Value* JsonPath::find_first(const doc::Value& document) const {
  const auto found = find(document);
  return found && !found->empty() ? found->front() : nullptr;
}

}  // namespace slipway::objects::jsonpath
