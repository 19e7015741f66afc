#include <algorithm>

#include "core/text.hpp"
#include "net/headers.hpp"
#include "net/impl/parser.hpp"
#include "net/impl/text.hpp"

namespace slipway::net {
namespace {

RequestParser& parser_of(llhttp_t* parser) { return *static_cast<RequestParser*>(parser->data); }

}  // namespace

// The callbacks reach private members, so they are lambdas of a member.
llhttp_settings_t RequestParser::make_settings() {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_url = [](llhttp_t* p, const char* at, std::size_t n) {
    parser_of(p).head_.target.append(at, n);
    return 0;
  };
  settings.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
    auto& self = parser_of(p);
    if (self.stage_ == Stage::body) return 0;  // trailers say nothing we want to know
    self.head_.headers.back().first.append(at, n);
    return 0;
  };
  settings.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
    auto& self = parser_of(p);
    if (self.stage_ == Stage::body) return 0;
    self.head_.headers.back().second.append(at, n);
    return 0;
  };
  settings.on_header_value_complete = [](llhttp_t* p) {
    auto& self = parser_of(p);
    if (self.stage_ == Stage::head) self.head_.headers.emplace_back();
    return 0;
  };
  settings.on_headers_complete = [](llhttp_t* p) {
    auto& self = parser_of(p);
    self.head_.headers.pop_back();  // the empty one for the header that did not come
    self.head_.method = llhttp_method_name(static_cast<llhttp_method_t>(p->method));
    self.head_.minor_version = p->http_minor;
    self.head_.keep_alive = llhttp_should_keep_alive(p) == 1;
    return 0;
  };
  settings.on_body = [](llhttp_t* p, const char* at, std::size_t n) {
    auto& self = parser_of(p);
    self.body_bytes_ += n;
    self.body_->append(at, n);
    return 0;
  };
  settings.on_message_complete = [](llhttp_t* p) {
    parser_of(p).is_complete_ = true;
    return static_cast<int>(HPE_PAUSED);
  };
  return settings;
}

RequestParser::RequestParser() { reset(); }

void RequestParser::reset() {
  static const llhttp_settings_t settings = make_settings();
  llhttp_init(&parser_, HTTP_REQUEST, &settings);
  parser_.data = this;
  stage_ = Stage::head;
  raw_head_.clear();
  lines_ = 0;
  line_start_ = 0;
  head_ = RequestHead();
  head_.headers.emplace_back();
  body_bytes_ = 0;
  wire_bytes_ = 0;
  is_complete_ = false;
}

RequestParser::Event RequestParser::feed(std::string_view& input, std::string& body) {
  return stage_ == Stage::head ? feed_head(input) : feed_body(input, body);
}

RequestParser::Event RequestParser::fail_with(int status, std::string message) {
  failure_ = Failure{status, std::move(message)};
  return Event::failed;
}

// Collects whole lines and refuses every spelling of a line end, fold or blank that two parsers may read differently.
RequestParser::Event RequestParser::feed_head(std::string_view& input) {
  while (!input.empty()) {
    const std::size_t line_feed = input.find('\n');
    const std::size_t taken = line_feed == std::string_view::npos ? input.size() : line_feed + 1;
    raw_head_.append(input.substr(0, taken));
    input.remove_prefix(taken);
    if (raw_head_.size() > max_head) return fail_with(431, "the request's head is larger than 64 KiB");
    if (line_feed == std::string_view::npos) return Event::more;

    const std::string_view line = std::string_view(raw_head_).substr(line_start_);
    if (!line.ends_with("\r\n")) return fail_with(400, "a line of the request's head does not end in CR LF");
    const std::string_view content = line.substr(0, line.size() - 2);
    if (content.contains('\r')) return fail_with(400, "the request's head has a CR that ends no line");
    if (content.contains('\0')) return fail_with(400, "the request's head has a NUL");
    if (content.starts_with(' ') || content.starts_with('\t')) {
      return fail_with(400, "a line of the request's head begins with a blank");
    }
    if (content.empty() && lines_ == 0) {  // RFC 9112, 2.2: a blank line before a request is skipped
      raw_head_.clear();
      continue;
    }
    if (lines_ == 0 && std::count(content.begin(), content.end(), ' ') != 2) {
      return fail_with(400, "the request line is not a method, a target and a version with one space between");
    }
    line_start_ = raw_head_.size();
    if (content.empty()) return parse_head();
    if (++lines_ > max_headers + 1) return fail_with(431, "the request has more than 200 headers");
  }
  return Event::more;
}

RequestParser::Event RequestParser::parse_head() {
  const llhttp_errno_t error = llhttp_execute(&parser_, raw_head_.data(), raw_head_.size());
  const bool is_good = error == HPE_OK || (is_complete_ && (error == HPE_PAUSED || error == HPE_PAUSED_UPGRADE));
  if (error == HPE_INVALID_METHOD) return fail_with(501, "the request's method is unknown");
  if (!is_good) {
    const char* reason = llhttp_get_error_reason(&parser_);
    return fail_with(400, std::string("the request's head is malformed: ") + (reason != nullptr ? reason : ""));
  }
  stage_ = Stage::body;
  return check_head();
}

RequestParser::Event RequestParser::check_head() {
  if (parser_.http_major != 1 || parser_.http_minor > 1)
    return fail_with(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  if (head_.method == "CONNECT") return fail_with(501, "this server is not a proxy");
  int hosts = 0;
  int encodings = 0;
  for (const auto& [name, value] : head_.headers) {
    if (!is_token(name) || !is_header_value(value)) return fail_with(400, "the request has a malformed header");
    if (core::equal_ignoring_case(name, "Host")) ++hosts;
    if (core::equal_ignoring_case(name, "Content-Length")) head_.content_length = parser_.content_length;
    if (!core::equal_ignoring_case(name, "Transfer-Encoding")) continue;
    ++encodings;
    if (!core::equal_ignoring_case(value, "chunked"))
      return fail_with(501, "the only transfer encoding known here is chunked");
  }
  if (hosts > 1) return fail_with(400, "the request has more than one Host");
  if (hosts == 0 && head_.minor_version == 1) return fail_with(400, "the request has no Host");
  if (encodings > 1) return fail_with(400, "the request has more than one Transfer-Encoding");
  if (encodings > 0 && head_.minor_version == 0) return fail_with(400, "HTTP/1.0 has no Transfer-Encoding");
  if (encodings > 0 && head_.content_length)
    return fail_with(400, "the request has both Content-Length and Transfer-Encoding");
  head_.is_chunked = encodings > 0;
  return Event::head;
}

RequestParser::Event RequestParser::feed_body(std::string_view& input, std::string& body) {
  if (is_complete_) return Event::complete;
  if (input.empty()) return Event::more;
  body_ = &body;
  const llhttp_errno_t error = llhttp_execute(&parser_, input.data(), input.size());
  body_ = nullptr;
  const std::size_t taken =
      error == HPE_OK ? input.size() : static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - input.data());
  if (error != HPE_OK && !is_complete_) {
    const char* reason = llhttp_get_error_reason(&parser_);
    return fail_with(400, std::string("the request's body is malformed: ") + (reason != nullptr ? reason : ""));
  }
  input.remove_prefix(taken);
  wire_bytes_ += taken;
  // Chunk extensions and trailers cost nothing to send and are not counted as body.
  if (wire_bytes_ > 64 * 1024 + 16 * body_bytes_) return fail_with(400, "the request's chunks are mostly overhead");
  return is_complete_ ? Event::complete : Event::more;
}

}  // namespace slipway::net
