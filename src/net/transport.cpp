#include "net/impl/transport.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace slipway::net {
namespace {

using boost::system::error_code;

constexpr std::size_t wire_buffer = 17 * 1024;    // one TLS record and a little
constexpr std::size_t max_tls_write = 64 * 1024;  // so that a slow reader still makes progress that can be seen

error_code tls_failed() { return make_error_code(boost::system::errc::protocol_error); }
error_code truncated() { return make_error_code(boost::system::errc::connection_aborted); }

}  // namespace

void Transport::start_tls(std::shared_ptr<const TlsContext> context, const std::string& host, Done done) {
  engine_ = std::make_unique<TlsEngine>(std::move(context), host);
  wire_in_.resize(wire_buffer);
  shake_hands(std::move(done));
}

void Transport::post(Handler handler, const error_code& error, std::size_t size) {
  asio::post(socket_.get_executor(),
             [self = shared_from_this(), error, size, what = std::move(handler)]() mutable { what(error, size); });
}

error_code Transport::fail_tls(Error why) {
  if (!tls_failure_) tls_failure_ = std::move(why);
  return tls_failed();
}

void Transport::shake_hands(Done done) {
  auto result = engine_->handshake();
  if (!result) {
    // The peer is to hear why before our user closes the connection.
    const error_code error = fail_tls(std::move(result).error());
    after_sending_ = [error, what = std::move(done)](const error_code&, std::size_t) mutable { what(error); };
    return send_wire();
  }
  send_wire();
  if (*result) {
    return post([what = std::move(done)](const error_code& error, std::size_t) mutable { what(error); }, {}, 0);
  }
  read_wire([self = shared_from_this(), what = std::move(done)](const error_code& error) mutable {
    if (error) return what(error);
    self->shake_hands(std::move(what));
  });
}

void Transport::read_wire(std::move_only_function<void(const error_code&)> then) {
  socket_.async_read_some(asio::buffer(wire_in_), [self = shared_from_this(), what = std::move(then)](
                                                      const error_code& error, std::size_t size) mutable {
    if (!error) self->engine_->receive(std::string_view(self->wire_in_.data(), size));
    what(error == asio::error::eof ? truncated() : error);
  });
}

void Transport::async_read_some(std::span<char> into, Handler handler) {
  // After a failure of TLS what still comes is only taken off the wire, so that closing does not reset the connection.
  if (!engine_ || tls_failure_) {
    socket_.async_read_some(asio::buffer(into.data(), into.size()), std::move(handler));
  } else {
    read_tls(into, std::move(handler));
  }
}

void Transport::read_tls(std::span<char> into, Handler handler) {
  auto read = engine_->read(into);
  send_wire();  // an alert, or the answer to a change of keys
  if (!read) {
    const error_code error = fail_tls(std::move(read).error());
    return post(std::move(handler), error, 0);
  }
  if (read->got == TlsEngine::Got::bytes) return post(std::move(handler), {}, read->size);
  if (read->got == TlsEngine::Got::end) return post(std::move(handler), asio::error::eof, 0);
  read_wire([self = shared_from_this(), into, what = std::move(handler)](const error_code& error) mutable {
    if (error) return what(error, 0);
    self->read_tls(into, std::move(what));
  });
}

void Transport::async_write_some(std::string_view bytes, Handler handler) {
  if (!engine_) {
    socket_.async_write_some(asio::buffer(bytes), std::move(handler));
    return;
  }
  bytes = bytes.substr(0, max_tls_write);
  if (tls_failure_) return post(std::move(handler), tls_failed(), 0);
  auto written = engine_->write(bytes);
  if (!written) {
    const error_code error = fail_tls(std::move(written).error());
    return post(std::move(handler), error, 0);
  }
  after_sending_ = std::move(handler);
  taken_ = bytes.size();
  send_wire();
}

void Transport::send_wire() {
  if (is_sending_) return;
  wire_out_ = engine_->take_output();
  if (wire_out_.empty()) {
    if (after_sending_) post(std::exchange(after_sending_, nullptr), {}, taken_);
    boost::system::error_code ignored;
    if (is_finishing_) socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    return;
  }
  is_sending_ = true;
  asio::async_write(socket_, asio::buffer(wire_out_),
                    [self = shared_from_this()](const error_code& error, std::size_t) {
                      self->is_sending_ = false;
                      if (!error) return self->send_wire();
                      if (self->after_sending_) std::exchange(self->after_sending_, nullptr)(error, 0);
                    });
}

void Transport::finish_sending() {
  boost::system::error_code ignored;
  if (!engine_) {
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    return;
  }
  if (!tls_failure_) engine_->finish();
  is_finishing_ = true;
  send_wire();
}

void Transport::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

bool Transport::is_quiet() {
  char byte = 0;
  error_code error;
  socket_.non_blocking(true, error);
  socket_.receive(asio::buffer(&byte, 1), asio::ip::tcp::socket::message_peek, error);
  return error == asio::error::would_block;
}

std::string Transport::reason_of(const error_code& error) const {
  if (error == tls_failed() && tls_failure_) return tls_failure_->message;
  if (error == truncated() && engine_) return "the peer cut the TLS connection off";
  return error.message();
}

}  // namespace slipway::net
