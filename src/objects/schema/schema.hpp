#pragma once
// Schema: what the fields of a kind are: types, defaults, how lists merge, protobuf numbers. One table for everything
// that needs to know: strict decoding, defaulting, pruning, patches, field ownership, OpenAPI, explain, protobuf.
// Built-in kinds come from a generated table (builtin.hpp); CustomResourceDefinitions are compiled to the same types.
// Immutable once built, safe from any thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/doc.hpp"

namespace slipway::objects::crd {
struct Node;
}

namespace slipway::objects::schema {

enum class Shape : std::uint8_t {
  any,     // raw JSON: x-kubernetes-preserve-unknown-fields without a type, RawExtension, JSON
  object,  // named fields
  map,     // string keys, all values of type `element`
  list,    // of `element`
  string,
  integer,  // int32 or int64, see `format`
  number,
  boolean,
  int_or_string,  // a port or a percentage
  quantity,       // "500m"; written as string, read from numbers too
  time,           // RFC 3339, seconds
  micro_time,     // RFC 3339, microseconds
  duration,       // Go duration
  bytes,          // base64 in JSON
};

// How two lists, or two objects, of this type become one when they are applied or merged.
enum class Merge : std::uint8_t {
  atomic,    // replaced as a whole: the default for lists
  set,       // a list of scalars without order: union
  by_key,    // a list of objects told apart by `merge_keys`
  granular,  // an object or map, field by field: the default for those
};

struct Type;

struct Field {
  std::string name;
  const Type* type = nullptr;
  bool required = false;
  bool retain_keys = false;  // strategic merge: $retainKeys
  std::uint32_t number = 0;  // protobuf; 0: has none
  std::optional<core::doc::Value> default_value;
  // Strategic merge only; where it differs from `type` (patchStrategy, patchMergeKey are facts of the field).
  bool patch_merge = false;  // lists: merged, by `patch_merge_key` or as a set of scalars
  std::string patch_merge_key;
  bool patch_replace = false;  // objects: replaced as a whole
  // A zero (0, "", false, an empty list or map) is a value of its own: the field is a pointer in the Go API, or its
  // JSON always shows it. Elsewhere a zero means "not set", and protobuf writes it all the same.
  bool keep_zero = false;
  bool always_shown = false;  // in Go's JSON, with its zero (0, "", false, {}) where nothing was said
  std::string description;    // one short line of ours, for explain; may be empty
};

// Constraints of a CustomResourceDefinition's schema; built-in kinds are validated by code (validation/).
struct Constraints {
  std::optional<double> minimum, maximum, multiple_of;
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::optional<std::uint64_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
  std::string pattern;
  std::vector<core::doc::Value> enumeration;
  bool unique_items = false;
  // allOf, anyOf, oneOf, not: only constraints, no structure (structural schemas).
  core::doc::Value logic;
  std::vector<core::doc::Value>
      rules;                        // x-kubernetes-validations: {rule, message, messageExpression, reason, fieldPath}
  const crd::Node* node = nullptr;  // all of it compiled, for crd/validate.hpp; lives as long as the type
};

// How a type stands in protobuf where that is not what its shape says. Built-in kinds only.
enum class Wire : std::uint8_t {
  plain,
  wrapped,          // a list inside a message of its own: the value of a map
  schema_or_array,  // JSONSchemaProps, or what may stand in its place in JSON; `element` is JSONSchemaProps
  schema_or_bool,
  schema_or_strings,
};

struct Type {
  Shape shape = Shape::any;
  std::string name;                     // "io.k8s.api.core.v1.Pod", or "" for one inside another
  std::string format;                   // "int32", "int64", "double", "byte", "date-time", ...
  std::string description;              // one short line of ours, for explain; may be empty
  std::vector<Field> fields;            // shape object, sorted by name
  const Type* element = nullptr;        // shape list and map
  Merge merge = Merge::granular;        // lists: atomic unless said
  std::vector<std::string> merge_keys;  // Merge::by_key
  bool nullable = false;
  bool preserve_unknown = false;   // unknown fields are kept and are no mistake
  bool embedded_resource = false;  // apiVersion, kind and metadata are implied
  std::unique_ptr<Constraints> constraints;
  Wire wire = Wire::plain;
  // Protobuf only: messages inside this one whose fields are this one's own in JSON (embedded structs). `name` is
  // empty.
  std::vector<Field> inlined;

  const Field* find(std::string_view field) const;  // nullptr when there is none
};

}  // namespace slipway::objects::schema
