#pragma once
// Parser: an incremental reader of one HTTP/1.1 message at a time, on llhttp with strict.hpp before it. Bytes in, a
// head and body bytes out. Knows no sockets; works alike for requests and responses.

#include <memory>

#include "core/result.hpp"
#include "gateway/http1/message.hpp"

namespace slipway::gateway::http1 {

class Parser {
 public:
  enum class Kind { request, response };
  explicit Parser(Kind kind);
  ~Parser();
  Parser(Parser&&) noexcept;
  Parser& operator=(Parser&&) noexcept;

  // For the next message: the response answers a HEAD request, so it has no body whatever it says.
  void expect_no_body();
  // Takes bytes up to the end of the head, or, once the head is done, of the message. Returns how many it took.
  // invalid_argument: malformed; unimplemented: well-formed and not spoken here; resource_exhausted: the head is too
  // large. After an error the connection is of no use.
  Result<std::size_t> feed(std::string_view bytes);
  // The peer closed. Fine between messages and for bodies that end with the connection; else data_loss.
  Result<> finish();

  bool started() const;  // some byte of the message has come
  bool head_done() const;
  bool done() const;                  // the whole message has come
  bool ends_with_connection() const;  // the body has no other end
  const Head& head() const;
  Head& head();
  // Body bytes decoded since the last call.
  std::string take_body();
  // Ready for the next message on the same connection.
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::gateway::http1
