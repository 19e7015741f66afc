#include "objects/patch/field_set.hpp"

#include <algorithm>

#include "objects/patch/go_text.hpp"

namespace slipway::objects::patch {
namespace {

int rank_of(const doc::Value& value) {
  switch (value.type()) {
    case doc::Type::integer:
    case doc::Type::number:
      return 0;
    case doc::Type::string:
      return 1;
    case doc::Type::boolean:
      return 2;
    case doc::Type::array:
      return 3;
    case doc::Type::object:
      return 4;
    default:
      return 5;
  }
}

std::strong_ordering compare_numbers(const doc::Value& left, const doc::Value& right) {
  if (left.is_int() && right.is_int()) return left.as_int() <=> right.as_int();
  const double l = left.as_double(), r = right.as_double();
  return l < r ? std::strong_ordering::less : r < l ? std::strong_ordering::greater : std::strong_ordering::equal;
}

std::string value_text(const doc::Value& value) {
  if (value.is_string()) return go_quoted(value.as_string());
  if (value.is_null()) return "null";
  return go_text(value);
}

struct ByStep {
  bool operator()(const FieldSet::Child& left, const Step& right) const { return left.step < right; }
};

}  // namespace

std::strong_ordering compare_values(const doc::Value& left, const doc::Value& right) {
  if (const auto ranks = rank_of(left) <=> rank_of(right); ranks != 0) return ranks;
  switch (left.type()) {
    case doc::Type::integer:
    case doc::Type::number:
      return compare_numbers(left, right);
    case doc::Type::string:
      return left.as_string() <=> right.as_string();
    case doc::Type::boolean:
      return left.as_bool() <=> right.as_bool();
    case doc::Type::array:
    case doc::Type::object:
      return doc::render_json_canonical(left) <=> doc::render_json_canonical(right);
    default:
      return std::strong_ordering::equal;
  }
}

Step Step::of_key(std::vector<std::pair<std::string, doc::Value>> key) {
  std::ranges::sort(key, {}, [](const auto& member) -> const std::string& { return member.first; });
  return {Kind::key, {}, std::move(key), {}};
}

std::weak_ordering Step::operator<=>(const Step& other) const {
  if (const auto kinds = kind <=> other.kind; kinds != 0) return kinds;
  if (kind == Kind::field) return name <=> other.name;
  if (kind != Kind::key) return compare_values(value, other.value);
  for (std::size_t i = 0; i < key.size() && i < other.key.size(); ++i) {
    if (const auto names = key[i].first <=> other.key[i].first; names != 0) return names;
    if (const auto values = compare_values(key[i].second, other.key[i].second); values != 0) return values;
  }
  return key.size() <=> other.key.size();
}

std::string Step::text() const {
  if (kind == Kind::field) return "." + name;
  if (kind == Kind::value) return "[=" + value_text(value) + "]";
  if (kind == Kind::index) return "[" + value_text(value) + "]";
  std::string text;
  for (const auto& [member, wanted] : key) text += (text.empty() ? "" : ",") + member + "=" + value_text(wanted);
  return "[" + text + "]";
}

std::string text_of(const Path& path) {
  std::string text;
  for (const auto& step : path) text += step.text();
  return text;
}

FieldSet::FieldSet(const std::vector<Path>& paths) {
  for (const auto& path : paths) insert(path);
}

void FieldSet::insert(const Path& path) {
  if (path.empty()) return;
  auto* at = this;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) at = &at->descend(path[i]);
  at->insert(path.back());
}

void FieldSet::insert(Step member) {
  const auto at = std::ranges::lower_bound(members_, member);
  if (at == members_.end() || *at != member) members_.insert(at, std::move(member));
}

FieldSet& FieldSet::descend(const Step& step) {
  auto at = std::lower_bound(children_.begin(), children_.end(), step, ByStep{});
  if (at == children_.end() || at->step != step) at = children_.insert(at, Child{step, {}});
  return at->set;
}

const FieldSet* FieldSet::find(const Step& step) const {
  const auto at = std::lower_bound(children_.begin(), children_.end(), step, ByStep{});
  return at != children_.end() && at->step == step ? &at->set : nullptr;
}

bool FieldSet::has(const Step& member) const { return std::ranges::binary_search(members_, member); }

bool FieldSet::has(const Path& path) const {
  if (path.empty()) return false;
  const auto* at = this;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    at = at->find(path[i]);
    if (at == nullptr) return false;
  }
  return at->has(path.back());
}

bool FieldSet::empty() const {
  return members_.empty() && std::ranges::all_of(children_, [](const Child& child) { return child.set.empty(); });
}

std::size_t FieldSet::size() const {
  std::size_t count = members_.size();
  for (const auto& child : children_) count += child.set.size();
  return count;
}

void FieldSet::append(const Step& step, FieldSet below) {
  if (!below.empty()) children_.push_back({step, std::move(below)});
}

FieldSet FieldSet::united(const FieldSet& other) const {
  FieldSet result;
  std::ranges::set_union(members_, other.members_, std::back_inserter(result.members_));
  auto left = children_.begin();
  auto right = other.children_.begin();
  while (left != children_.end() || right != other.children_.end()) {
    if (right == other.children_.end() || (left != children_.end() && left->step < right->step)) {
      result.append(left->step, left->set);
      ++left;
    } else if (left == children_.end() || right->step < left->step) {
      result.append(right->step, right->set);
      ++right;
    } else {
      result.append(left->step, left->set.united(right->set));
      ++left;
      ++right;
    }
  }
  return result;
}

FieldSet FieldSet::intersected(const FieldSet& other) const {
  FieldSet result;
  std::ranges::set_intersection(members_, other.members_, std::back_inserter(result.members_));
  for (const auto& child : children_) {
    if (const auto* below = other.find(child.step)) result.append(child.step, child.set.intersected(*below));
  }
  return result;
}

FieldSet FieldSet::without(const FieldSet& other) const {
  FieldSet result;
  std::ranges::set_difference(members_, other.members_, std::back_inserter(result.members_));
  for (const auto& child : children_) {
    const auto* below = other.find(child.step);
    result.append(child.step, below == nullptr ? child.set : child.set.without(*below));
  }
  return result;
}

FieldSet FieldSet::without_below(const FieldSet& other) const {
  FieldSet result;
  std::ranges::set_difference(members_, other.members_, std::back_inserter(result.members_));
  for (const auto& child : children_) {
    if (other.has(child.step)) continue;
    const auto* below = other.find(child.step);
    result.append(child.step, below == nullptr ? child.set : child.set.without_below(*below));
  }
  return result;
}

void FieldSet::for_each(const std::function<void(const Path&)>& visitor) const {
  Path prefix;
  visit(prefix, visitor);
}

void FieldSet::visit(Path& prefix, const std::function<void(const Path&)>& visitor) const {
  for (const auto& member : members_) {
    prefix.push_back(member);
    visitor(prefix);
    prefix.pop_back();
  }
  for (const auto& child : children_) {
    prefix.push_back(child.step);
    child.set.visit(prefix, visitor);
    prefix.pop_back();
  }
}

bool FieldSet::operator==(const FieldSet& other) const {
  return members_ == other.members_ &&
         std::ranges::equal(children_, other.children_, [](const Child& left, const Child& right) {
           return left.step == right.step && left.set == right.set;
         });
}

}  // namespace slipway::objects::patch
