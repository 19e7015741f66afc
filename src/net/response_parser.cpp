#include "net/impl/parser.hpp"
#include "net/impl/text.hpp"

namespace slipway::net {
namespace {

ResponseParser& parser_of(llhttp_t* parser) { return *static_cast<ResponseParser*>(parser->data); }

}  // namespace

llhttp_settings_t ResponseParser::make_settings() {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
    auto& self = parser_of(p);
    if (self.has_head_) return 0;  // a trailer
    if (self.headers_.empty() || self.value_began_) self.headers_.emplace_back();
    self.value_began_ = false;
    self.headers_.back().first.append(at, n);
    return 0;
  };
  settings.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
    auto& self = parser_of(p);
    if (self.has_head_) return 0;
    self.value_began_ = true;
    self.headers_.back().second.append(at, n);
    return 0;
  };
  settings.on_header_value_complete = [](llhttp_t* p) {
    parser_of(p).value_began_ = true;
    return 0;
  };
  settings.on_headers_complete = [](llhttp_t* p) {
    auto& self = parser_of(p);
    if (p->status_code / 100 == 1) return 1;  // interim: the real answer follows
    self.status_ = p->status_code;
    self.has_head_ = true;
    return self.is_answer_to_head_ || has_no_body(self.status_) ? 1 : 0;  // 1: no body whatever the headers say
  };
  settings.on_body = [](llhttp_t* p, const char* at, std::size_t n) {
    auto& self = parser_of(p);
    if (self.on_body_(std::string_view(at, n))) return 0;
    self.was_stopped_ = true;
    return static_cast<int>(HPE_USER);
  };
  settings.on_message_complete = [](llhttp_t* p) {
    auto& self = parser_of(p);
    if (self.has_head_) {
      self.is_complete_ = true;
      self.keep_alive_ = llhttp_should_keep_alive(p) == 1;
    }
    return static_cast<int>(HPE_PAUSED);
  };
  return settings;
}

ResponseParser::ResponseParser(bool is_answer_to_head, OnBody on_body)
    : on_body_(std::move(on_body)), is_answer_to_head_(is_answer_to_head) {
  start();
}

void ResponseParser::start() {
  static const llhttp_settings_t settings = make_settings();
  llhttp_init(&parser_, HTTP_RESPONSE, &settings);
  parser_.data = this;
  headers_.clear();
  value_began_ = false;
}

core::Result<> ResponseParser::feed(std::string_view bytes) {
  while (!bytes.empty() && !is_complete_) {
    if (!has_head_) head_bytes_ += bytes.size();
    const llhttp_errno_t error = llhttp_execute(&parser_, bytes.data(), bytes.size());
    if (was_stopped_) return fail(Code::cancelled, "the receiver wants no more");
    if (!has_head_ && head_bytes_ > max_head) return fail(Code::unavailable, "the peer's answer has too large a head");
    if (error == HPE_OK) return {};
    if (error != HPE_PAUSED && error != HPE_PAUSED_UPGRADE) {
      const char* reason = llhttp_get_error_reason(&parser_);
      return fail(Code::unavailable,
                  std::string("the peer's answer is not HTTP: ") + (reason != nullptr ? reason : ""));
    }
    bytes.remove_prefix(static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - bytes.data()));
    if (!is_complete_) start();  // after an interim answer
  }
  if (!bytes.empty()) has_surplus_ = true;
  return {};
}

core::Result<> ResponseParser::finish() {
  if (is_complete_) return {};
  if (has_head_ && llhttp_message_needs_eof(&parser_) == 1) {
    is_complete_ = true;
    return {};
  }
  return fail(Code::unavailable, has_head_ ? "the peer closed the connection in the middle of its answer"
                                           : "the peer closed the connection without an answer");
}

}  // namespace slipway::net
