#include "objects/validation/at.hpp"

#include <algorithm>
#include <ranges>

namespace slipway::objects::validation {

std::string At::path() const {
  std::vector<const Report::Node*> steps;
  for (std::uint32_t node = node_; node != 0; node = report_->nodes_[node].parent) {
    steps.push_back(&report_->nodes_[node]);
  }
  std::string text;
  for (const Report::Node* node : steps | std::views::reverse) {
    switch (node->step) {
      case Report::Step::field:
        if (!text.empty()) text += '.';
        text += node->name;
        break;
      case Report::Step::index:
        text.append("[").append(std::to_string(node->index)).append("]");
        break;
      case Report::Step::key:
        text.append("[").append(node->name).append("]");
        break;
    }
  }
  return text;
}

const doc::Object& At::members() const {
  static const doc::Object none;
  return value_->is_object() ? value_->as_object() : none;
}

bool At::must_be(Format format, std::string_view text) const {
  const Complaints complaints = format(text);
  for (const std::string& complaint : complaints) invalid(doc::Value(text), complaint);
  return complaints.empty();
}

bool At::must_not_be_negative() const {
  if (number() >= 0) return true;
  invalid(std::string(negative_sentence));
  return false;
}

bool At::must_be_positive() const {
  if (number() > 0) return true;
  invalid(value_->is_null() ? doc::Value(0) : *value_, "must be greater than zero");
  return false;
}

bool At::must_be_in_range(std::int64_t low, std::int64_t high) const {
  if (number() >= low && number() <= high) return true;
  invalid(value_->is_null() ? doc::Value(0) : *value_, in_range_sentence(low, high));
  return false;
}

bool At::must_be_given(std::string detail) const {
  if (!text().empty()) return true;
  required(std::move(detail));
  return false;
}

bool At::must_be_one_of(std::span<const std::string_view> supported) const {
  if (std::ranges::find(supported, text()) != supported.end()) return true;
  not_supported(supported);
  return false;
}

bool At::must_be_given_one_of(std::initializer_list<std::string_view> supported) const {
  if (!text().empty()) return must_be_one_of(supported);
  required();
  return false;
}

bool At::must_not_change(const At& old) const {
  if (is_same_as(old)) return true;
  invalid(std::string(immutable_sentence));
  return false;
}

bool At::must_be_port() const { return must_be_in_range(1, 65535); }

bool At::must_be_port_or_name() const { return value_->is_string() ? must_be(port_name) : must_be_port(); }

bool At::must_be_ip() const {
  if (ip_family(text()) != 0) return true;
  invalid(doc::Value(text()), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
  return false;
}

bool At::must_be_cidr() const {
  if (cidr_family(text()) != 0) return true;
  invalid(doc::Value(text()), "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
  return false;
}

namespace {
constexpr std::size_t few = 16;
}

bool Names::contains(std::string_view name) const {
  if (names_.size() > few) return index_.contains(name);
  return std::ranges::find(names_, name) != names_.end();
}

bool Names::add(std::string_view name) {
  if (contains(name)) return false;
  names_.push_back(name);
  if (names_.size() == few + 1) {
    index_.insert(names_.begin(), names_.end());
  } else if (names_.size() > few) {
    index_.insert(name);
  }
  return true;
}

Names names_in(const doc::Value& list, std::string_view field) {
  Names names;
  if (!list.is_array()) return names;
  for (const doc::Value& element : list.as_array()) {
    const doc::Value& text = field.empty() ? element : element[field];
    if (text.is_string()) names.add(text.as_string());
  }
  return names;
}

}  // namespace slipway::objects::validation
