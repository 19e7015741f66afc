#pragma once
// What the API server and the stores of our own controllers share beside verbs/: keys, names, page tokens, errors, and
// what applying means where there is no server to ask. Knows nothing of tables, time sources or watchers.

#include "core/world/world.hpp"
#include "objects/object.hpp"

namespace slipway::objects {

// The key under which an object is stored: cluster-wide kinds have no namespace, a missing one is "default".
Name normalized(const Kind& kind, Name name);

// invalid_argument when the name, or the namespace, is not legal for the kind.
Result<> check_name(const Kind& kind, const Name& name);

// conflict when `given` says another uid or resourceVersion than is stored.
Result<> check_precondition(const Kind& kind, const Object& stored, const Object& given);

// What `given` says over `stored`: labels and annotations key by key, every other mentioned field as a whole; status
// and what only the server sets stay. Equal to `stored` when nothing changed. Errors of check_precondition().
Result<Object> applied(const Kind& kind, const Object& stored, const Object& given);

// A name that is made: `prefix`, shortened where the whole would not fit into a label, and five random characters.
std::string generated_name(std::string_view prefix, core::Random& random);

// Where a page of a list ended: what its continue token says, which is base64 of JSON {rv, ns, name, left}.
struct PageToken {
  std::int64_t version = 0;  // of all pages; 0: a page is of whatever is there when it is asked for
  Name last;
  std::int64_t left = 0;  // objects after it, when all are asked for
  std::string render() const;
  // invalid_argument
  static Result<PageToken> parse(std::string_view token);
};

// Errors in the words of a Kubernetes API server.
Error not_found_error(const Kind& kind, const Name& name);
Error already_exists_error(const Kind& kind, const Name& name);
Error conflict_error(const Kind& kind, const Name& name);

}  // namespace slipway::objects
