#include "core/doc.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/doc_scalar.hpp"
#include "core/error_text.hpp"

namespace slipway::core::doc {

namespace {

const Value& shared_null() {
  static const Value null;
  return null;
}

// Exact: an integer equals a number only when no digit differs.
bool equal(std::int64_t integer, double number) {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  if (!(number >= -limit && number < limit)) return false;
  return static_cast<std::int64_t>(number) == integer && std::trunc(number) == number;
}

// Most objects have a few members: room for one, then for two, would be made and left again.
void make_room(std::vector<Object::Member>& members) {
  constexpr std::size_t few = 4;
  if (members.size() == members.capacity()) members.reserve(std::max(few, 2 * members.size()));
}

}  // namespace

std::string_view name_of(Type type) {
  switch (type) {
    case Type::null:
      return "null";
    case Type::boolean:
      return "boolean";
    case Type::integer:
      return "integer";
    case Type::number:
      return "number";
    case Type::string:
      return "string";
    case Type::array:
      return "array";
    case Type::object:
      return "object";
  }
  return "null";
}

// --- Object ----------------------------------------------------------------------------------------------------

Object::Object() = default;
Object::Object(const Object&) = default;
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(const Object&) = default;
Object& Object::operator=(Object&&) noexcept = default;
Object::~Object() = default;

Object::Object(std::initializer_list<Member> members) {
  members_.reserve(members.size());
  for (const Member& member : members) set(member.first, member.second);
}

const Value* Object::find(std::string_view key) const {
  for (const Member& member : members_) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

Value* Object::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

Value& Object::operator[](std::string_view key) {
  if (Value* found = find(key)) return *found;
  make_room(members_);
  return members_.emplace_back(std::string(key), Value()).second;
}

void Object::set(std::string_view key, Value value) { (*this)[key] = std::move(value); }

void Object::append(std::string key, Value value) {
  make_room(members_);
  members_.emplace_back(std::move(key), std::move(value));
}

bool Object::erase(std::string_view key) {
  return std::erase_if(members_, [&](const Member& member) { return member.first == key; }) > 0;
}

std::size_t Object::size() const { return members_.size(); }
std::vector<Object::Member>::iterator Object::begin() { return members_.begin(); }
std::vector<Object::Member>::iterator Object::end() { return members_.end(); }
std::vector<Object::Member>::const_iterator Object::begin() const { return members_.begin(); }
std::vector<Object::Member>::const_iterator Object::end() const { return members_.end(); }

bool Object::operator==(const Object& other) const {
  if (members_.size() != other.members_.size()) return false;
  // Documents that came from the same writer have the same order.
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const Member& member = members_[i];
    const Value* theirs =
        other.members_[i].first == member.first ? &other.members_[i].second : other.find(member.first);
    if (!theirs || !(member.second == *theirs)) return false;
  }
  return true;
}

// --- Value -----------------------------------------------------------------------------------------------------

double Value::as_double() const {
  assert(is_number());
  return is_int() ? static_cast<double>(as_int()) : std::get<double>(data_);
}

std::string Value::string_or(std::string_view fallback) const {
  return is_null() || is_array() || is_object() ? std::string(fallback) : text_as_written(*this);
}

std::int64_t Value::int_or(std::int64_t fallback) const {
  if (is_int()) return as_int();
  if (type() != Type::number) return fallback;
  const double number = as_double();
  return number >= -9e18 && number <= 9e18 && std::trunc(number) == number ? static_cast<std::int64_t>(number)
                                                                           : fallback;
}

double Value::double_or(double fallback) const { return is_number() ? as_double() : fallback; }
bool Value::bool_or(bool fallback) const { return is_bool() ? as_bool() : fallback; }

const Value& Value::operator[](std::string_view key) const {
  if (!is_object()) return shared_null();
  const Value* found = as_object().find(key);
  return found ? *found : shared_null();
}

const Value& Value::operator[](std::size_t index) const {
  return is_array() && index < as_array().size() ? as_array()[index] : shared_null();
}

Value& Value::at_or_insert(std::string_view key) {
  if (is_null()) data_ = Object();
  return as_object()[key];
}

const Value& Value::at_path(std::string_view dotted) const {
  const Value* value = this;
  while (true) {
    const std::size_t dot = dotted.find('.');
    value = &(*value)[dotted.substr(0, dot)];
    if (dot == std::string_view::npos) return *value;
    dotted.remove_prefix(dot + 1);
  }
}

void Value::set_path(std::string_view dotted, Value value) {
  Value* target = this;
  while (true) {
    const std::size_t dot = dotted.find('.');
    if (!target->is_object()) *target = Object();
    target = &target->at_or_insert(dotted.substr(0, dot));
    if (dot == std::string_view::npos) break;
    dotted.remove_prefix(dot + 1);
  }
  *target = std::move(value);
}

std::size_t Value::size() const {
  if (is_array()) return as_array().size();
  return is_object() ? as_object().size() : 0;
}

Mark Value::key_mark() const {
  Mark mark;
  if (key_line_ == 0) return mark;
  mark.source = mark_.source;
  mark.line = key_line_;
  mark.column = key_column_;
  mark.length = key_length_;
  return mark;
}

void Value::set_key_mark(std::uint32_t line, std::uint32_t column, std::uint32_t length) {
  key_line_ = line;
  key_column_ = column;
  key_length_ = length;
}

bool Value::operator==(const Value& other) const {
  if (is_int() && other.type() == Type::number) return equal(as_int(), other.as_double());
  if (type() == Type::number && other.is_int()) return equal(other.as_int(), as_double());
  return data_ == other.data_;
}

}  // namespace slipway::core::doc
