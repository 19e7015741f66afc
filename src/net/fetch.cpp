// The blocking client, for programs that have nothing else to do meanwhile.

#include <array>

#include "core/world/real.hpp"
#include "net/client.hpp"
#include "net/impl/blocking_socket.hpp"
#include "net/impl/parser.hpp"
#include "net/impl/text.hpp"

namespace slipway::net {
namespace {

// One exchange over one connection.
class Fetch {
 public:
  using OnBytes = std::function<bool(std::string_view)>;
  explicit Fetch(core::HttpRequest request)
      : request_(std::move(request)), deadline_(core::real_clock().monotonic() + request_.timeout) {}

  // Until the head is there the request's timeout counts; with `is_stream` the body may take forever.
  core::Result<core::HttpResponse> run(bool is_stream, const OnBytes& on_bytes) {
    auto response = exchange(is_stream, on_bytes);
    if (!response && response.error().code == Code::deadline_exceeded) return timed_out();
    return response;
  }

 private:
  core::Result<core::HttpResponse> exchange(bool is_stream, const OnBytes& on_bytes) {
    TRY_ASSIGN(const Url url, parse_url(request_.url));
    TRY_ASSIGN(const std::string text, render_request(request_, url, false));
    std::shared_ptr<const TlsContext> tls;
    if (url.is_tls) {
      TRY_ASSIGN(tls, TlsContext::for_client(request_.tls ? *request_.tls : core::TlsSettings()));
    }
    TRY(socket_.connect(url, deadline_));
    if (tls) TRY(socket_.start_tls(std::move(tls), url, deadline_));
    TRY(socket_.send(text, deadline_));
    return receive(is_stream, on_bytes);
  }

  std::unexpected<Error> broken(const Error& why) const {
    return fail(why.code, request_.method + " " + request_.url + ": " + why.message);
  }
  std::unexpected<Error> timed_out() const {
    return fail(Code::deadline_exceeded, request_.method + " " + request_.url + ": no answer within " +
                                             core::render_for_people(request_.timeout));
  }

  core::Result<core::HttpResponse> receive(bool is_stream, const OnBytes& on_bytes) {
    using Got = BlockingSocket::Got;
    ResponseParser parser(request_.method == "HEAD", on_bytes);
    std::array<char, 64 * 1024> buffer;
    while (!parser.is_complete()) {
      const bool is_unlimited = is_stream && parser.has_head();
      const auto received = socket_.receive(buffer, is_unlimited ? std::nullopt : std::optional(deadline_));
      if (!received) return broken(received.error());
      if (received->got == Got::timed_out) return timed_out();
      if (received->got == Got::interrupted) {
        if (is_unlimited && !on_bytes({})) break;
        continue;
      }
      const std::string_view bytes(buffer.data(), received->size);
      const auto fed = received->got == Got::end ? parser.finish() : parser.feed(bytes);
      if (fed) continue;
      if (fed.error().code == Code::cancelled) break;
      return broken(fed.error());
    }
    return core::HttpResponse{parser.status(), std::move(parser.headers()), ""};
  }

  core::HttpRequest request_;
  core::Instant deadline_;
  BlockingSocket socket_;
};

}  // namespace

core::Result<core::HttpResponse> fetch(core::HttpRequest request) {
  const std::size_t limit = request.max_response;
  const std::string where = request.method + " " + request.url;
  std::string body;
  TRY_ASSIGN(auto response, Fetch(std::move(request)).run(false, [&](std::string_view bytes) {
    body += bytes;
    return body.size() <= limit;
  }));
  if (body.size() > limit)
    return fail(Code::resource_exhausted, where + ": the answer is larger than " + std::to_string(limit) + " bytes");
  response.body = std::move(body);
  return response;
}

core::Result<int> fetch_stream(core::HttpRequest request, const std::function<bool(std::string_view)>& on_bytes) {
  TRY_ASSIGN(const auto response, Fetch(std::move(request)).run(true, on_bytes));
  return response.status;
}

}  // namespace slipway::net
