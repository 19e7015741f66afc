#pragma once
// What a document is by its type: which fields are unknown or of the wrong type (in the words of a Kubernetes API
// server), what is left of it when it is kept, and what it gets where it says nothing. Pure; safe from any thread.
// Not for the rules of values (names, ranges, references): those are validation's.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "objects/schema/schema.hpp"

namespace slipway::objects::schema {

// --- strict decoding -------------------------------------------------------------------------------------------

struct Findings {
  // `unknown field "spec.foo"`, `duplicate field "data.a"`: refused, told or passed over as fieldValidation wants.
  std::vector<std::string> strict;
  // The first type error, refused always: `json: cannot unmarshal string into Go struct field
  // DeploymentSpec.spec.replicas of type int32`. Empty: none. Types without a name (those of custom resources) are
  // validation's to check.
  std::string mistyped;
};

// At most a hundred strict findings, in the order of the document.
Findings check(const doc::Value& value, const Type& type);

struct Body {
  doc::Value value;  // of members with the same key the last one counts, as in Go
  // Of a text with duplicates only: their paths ("data.a") and where they stand, and where every path stands first.
  struct Duplicate {
    std::string path;
    std::size_t offset = 0;
  };
  std::vector<Duplicate> duplicates;
  std::unordered_map<std::string, std::size_t> offsets;
};
// doc::parse_json() for which duplicate keys are findings and no errors.
Result<Body> parse_json_body(std::string_view text, std::string_view source_name = "<request body>");
// The duplicates among the findings, in the order of the text. Inside an unknown field nobody looks for them.
Findings check(const Body& body, const Type& type);

enum class FieldValidation : std::uint8_t { ignore, warn, strict };
// "Ignore", "Warn", "Strict"; "" is Warn, as the server has it.
Result<FieldValidation> parse_field_validation(std::string_view text);

// Warnings to send, or invalid_argument (400 BadRequest) with the server's sentence:
//   Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.foo"
// Patches say only what stands behind the colon: leave `kind` empty.
Result<std::vector<std::string>> judge(const Findings& findings, FieldValidation how, std::string_view version = {},
                                       std::string_view kind = {});

// --- what is kept ----------------------------------------------------------------------------------------------

// Unknown fields go, at every level.
void prune(doc::Value& value, const Type& type);

// As a server with Go structs writes back what it read: nulls go, zeros go where they mean "not set", quantities become
// strings in canonical form ("1000m" is "1"), times lose their zone. For built-in kinds; after check() found no type
// error, before apply_defaults().
void normalize(doc::Value& value, const Type& type);

// The members that a server with Go structs shows always, with their zeros: `resources: {}`, `status: {}`,
// `restartCount: 0`. For built-in kinds, between normalize() and apply_defaults(), which fills
// what appears here (a Pod without spec gets the defaults of one); what is there stays.
void show_zeros(doc::Value& value, const Type& type);

// What the server fills in: the defaults of the table, and those of Kubernetes' code for built-in kinds. Idempotent.
// Of custom resources, nulls that are no values (not nullable, without a default) go first. Not what needs other
// objects or the store: addresses, uids, service accounts.
void apply_defaults(doc::Value& value, const Type& type);

}  // namespace slipway::objects::schema
