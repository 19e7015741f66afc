#pragma once
// Errors are values: a code for programs, a sentence for people, where it happened and what to do next.
// Not for control flow inside a function; not for what cannot happen (assert that).

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::core {

// What kind of failure, for programs. The names follow google.rpc.Code where it has one; http_status() maps them.
enum class Code : std::uint8_t {
  invalid_argument,   // the user's input; refused before anything happened
  unauthenticated,    // no or bad credentials
  permission_denied,  // known caller, not allowed
  not_found,
  already_exists,
  conflict,             // the object changed meanwhile; read again and retry
  failed_precondition,  // the system's state forbids it now
  gone,                 // a watch or page token is too old; list again
  resource_exhausted,   // disk, memory, quota, size limits
  cancelled,
  deadline_exceeded,
  unavailable,    // a peer or the network; retrying may help
  data_loss,      // stored bytes are not what was stored
  unimplemented,  // known, and deliberately not supported (yet)
  internal,       // an invariant of ours is broken
};

std::string_view name_of(Code code);  // "invalid_argument"
int http_status(Code code);           // 400, 401, ...

// A text that documents were parsed from; kept so that errors can show the line.
struct Source {
  std::string name;  // path as the user wrote it, or "<stdin>", "<request body>"
  std::string text;
};

// A place in a source. Line and column count from 1, columns in bytes; line 0 means "unknown".
struct Mark {
  std::shared_ptr<const Source> source;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t length = 1;  // how many bytes the caret line underlines

  bool known() const { return line != 0; }
  std::string render() const;  // "file:line:column", or "file", or ""
};

struct [[nodiscard]] Error {
  Code code = Code::internal;
  std::string message;        // one sentence, lower case, no full stop: `unknown field "setWieght"`
  std::string hint;           // what to do, may be empty: `did you mean "setWeight"?`
  std::string object;         // "Rollout production/support-assistant", "step deploy.2", may be empty
  Mark mark;                  // where in the user's file, when there is one
  std::vector<Error> causes;  // why, outermost first; or several problems found at once

  Error() = default;
  Error(Code c, std::string m, std::string h = {}) : code(c), message(std::move(m)), hint(std::move(h)) {}

  Error&& at(Mark m) && {
    mark = std::move(m);
    return std::move(*this);
  }
  Error&& on(std::string o) && {
    object = std::move(o);
    return std::move(*this);
  }
  Error&& because(Error cause) && {
    causes.push_back(std::move(cause));
    return std::move(*this);
  }

  // "file:1:2: message; hint" on one line, causes joined with ": ". For logs and status messages.
  std::string one_line() const;
  // For a person: the sentence, the source line with a caret, then the causes, indented.
  std::string render() const;
};

// True when retrying the same call later may succeed without anybody changing anything.
bool is_transient(const Error& error);

// All of `problems` as one error; a single problem is returned as it is. `problems` must not be empty.
Error join(std::vector<Error> problems);

// "errno 2: No such file or directory" as an Error: `what` says what was tried, with the path.
Error from_errno(int error_number, std::string what);

// The known name nearest to `given` (edit distance, at most a third of its length), or "" when none is near.
std::string nearest(std::string_view given, const std::vector<std::string>& known);

}  // namespace slipway::core
