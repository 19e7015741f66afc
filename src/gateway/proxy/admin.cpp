#include "gateway/proxy/admin.hpp"

#include "core/doc.hpp"
#include "gateway/http1/parser.hpp"
#include "gateway/proxy/reply.hpp"

namespace slipway::gateway::proxy {
namespace {

Reply answer_admin(State& state, const http1::Head& head, const std::function<void()>& begin_drain) {
  const std::string path = head.target.substr(0, head.target.find('?'));
  if (path == "/drain") {
    if (head.method != "POST") return text_reply(405, "POST it\n");
    // A web page cannot make a browser drain us: browsers say where a POST comes from.
    if (!core::header(head.headers, "origin").empty()) return text_reply(403, "not from a web page\n");
    begin_drain();
    return text_reply(200, "draining\n");
  }
  if (head.method != "GET" && head.method != "HEAD") return text_reply(405, "GET it\n");
  if (path == "/metrics")
    return text_reply(200, state.metrics.render(state.loop.now()), "text/plain; version=0.0.4; charset=utf-8");
  if (path == "/healthz") return text_reply(200, "ok\n");
  if (path == "/readyz") {
    if (state.draining) return text_reply(503, "draining\n");
    if (state.snapshot->version == 0) return text_reply(503, "no rules yet\n");
    return text_reply(200, "ok\n");
  }
  if (path == "/snapshot") {
    return text_reply(200, core::doc::render_json_pretty(traffic::to_json(*state.snapshot)) + "\n", "application/json");
  }
  return text_reply(404, "/metrics /healthz /readyz /snapshot /drain\n");
}

}  // namespace

io::Co<> serve_admin(State& state, std::shared_ptr<io::Stream> client, std::function<void()> begin_drain) {
  client->expires_after(state.limits.header);
  http1::Parser request(http1::Parser::Kind::request);
  std::string inbox;
  Reply reply;
  while (!request.head_done()) {
    inbox.clear();
    auto count = co_await client->read(inbox, 16 * 1024);
    if (!count || *count == 0) co_return;
    if (auto taken = request.feed(inbox); !taken) {
      reply = text_reply(400, taken.error().message + "\n");
      break;
    }
  }
  const bool head_only = request.head().method == "HEAD";
  if (request.head_done()) reply = answer_admin(state, request.head(), begin_drain);
  const std::string bytes = render(std::move(reply), false, head_only);
  co_await client->write(bytes);
  client->shutdown_write();
  co_await client->read(inbox, 1024);
}

}  // namespace slipway::gateway::proxy
