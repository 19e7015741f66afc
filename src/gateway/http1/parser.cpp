#include "gateway/http1/parser.hpp"

#include <llhttp.h>

#include "gateway/http1/strict.hpp"

namespace slipway::gateway::http1 {

struct Parser::State {
  Kind kind;
  llhttp_t parser{};
  llhttp_settings_t settings{};
  std::string raw;  // the head as far as it has come
  Head head;
  std::string body;
  bool no_body = false, head_done = false, done = false, until_close = false;

  explicit State(Kind k) : kind(k) {
    llhttp_settings_init(&settings);
    settings.on_url = [](llhttp_t* p, const char* at, std::size_t n) { return append(of(p)->head.target, at, n); };
    settings.on_status = [](llhttp_t* p, const char* at, std::size_t n) { return append(of(p)->head.reason, at, n); };
    // After the head come trailers: they are dropped, so that no name gets into the head by the back door.
    settings.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
      if (of(p)->head_seen) return 0;
      auto& headers = of(p)->head.headers;
      if (of(p)->value_began || headers.empty()) headers.emplace_back();
      of(p)->value_began = false;
      return append(headers.back().first, at, n);
    };
    settings.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
      if (of(p)->head_seen) return 0;
      of(p)->value_began = true;
      return append(of(p)->head.headers.back().second, at, n);
    };
    settings.on_header_value_complete = [](llhttp_t* p) {
      of(p)->value_began = true;  // an empty value has no bytes
      return 0;
    };
    settings.on_headers_complete = [](llhttp_t* p) {
      p->upgrade = 0;  // upgrades are not passed on, so the message is an ordinary one
      return of(p)->on_head();
    };
    settings.on_body = [](llhttp_t* p, const char* at, std::size_t n) { return append(of(p)->body, at, n); };
    settings.on_message_complete = [](llhttp_t* p) {
      of(p)->done = true;
      return static_cast<int>(HPE_PAUSED);
    };
    reset();
  }

  static State* of(llhttp_t* p) { return static_cast<State*>(p->data); }
  static int append(std::string& to, const char* at, std::size_t n) {
    to.append(at, n);
    return 0;
  }

  void reset() {
    llhttp_init(&parser, kind == Kind::request ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    parser.data = this;
    raw.clear();
    head = Head{};
    body.clear();
    no_body = head_seen = head_done = done = until_close = value_began = false;
  }

  int on_head() {
    head_seen = true;
    head.minor_version = parser.http_minor;
    head.keep_alive = llhttp_should_keep_alive(&parser) != 0;
    head.chunked = (parser.flags & F_CHUNKED) != 0;
    if (parser.flags & F_CONTENT_LENGTH) head.content_length = parser.content_length;
    head.status = parser.status_code;
    until_close = !no_body && llhttp_message_needs_eof(&parser) != 0;
    return no_body ? 1 : 0;
  }

  Result<> run(std::string_view bytes, std::size_t& taken) {
    const llhttp_errno_t code = llhttp_execute(&parser, bytes.data(), bytes.size());
    taken = bytes.size();
    if (code == HPE_OK) return {};
    if (code == HPE_PAUSED && done) {
      taken = static_cast<std::size_t>(llhttp_get_error_pos(&parser) - bytes.data());
      return {};
    }
    const char* reason = llhttp_get_error_reason(&parser);
    return fail(Code::invalid_argument,
                std::string("malformed HTTP: ") + (reason && *reason ? reason : llhttp_errno_name(code)));
  }

  // The end of the head inside raw + bytes; how many of `bytes` belong to it.
  Result<std::size_t> gather_head(std::string_view bytes, bool& complete) {
    std::size_t skipped = 0;
    // One or two empty lines before a request are tolerated (RFC 9112 2.2).
    while (kind == Kind::request && raw.empty() && skipped < bytes.size() && skipped < 4 &&
           (bytes[skipped] == '\r' || bytes[skipped] == '\n')) {
      ++skipped;
    }
    const std::size_t before = raw.size();
    raw.append(bytes.substr(skipped, max_head_bytes + 4));
    const std::size_t from = before < 3 ? 0 : before - 3;
    const std::size_t end = raw.find("\r\n\r\n", from);
    if (end == std::string::npos) {
      // A head that ends its lines in bare LF never ends for us: say so at once instead of waiting for more.
      if (raw.find("\n\n", before == 0 ? 0 : before - 1) != std::string::npos) {
        return fail(Code::invalid_argument, "line does not end in CRLF");
      }
      if (raw.size() > max_head_bytes) return fail(Code::resource_exhausted, "the head is larger than 64 KiB");
      return bytes.size();
    }
    if (end + 4 > max_head_bytes) return fail(Code::resource_exhausted, "the head is larger than 64 KiB");
    raw.resize(end + 4);
    complete = true;
    return skipped + raw.size() - before;
  }

  bool value_began = false, head_seen = false;
};

Parser::Parser(Kind kind) : state_(std::make_unique<State>(kind)) {}
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;

void Parser::expect_no_body() { state_->no_body = true; }

Result<std::size_t> Parser::feed(std::string_view bytes) {
  State& s = *state_;
  if (s.done || bytes.empty()) return std::size_t{0};
  std::size_t taken = 0;
  if (s.head_done) {
    TRY(s.run(bytes, taken));
    return taken;
  }
  bool complete = false;
  TRY_ASSIGN(taken, s.gather_head(bytes, complete));
  if (!complete) return taken;
  const bool request = s.kind == Kind::request;
  TRY(check_head_bytes(s.raw, request));
  if (request) s.head.method = s.raw.substr(0, s.raw.find(' '));
  std::size_t unused = 0;
  TRY(s.run(s.raw, unused));
  TRY(request ? check_request(s.head) : check_response(s.head));
  s.head_done = true;
  return taken;
}

Result<> Parser::finish() {
  State& s = *state_;
  if (s.done || s.raw.empty()) return {};
  if (s.head_done && s.until_close) {
    s.done = true;
    return {};
  }
  return fail(Code::data_loss,
              s.head_done ? "the connection closed inside the body" : "the connection closed inside the head");
}

bool Parser::started() const { return !state_->raw.empty(); }
bool Parser::head_done() const { return state_->head_done; }
bool Parser::done() const { return state_->done; }
bool Parser::ends_with_connection() const { return state_->until_close; }
const Head& Parser::head() const { return state_->head; }
Head& Parser::head() { return state_->head; }
std::string Parser::take_body() { return std::exchange(state_->body, {}); }
void Parser::reset() { state_->reset(); }

}  // namespace slipway::gateway::http1
