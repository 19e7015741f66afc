#pragma once
// Value: a JSON or YAML document that knows where each part stood in its file. The one document type of the
// house; JSON libraries stay in doc_json.cpp and doc_yaml.cpp.

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/result.hpp"

namespace slipway::core::doc {

class Value;
using Array = std::vector<Value>;

// Members in the order of the file; keys are unique. Lookup is linear for small objects: these are configuration
// files and API objects, not data sets.
class Object {
 public:
  using Member = std::pair<std::string, Value>;
  Object();
  Object(std::initializer_list<Member> members);
  Object(const Object&);
  Object(Object&&) noexcept;
  Object& operator=(const Object&);
  Object& operator=(Object&&) noexcept;
  ~Object();

  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  Value& operator[](std::string_view key);      // inserts null at the end when absent
  void set(std::string_view key, Value value);  // replaces in place or appends
  void append(std::string key, Value value);    // for parsers: the key must be new, which is not checked
  bool erase(std::string_view key);
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  std::size_t size() const;
  bool empty() const { return size() == 0; }
  std::vector<Member>::iterator begin();
  std::vector<Member>::iterator end();
  std::vector<Member>::const_iterator begin() const;
  std::vector<Member>::const_iterator end() const;
  bool operator==(const Object& other) const;  // order does not count

 private:
  std::vector<Member> members_;
};

enum class Type : std::uint8_t { null, boolean, integer, number, string, array, object };
std::string_view name_of(Type type);  // "boolean", as in error messages

class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool b) : data_(b) {}
  Value(int i) : data_(std::int64_t{i}) {}
  Value(std::int64_t i) : data_(i) {}
  Value(std::uint32_t i) : data_(std::int64_t{i}) {}
  Value(std::uint64_t i) : data_(static_cast<std::int64_t>(i)) {}
  Value(double d) : data_(d) {}
  Value(const char* s) : data_(std::string(s)) {}
  Value(std::string_view s) : data_(std::string(s)) {}
  Value(std::string s) : data_(std::move(s)) {}
  Value(Array a) : data_(std::move(a)) {}
  Value(Object o) : data_(std::move(o)) {}

  Type type() const { return static_cast<Type>(data_.index()); }
  bool is_null() const { return type() == Type::null; }
  bool is_bool() const { return type() == Type::boolean; }
  bool is_int() const { return type() == Type::integer; }
  bool is_number() const { return type() == Type::integer || type() == Type::number; }
  bool is_string() const { return type() == Type::string; }
  bool is_array() const { return type() == Type::array; }
  bool is_object() const { return type() == Type::object; }

  // Unchecked: the type must be right (assert).
  bool as_bool() const { return std::get<bool>(data_); }
  std::int64_t as_int() const { return std::get<std::int64_t>(data_); }
  double as_double() const;  // integer or number
  const std::string& as_string() const { return std::get<std::string>(data_); }
  const Array& as_array() const { return std::get<Array>(data_); }
  Array& as_array() { return std::get<Array>(data_); }
  const Object& as_object() const { return std::get<Object>(data_); }
  Object& as_object() { return std::get<Object>(data_); }

  // Lenient readers for documents whose shape was validated already, or is somebody else's: a missing or
  // differently typed value gives the fallback.
  std::string string_or(std::string_view fallback) const;  // scalars are rendered: 8080 gives "8080"
  std::int64_t int_or(std::int64_t fallback) const;
  double double_or(double fallback) const;
  bool bool_or(bool fallback) const;

  // Member or element; a shared null Value when absent or not an object/array, so that chains are safe:
  // v["spec"]["replicas"].int_or(1).
  const Value& operator[](std::string_view key) const;
  const Value& operator[](std::size_t index) const;
  // The member, made on the way (null becomes an object).
  Value& at_or_insert(std::string_view key);
  // Follows "spec.template.labels"-like paths; keys with dots must use operator[].
  const Value& at_path(std::string_view dotted) const;
  void set_path(std::string_view dotted, Value value);  // makes objects on the way
  std::size_t size() const;                             // elements or members, 0 for scalars

  const Mark& mark() const { return mark_; }
  void set_mark(Mark mark) { mark_ = std::move(mark); }
  // Where this member's key stood, in the same source; unknown for elements and for documents made by programs.
  Mark key_mark() const;
  void set_key_mark(std::uint32_t line, std::uint32_t column, std::uint32_t length);
  bool operator==(const Value& other) const;  // marks do not count; 1 == 1.0

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
  Mark mark_;
  std::uint32_t key_line_ = 0;
  std::uint32_t key_column_ = 0;
  std::uint32_t key_length_ = 0;
};

// --- parsing and rendering -------------------------------------------------------------------------------------

// YAML 1.2 core schema, with the traps of configuration files handled: duplicate keys are errors, keys are always
// strings (`on:` stays "on"), plain yes/no/on/off stay strings (strict decoding refuses them where a bool is wanted
// and says why), 010 and 12:30 stay strings, anchors and `<<` merges are expanded (with a cap on the expansion).
// JSON is YAML: files ending in .json go here too when positions matter. Every document of the file; comments-only
// documents are skipped. On error: all duplicate keys at once, with positions.
Result<std::vector<Value>> parse_yaml_all(std::string_view text, std::string_view source_name);
// Exactly one document, else an error that says how many there are.
Result<Value> parse_yaml(std::string_view text, std::string_view source_name);
// RFC 8259, strict (no comments, no trailing commas, duplicate keys are errors), depth limit 200. For wire bodies:
// fast, and only errors carry a position, not the values.
Result<Value> parse_json(std::string_view text, std::string_view source_name = "<json>");

std::string render_json(const Value& value);            // compact
std::string render_json_pretty(const Value& value);     // two spaces
std::string render_json_canonical(const Value& value);  // RFC 8785: sorted keys; what digests are taken of
std::string render_yaml(const Value& value);            // block style; parse_yaml reads back the same value

// --- strict decoding -------------------------------------------------------------------------------------------

// Reads the members of one object and remembers which were asked for; finish() reports the unknown ones with the
// nearest known name, and every type error, all at once and with positions.
//   Decoder d(value, "spec");
//   auto name = d.required_string("name");
//   auto replicas = d.integer("replicas", 1, {0, 1000});
//   TRY(d.finish());
class Decoder {
 public:
  // `path` prefixes messages: "spec.strategy.canary". A non-object value is reported by finish().
  Decoder(const Value& value, std::string path);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  struct Range {
    std::int64_t low = INT64_MIN;
    std::int64_t high = INT64_MAX;
  };
  std::string required_string(std::string_view key);
  std::string string(std::string_view key, std::string_view fallback = "");       // numbers are refused: quote them
  std::string scalar_text(std::string_view key, std::string_view fallback = "");  // any scalar, as written
  std::int64_t integer(std::string_view key, std::int64_t fallback) { return integer(key, fallback, Range{}); }
  std::int64_t integer(std::string_view key, std::int64_t fallback, Range range);
  double number(std::string_view key, double fallback);
  bool boolean(std::string_view key, bool fallback);
  std::chrono::microseconds duration(std::string_view key, std::chrono::microseconds fallback);  // parse_duration
  std::string one_of(std::string_view key, const std::vector<std::string>& allowed, std::string_view fallback);
  std::map<std::string, std::string> string_map(std::string_view key);
  std::vector<std::string> string_list(std::string_view key);
  // The raw member (shared null when absent); counts as known.
  const Value& object(std::string_view key);
  const Value& array(std::string_view key);
  const Value& any(std::string_view key);
  bool has(std::string_view key) const;
  void ignore(std::string_view key);                                           // known, and deliberately not read
  void add(Error problem);                                                     // a check of the caller's own
  void add(std::string_view key, std::string message, std::string hint = {});  // at that member's position

  // All problems found, or nothing. Call once, last.
  Result<> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::core::doc
namespace slipway {
namespace doc = core::doc;
}
