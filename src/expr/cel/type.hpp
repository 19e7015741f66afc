#pragma once
// Type: what is known of a CEL value before it exists; and TypeSource, through which the schemas of another room
// (a CustomResourceDefinition's, a built-in kind's) are types here without being copied.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::expr::cel {

enum class Kind : std::uint8_t {
  dyn,  // anything: decided when it is evaluated. int-or-string, raw JSON, the `object` of admission policies
  null,
  boolean,
  integer,    // int64
  uinteger,   // uint64
  number,     // double
  string,     // also quantities: they are text until quantity() is called
  bytes,      // a base64 string in a document
  timestamp,  // a string in a document, RFC 3339 or a date
  duration,   // a string in a document, as Go writes it
  list,
  map,     // string keys in documents
  object,  // named fields; another is a mistake when the expression is compiled
  // Below: values that only expressions make.
  type,
  optional,
  parameter,  // a type parameter of a function's signature
  opaque,     // quantity, url, ip, cidr, semver, format, authorizer: told apart by name
};

// How the elements of a list are told apart (x-kubernetes-list-type); it changes what == and + mean.
enum class Uniqueness : std::uint8_t {
  none,    // a list as it stands: atomic
  set,     // the same elements in any order are equal; joining leaves out what is there
  by_key,  // the same, for objects told apart by some of their fields; joining replaces
};

// Types of another room, each known by a handle that means something to that room only. Pure, immutable and safe
// from any thread; must outlive every Type, Program and Value made from it. Handles given back are never null unless
// said; the kinds given are dyn ... object.
class TypeSource {
 public:
  using Handle = const void*;
  virtual ~TypeSource() = default;
  virtual Kind kind(Handle type) const = 0;
  virtual Handle element(Handle type) const = 0;  // of a list, or the values of a map
  // The field of an object by its JSON name, unescaped ("x-y"); nullptr when an expression may not read it (unknown
  // to the schema, or without a type).
  virtual Handle field(Handle type, std::string_view name) const = 0;
  // The most elements of a list, members of a map, characters of a string; 0: not said. For cost estimates only.
  virtual std::uint64_t max_size(Handle) const { return 0; }
  virtual Uniqueness uniqueness(Handle) const { return Uniqueness::none; }
  // The fields that tell the elements of a by_key list apart, by their JSON names.
  virtual const std::vector<std::string>& keys(Handle) const;
};

// What a document's value is declared as; without a source it is dyn.
struct Declared {
  const TypeSource* source = nullptr;
  TypeSource::Handle handle = nullptr;
  Kind kind() const { return source == nullptr ? Kind::dyn : source->kind(handle); }
  Declared element() const { return source == nullptr ? Declared{} : Declared{source, source->element(handle)}; }
  bool operator==(const Declared&) const = default;
};

// A value; cheap to copy.
class Type {
 public:
  Type() = default;  // dyn
  Type(Kind kind) : kind_(kind) {}
  static Type of(Declared declared);  // lists and maps keep their source, objects are read when asked
  static Type list(Type element);
  static Type map(Type key, Type value);
  static Type optional(Type of);
  static Type type(Type of);
  static Type opaque(std::string_view name);     // "kubernetes.URL"
  static Type parameter(std::string_view name);  // "A"

  Kind kind() const { return kind_; }
  bool is_dyn() const { return kind_ == Kind::dyn; }
  const std::string& name() const { return name_; }
  // list: the element; map: key, value; optional and type: what it holds.
  const Type& part(std::size_t index) const { return (*parts_)[index]; }
  std::size_t parts() const { return parts_ == nullptr ? 0 : parts_->size(); }
  const Declared& declared() const { return declared_; }  // of an object; of a list, map or string where known
  std::string render() const;                             // "list(string)", "object", as in error messages

 private:
  Kind kind_ = Kind::dyn;
  std::string name_;
  Declared declared_;
  std::shared_ptr<const std::vector<Type>> parts_;
};

}  // namespace slipway::expr::cel
