#pragma once
// Incremental HTTP/1.1 parsers over llhttp, made strict: one spelling of a message or an error, never a guess, so
// that no proxy in front of us can see other message borders than we do. No sockets.

#include <llhttp.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/world/world.hpp"

namespace slipway::net {

struct RequestHead {
  std::string method;
  std::string target;
  core::Headers headers;
  int minor_version = 1;
  bool keep_alive = true;
  bool is_chunked = false;
  std::optional<std::uint64_t> content_length;
  bool has_body() const { return is_chunked || content_length.value_or(0) > 0; }
};

// One request after the other on one connection.
class RequestParser {
 public:
  static constexpr std::size_t max_head = 64 * 1024;
  static constexpr std::size_t max_headers = 200;

  RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  enum class Event {
    more,      // all of `input` was taken, and more is needed
    head,      // head() is filled; feed on for the body
    complete,  // the request ended; the rest of `input` is the next one's; call reset()
    failed,    // see failure(); the connection cannot be used further
  };
  // Takes bytes from the front of `input` up to the next event. Body bytes are appended to `body`.
  Event feed(std::string_view& input, std::string& body);
  void reset();

  RequestHead& head() { return head_; }
  bool is_idle() const { return stage_ == Stage::head && raw_head_.empty(); }  // between two requests

  struct Failure {
    int status = 400;
    std::string message;
  };
  const Failure& failure() const { return failure_; }

 private:
  enum class Stage { head, body };
  Event feed_head(std::string_view& input);
  Event feed_body(std::string_view& input, std::string& body);
  Event parse_head();
  Event check_head();
  Event fail_with(int status, std::string message);
  static llhttp_settings_t make_settings();

  llhttp_t parser_;
  Stage stage_ = Stage::head;
  std::string raw_head_;
  std::size_t lines_ = 0;
  std::size_t line_start_ = 0;
  RequestHead head_;
  Failure failure_;
  std::string* body_ = nullptr;  // during feed_body
  std::uint64_t body_bytes_ = 0;
  std::uint64_t wire_bytes_ = 0;  // of the body, with chunk sizes and trailers
  bool is_complete_ = false;
};

// One response.
class ResponseParser {
 public:
  static constexpr std::size_t max_head = 256 * 1024;
  using OnBody = std::function<bool(std::string_view)>;  // false ends the exchange: feed() then fails with cancelled

  ResponseParser(bool is_answer_to_head, OnBody on_body);
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // unavailable: not HTTP, or broken. Bytes after the end are left alone.
  core::Result<> feed(std::string_view bytes);
  // The peer closed. unavailable when the response is not complete without more bytes.
  core::Result<> finish();

  bool has_head() const { return has_head_; }
  bool is_complete() const { return is_complete_; }
  bool may_reuse_connection() const { return is_complete_ && keep_alive_ && !has_surplus_; }
  int status() const { return status_; }
  core::Headers& headers() { return headers_; }

 private:
  static llhttp_settings_t make_settings();
  void start();

  llhttp_t parser_;
  OnBody on_body_;
  bool is_answer_to_head_;
  bool has_head_ = false;
  bool is_complete_ = false;
  bool keep_alive_ = false;
  bool has_surplus_ = false;
  bool was_stopped_ = false;
  int status_ = 0;
  std::size_t head_bytes_ = 0;
  bool value_began_ = false;
  core::Headers headers_;
};

}  // namespace slipway::net
