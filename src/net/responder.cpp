#include "net/impl/connection.hpp"
#include "net/impl/exchange.hpp"
#include "net/impl/upgraded.hpp"

namespace slipway::net {
namespace {

class ConnectionResponder final : public Responder {
 public:
  explicit ConnectionResponder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

  ~ConnectionResponder() override {
    switch (stage_.load()) {
      case Stage::fresh:
        send(error_response(Error(Code::internal, "the request was dropped without an answer")));
        break;
      case Stage::streaming:
        on_connection([](Connection& connection, Exchange& exchange) { connection.abort(exchange); });
        break;
      case Stage::done:
        break;
    }
  }

  void send(Response response) override {
    if (!advance(Stage::fresh, Stage::done)) return;
    on_connection([what = std::move(response)](Connection& connection, Exchange& exchange) mutable {
      connection.answer(exchange, std::move(what));
    });
  }

  void begin(int status, core::Headers headers) override {
    if (!advance(Stage::fresh, Stage::streaming)) return;
    on_connection([status, what = std::move(headers)](Connection& connection, Exchange& exchange) {
      connection.begin(exchange, status, what);
    });
  }

  bool write(std::string_view bytes) override {
    if (stage_ != Stage::streaming || !is_open()) return false;
    if (bytes.empty()) return true;  // an empty chunk would end the stream
    if (exchange_->unsent > Exchange::max_unsent) {
      exchange_->is_open = false;
      on_connection([](Connection& connection, Exchange& exchange) { connection.abort(exchange); });
      return false;
    }
    exchange_->unsent += bytes.size();
    on_connection(
        [what = std::string(bytes)](Connection& connection, Exchange& exchange) { connection.write(exchange, what); });
    return true;
  }

  bool is_full() const override { return exchange_->unsent > Exchange::full_at; }

  void when_writable(std::function<void()> callback) override {
    on_connection([what = std::move(callback)](Connection&, Exchange& exchange) mutable {
      exchange.on_writable = std::move(what);
      exchange.tell_when_writable();
    });
  }

  void end() override {
    if (!advance(Stage::streaming, Stage::done)) return;
    on_connection([](Connection& connection, Exchange& exchange) { connection.end(exchange); });
  }

  bool is_open() const override { return exchange_->is_open && stage_ != Stage::done; }

  void on_close(std::function<void()> callback) override {
    exchange_->poster->post([exchange = exchange_, what = std::move(callback)]() mutable {
      if (const auto connection = exchange->connection.lock()) {
        connection->set_on_close(*exchange, std::move(what));
      } else if (exchange->client_left) {
        exchange->run_callback(std::move(what));
      }
    });
  }

  bool upgrade(core::Headers headers, std::shared_ptr<Upgraded> next) override {
    if (!advance(Stage::fresh, Stage::done)) return false;
    next->attach(exchange_);
    exchange_->poster->post([exchange = exchange_, what = std::move(headers), to = std::move(next)]() mutable {
      if (const auto connection = exchange->connection.lock()) {
        connection->upgrade(*exchange, what, std::move(to));
      } else {
        to->on_end();
      }
    });
    return true;
  }

 private:
  enum class Stage { fresh, streaming, done };

  bool advance(Stage from, Stage to) { return stage_.compare_exchange_strong(from, to); }

  template <class Work>
  void on_connection(Work work) {
    exchange_->poster->post([exchange = exchange_, what = std::move(work)]() mutable {
      if (const auto connection = exchange->connection.lock()) what(*connection, *exchange);
    });
  }

  std::shared_ptr<Exchange> exchange_;
  std::atomic<Stage> stage_ = Stage::fresh;
};

}  // namespace

void Exchange::run_callback(std::function<void()> callback) const {
  if (loop != nullptr) {
    loop->post(std::move(callback));
  } else {
    poster->post(std::move(callback));
  }
}

void Exchange::tell_when_writable() {
  if (on_writable && unsent <= full_at) run_callback(std::exchange(on_writable, nullptr));
}

std::shared_ptr<Responder> make_responder(std::shared_ptr<Exchange> exchange) {
  return std::make_shared<ConnectionResponder>(std::move(exchange));
}

}  // namespace slipway::net
