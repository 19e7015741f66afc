#pragma once
// At: a place in an object under validation: what stands there and how one comes to it. Rules walk from place to place
// and report problems where they are; a path becomes text only when there is a problem, so that an object without any
// costs little. For the rules of kinds; inside of validation.

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/quantity.hpp"
#include "objects/validation/formats.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::validation {

// What one validation collects. Outlives every At of it.
class Report {
 public:
  Report() { nodes_.reserve(256); }
  Problems problems;

 private:
  friend class At;
  enum class Step : std::uint8_t { field, index, key };
  struct Node {
    std::uint32_t parent = 0;
    std::uint32_t index = 0;
    Step step = Step::field;
    std::string_view name;
  };
  std::vector<Node> nodes_{{}};
};

// Small; pass it by value. Absent members are null values; every reader takes them for "not said".
class At {
 public:
  // The whole object; `report` and `object` outlive it and everything reached from it.
  At(const doc::Value& object, Report& report) : value_(&object), report_(&report) {}

  // A field: spec.replicas. `name` must be a literal or live as long as the object.
  At operator[](std::string_view name) const { return step(Report::Step::field, name, 0, (*value_)[name]); }
  // An element of a list: containers[0].
  At operator[](std::size_t index) const {
    return step(Report::Step::index, {}, static_cast<std::uint32_t>(index), (*value_)[index]);
  }
  // A member of a map: limits[cpu].
  At key(std::string_view name) const { return step(Report::Step::key, name, 0, (*value_)[name]); }
  // The same place with another value: to report what stands elsewhere.
  At with(const doc::Value& value) const {
    At other = *this;
    other.value_ = &value;
    return other;
  }

  const doc::Value& value() const { return *value_; }
  bool exists() const { return !value_->is_null(); }
  explicit operator bool() const { return exists(); }
  std::string_view text() const { return value_->is_string() ? std::string_view(value_->as_string()) : ""; }
  std::int64_t number(std::int64_t fallback = 0) const { return value_->is_int() ? value_->as_int() : fallback; }
  bool flag(bool fallback = false) const { return value_->is_bool() ? value_->as_bool() : fallback; }
  core::Quantity quantity() const { return core::Quantity::parse(value_->string_or("0")).value_or(core::Quantity()); }
  std::size_t size() const { return value_->size(); }
  bool empty() const { return size() == 0; }
  std::string path() const;  // "spec.containers[0].name"
  Report& report() const { return *report_; }
  bool is_same_as(const At& other) const { return *value_ == *other.value_; }

  // Elements of a list; none when it is no list.
  class Elements;
  Elements elements() const;
  // Members of an object or map, with their values.
  const doc::Object& members() const;

  void required(std::string detail = {}) const { add(validation::required(path(), std::move(detail))); }
  void invalid(std::string detail) const { add(validation::invalid(path(), *value_, std::move(detail))); }
  void invalid(const doc::Value& value, std::string detail) const {
    add(validation::invalid(path(), value, std::move(detail)));
  }
  // `shown`: the bad value as it is to be shown.
  void invalid_as(std::string shown, std::string detail) const {
    add({Reason::invalid, path(), std::move(shown), std::move(detail)});
  }
  void forbidden(std::string detail) const { add(validation::forbidden(path(), std::move(detail))); }
  void duplicate() const { add(validation::duplicate(path(), *value_)); }
  void duplicate(const doc::Value& value) const { add(validation::duplicate(path(), value)); }
  void not_found() const { add(validation::not_found(path(), shown_value())); }
  void not_supported(std::span<const std::string_view> supported) const {
    add(validation::not_supported(path(), shown_value(), supported));
  }
  void too_long(std::int64_t most) const { add(validation::too_long(path(), most)); }
  void too_many(std::int64_t most) const { add(validation::too_many(path(), static_cast<std::int64_t>(size()), most)); }
  void add(Problem problem) const { report_->problems.push_back(std::move(problem)); }

  // Rules that many fields share; each returns whether all is well.
  bool must_be(Format format) const { return must_be(format, text()); }
  bool must_be(Format format, std::string_view text) const;  // `text` reported here
  bool must_not_be_negative() const;
  bool must_be_positive() const;
  bool must_be_in_range(std::int64_t low, std::int64_t high) const;
  bool must_be_given(std::string detail = {}) const;  // a text that is not empty
  bool must_be_one_of(std::span<const std::string_view> supported) const;
  bool must_be_one_of(std::initializer_list<std::string_view> supported) const {
    return must_be_one_of(std::span<const std::string_view>(supported.begin(), supported.size()));
  }
  // required when empty, not_supported when another one.
  bool must_be_given_one_of(std::initializer_list<std::string_view> supported) const;
  bool must_not_change(const At& old) const;  // "field is immutable"
  bool must_be_port() const;                  // a number
  bool must_be_ip() const;
  bool must_be_cidr() const;
  bool must_be_port_or_name() const;

 private:
  At step(Report::Step how, std::string_view name, std::uint32_t index, const doc::Value& value) const {
    At next(value, *report_);
    next.node_ = static_cast<std::uint32_t>(report_->nodes_.size());
    report_->nodes_.push_back({node_, index, how, name});
    return next;
  }
  // A missing text reads as an empty one.
  doc::Value shown_value() const { return value_->is_null() ? doc::Value("") : *value_; }

  const doc::Value* value_;
  Report* report_;
  std::uint32_t node_ = 0;
};

class At::Elements {
 public:
  class Iterator {
   public:
    Iterator(const At& list, std::size_t index) : list_(&list), index_(index) {}
    At operator*() const { return (*list_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const At* list_;
    std::size_t index_;
  };
  explicit Elements(const At& list) : list_(list) {}
  Iterator begin() const { return {list_, 0}; }
  Iterator end() const { return {list_, list_.value().is_array() ? list_.size() : 0}; }

 private:
  At list_;
};
inline At::Elements At::elements() const { return Elements(*this); }

inline constexpr std::string_view negative_sentence = "must be greater than or equal to 0";
inline constexpr std::string_view immutable_sentence = "field is immutable";

// Names seen so far: in the order of a list of a few, by hash in a long one.
class Names {
 public:
  bool contains(std::string_view name) const;
  bool add(std::string_view name);  // false when it was there
  std::size_t size() const { return names_.size(); }
  const std::vector<std::string_view>& all() const { return names_; }

 private:
  std::vector<std::string_view> names_;
  std::unordered_set<std::string_view> index_;
};

// The texts of one field of a list's elements, or of the elements themselves when `field` is empty.
Names names_in(const doc::Value& list, std::string_view field);

}  // namespace slipway::objects::validation
