#pragma once
// Value: what a CEL expression works with. Documents are borrowed, never copied: a list or map of a document is a
// pointer into it with what its type says. Immutable; cheap to copy.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/doc.hpp"
#include "expr/cel/type.hpp"

namespace slipway::expr::cel {

class Value;
struct MapEntries;

// Text or bytes, borrowed from a document or from the program, or owned.
struct Text {
  std::string_view view;
  std::shared_ptr<const std::string> owner;
};
struct Bytes {
  std::string_view view;
  std::shared_ptr<const std::string> owner;
};
struct Timestamp {  // years 1 to 9999
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;  // 0 to 999,999,999
  auto operator<=>(const Timestamp&) const = default;
};
struct List {
  const doc::Array* document = nullptr;  // borrowed, or
  Declared declared;                     // of the list itself
  std::shared_ptr<const std::vector<Value>> made;
  std::size_t size() const;
  Value at(std::size_t index) const;
};
struct Map {
  const doc::Object* document = nullptr;  // borrowed, or
  Declared declared;                      // of the map or object itself
  std::shared_ptr<const MapEntries> made;
  std::size_t size() const;
};
struct Optional {
  std::shared_ptr<const Value> held;  // null: none
};
struct TypeName {
  std::string name;
};
// A value of one of Kubernetes' libraries; see library/.
class Opaque {
 public:
  virtual ~Opaque() = default;
  virtual std::string_view type_name() const = 0;
  virtual bool equals(const Opaque& other) const = 0;
};
struct Failure {
  std::string message;
  std::uint32_t offset = 0;  // in the expression
  bool limit = false;        // the cost limit: nothing may go on after it
};

class Value {
 public:
  using Data = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, Text, Bytes, Timestamp,
                            std::chrono::nanoseconds, List, Map, Optional, TypeName, std::shared_ptr<const Opaque>,
                            std::shared_ptr<const Failure>>;
  Value() = default;  // null
  Value(bool b) : data_(b) {}
  Value(std::int64_t i) : data_(i) {}
  Value(std::uint64_t u) : data_(u) {}
  Value(double d) : data_(d) {}
  Value(Text text) : data_(std::move(text)) {}
  Value(Bytes bytes) : data_(std::move(bytes)) {}
  Value(Timestamp time) : data_(time) {}
  Value(std::chrono::nanoseconds duration) : data_(duration) {}
  Value(List list) : data_(std::move(list)) {}
  Value(Map map) : data_(std::move(map)) {}
  Value(Optional optional) : data_(std::move(optional)) {}
  Value(TypeName type) : data_(std::move(type)) {}
  Value(std::shared_ptr<const Opaque> opaque) : data_(std::move(opaque)) {}
  Value(const void*) = delete;
  static Value string(std::string text);
  static Value bytes(std::string bytes);
  static Value list(std::vector<Value> elements);
  static Value failure(std::string message);
  static Value failure_at(const Failure& failure, std::uint32_t offset);
  static Value cost_limit();
  // A document's value as its type says: a date-time is a Timestamp. Strings, lists and maps are borrowed. A value
  // that does not fit its type is taken as what it is in JSON, or is a failure (a date that is none).
  static Value of(const doc::Value& document, Declared declared = {});

  Kind kind() const;
  bool is_failure() const { return std::holds_alternative<std::shared_ptr<const Failure>>(data_); }
  const Failure& failure_of() const { return *std::get<std::shared_ptr<const Failure>>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool as_bool() const { return std::get<bool>(data_); }
  bool is_string() const { return std::holds_alternative<Text>(data_); }
  std::string_view as_string() const { return std::get<Text>(data_).view; }

  template <class T>
  const T* get() const {
    return std::get_if<T>(&data_);
  }
  const Data& data() const { return data_; }
  std::string type_name() const;  // "int", "google.protobuf.Timestamp", "map"

 private:
  Data data_;
};

// As JSON: timestamps and durations as text, bytes as base64. invalid_argument for what has no JSON form.
Result<doc::Value> to_document(const Value& value);

}  // namespace slipway::expr::cel
