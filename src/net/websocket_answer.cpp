#include "net/websocket_answer.hpp"

namespace slipway::net {
namespace {

constexpr int first_refusal = 400;

class WebSocketAnswer final : public Responder, public std::enable_shared_from_this<WebSocketAnswer> {
 public:
  WebSocketAnswer(Request request, std::shared_ptr<Responder> plain, WebSocket::Kind kind,
                  std::vector<std::string> protocols)
      : request_(std::move(request)), plain_(std::move(plain)), kind_(kind), protocols_(std::move(protocols)) {}

  void send(Response response) override {
    if (response.status >= first_refusal) return plain_->send(std::move(response));
    begin(response.status, {});
    if (!response.body.empty()) write(response.body);
    end();
  }
  void begin(int, core::Headers) override {
    WebSocketEvents events;
    events.on_close = [weak = weak_from_this()](WebSocket&, int, const std::string&) {
      if (const auto self = weak.lock()) self->gone();
    };
    events.on_writable = [weak = weak_from_this()](WebSocket&) {
      if (const auto self = weak.lock()) self->writable();
    };
    WebSocketOptions options;
    options.protocols = protocols_;
    socket_ = accept_websocket(request_, *plain_, std::move(options), std::move(events));
  }
  bool write(std::string_view bytes) override { return is_open() && socket_->send(kind_, bytes); }
  bool is_full() const override { return socket_ && socket_->is_full(); }
  void when_writable(std::function<void()> callback) override {
    if (!is_full()) return callback();
    on_writable_ = std::move(callback);
  }
  void end() override {
    is_over_ = true;
    if (socket_) socket_->close();
  }
  bool is_open() const override { return socket_ && socket_->is_open(); }
  void on_close(std::function<void()> callback) override { on_close_ = std::move(callback); }

 private:
  void gone() {
    on_writable_ = nullptr;
    if (const auto callback = std::exchange(on_close_, nullptr); callback && !is_over_) callback();
  }
  void writable() {
    if (const auto callback = std::exchange(on_writable_, nullptr)) callback();
  }

  Request request_;
  std::shared_ptr<Responder> plain_;
  WebSocket::Kind kind_;
  std::vector<std::string> protocols_;
  std::shared_ptr<WebSocket> socket_;
  bool is_over_ = false;
  std::function<void()> on_close_;
  std::function<void()> on_writable_;
};

}  // namespace

std::shared_ptr<Responder> answer_by_websocket(const Request& request, std::shared_ptr<Responder> plain,
                                               WebSocket::Kind kind, std::vector<std::string> protocols) {
  if (!wants_websocket(request)) return plain;
  return std::make_shared<WebSocketAnswer>(request, std::move(plain), kind, std::move(protocols));
}

}  // namespace slipway::net
