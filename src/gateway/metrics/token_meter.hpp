#pragma once
// TokenMeter: sees a response body go by and notes when content came: the first, and each after it. For server-sent
// events of OpenAI's shapes (chat and completions) as well as for plain bodies. Keeps no text. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace slipway::gateway::metrics {

class TokenMeter {
 public:
  // `streamed`: the response's Content-Type is text/event-stream. A plain body's first byte is its first content.
  explicit TokenMeter(bool streamed) : streamed_(streamed) {}
  // Returns how many pieces of content these bytes completed.
  int feed(std::string_view bytes, core::Instant now);

  std::optional<core::Instant> first() const { return first_; }
  std::optional<core::Instant> last() const { return last_; }
  int count() const { return count_; }
  bool saw_done() const { return done_; }    // the event "[DONE]"
  bool saw_error() const { return error_; }  // an event with an "error" member: a failure inside a 200

 private:
  bool take_line(std::string_view line);
  bool streamed_;
  bool done_ = false, error_ = false;
  std::string line_;
  std::optional<core::Instant> first_, last_;
  int count_ = 0;
};

// Whether an event's data carries text for the user: a non-empty content, reasoning_content, text or arguments string.
bool has_content(std::string_view data);

}  // namespace slipway::gateway::metrics
