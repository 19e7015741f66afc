#pragma once
// Test support: a running gateway on a free port. Included by tests only.

#include "gateway/io/test_sockets.hpp"
#include "gateway/proxy/gateway.hpp"
#include "gateway/traffic/test_rules.hpp"

namespace slipway::gateway::test {

struct RunningGateway {
  std::unique_ptr<proxy::Gateway> gateway;

  explicit RunningGateway(const std::string& rules, proxy::GatewayOptions options = {}) {
    options.listen = "127.0.0.1:0";
    auto started = proxy::Gateway::start(std::move(options));
    REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().render()));
    gateway = std::move(*started);
    if (!rules.empty()) gateway->set_snapshot(traffic::snapshot_of(rules));
  }
  Socket client() const { return Socket::connect_to(gateway->port()); }
  std::string admin(const std::string& path, const std::string& method = "GET") const {
    Socket s = Socket::connect_to(gateway->admin_port());
    s.send(method + " " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return s.receive_all();
  }
  // Looks at /metrics until the line is there: counting happens just after the client has its answer.
  bool counts(const std::string& part) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
    while (std::chrono::steady_clock::now() < until) {
      if (admin("/metrics").find(part) != std::string::npos) return true;
    }
    MESSAGE(admin("/metrics"));
    return false;
  }
};

// chat.example.com with all traffic on the stable subset, at this port.
inline std::string one_upstream(int port, const std::string& more_of_route = "") {
  return traffic::chat_world(port, 1) +
         traffic::virtual_service("  - route: [{destination: {host: chat, subset: stable}}]\n" + more_of_route);
}

inline std::string get(const std::string& path = "/v1/models", const std::string& headers = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: chat.example.com\r\n" + headers + "\r\n";
}
inline std::string post(const std::string& body, const std::string& headers = "") {
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: chat.example.com\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
inline std::string chunk(const std::string& bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + bytes + "\r\n";
}
inline const std::string sse_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
inline std::string token(const std::string& text) {
  return "data: {\"choices\":[{\"delta\":{\"content\":\"" + text + "\"}}]}\n\n";
}
inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace slipway::gateway::test
