#include "net/impl/websocket_frames.hpp"

#include <algorithm>
#include <array>

#include "core/utf8.hpp"

namespace slipway::net {
namespace {

constexpr std::size_t max_control = 125;

CloseReason protocol_error(std::string why) { return {1002, std::move(why)}; }

std::uint64_t number_of(std::string_view big_endian) {
  std::uint64_t number = 0;
  for (const char c : big_endian) number = number << 8U | static_cast<unsigned char>(c);
  return number;
}

void append_number(std::string& out, std::uint64_t number, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(number >> (8U * i) & 0xffU);
}

// RFC 6455, 7.4: those that may stand in a frame.
bool is_close_code(int code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

bool is_known(unsigned opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

}  // namespace

// Of the head that begins with head_, as far as that can be told: 2 at first.
std::size_t WebSocketDecoder::head_size() const {
  if (head_.size() < 2) return 2;
  const unsigned second = static_cast<unsigned char>(head_[1]);
  const unsigned length = second & 0x7fU;
  return 2U + (length == 126 ? 2U : length == 127 ? 8U : 0U) + ((second & 0x80U) != 0 ? 4U : 0U);
}

std::optional<CloseReason> WebSocketDecoder::feed(std::string_view bytes, const OnMessage& on_message) {
  bool goes_on = true;
  while (goes_on) {
    while (!has_head_) {
      const std::size_t wanted = std::min(head_size() - head_.size(), bytes.size());
      head_ += bytes.substr(0, wanted);
      bytes.remove_prefix(wanted);
      const std::size_t whole = head_size();
      if (head_.size() == whole && whole >= 2) {
        if (auto wrong = on_head()) return wrong;
      } else if (bytes.empty()) {
        return std::nullopt;
      }
    }
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    std::string& into = is_control() ? control_ : payload_;
    const std::size_t begin = into.size();
    into += bytes.substr(0, taken);
    for (std::size_t i = begin; !mask_.empty() && i < into.size(); ++i)
      into[i] = static_cast<char>(into[i] ^ mask_[masked_++ % 4]);
    bytes.remove_prefix(taken);
    left_ -= taken;
    if (left_ > 0) return std::nullopt;
    if (auto wrong = on_frame(on_message, goes_on)) return wrong;
  }
  return std::nullopt;
}

std::optional<CloseReason> WebSocketDecoder::on_head() {
  const unsigned first = static_cast<unsigned char>(head_[0]);
  const unsigned second = static_cast<unsigned char>(head_[1]);
  const unsigned opcode = first & 0x0fU;
  const bool has_mask = (second & 0x80U) != 0;
  const unsigned length = second & 0x7fU;
  if ((first & 0x70U) != 0) return protocol_error("a reserved bit is set and no extension was agreed on");
  if (!is_known(opcode)) return protocol_error("a frame has an unknown opcode");
  if (has_mask != (side_ == Side::server)) {
    return protocol_error(has_mask ? "a server's frame is masked" : "a client's frame is not masked");
  }
  opcode_ = static_cast<Opcode>(opcode);
  is_final_ = (first & 0x80U) != 0;
  const std::string_view head = head_;
  left_ = length < 126 ? length : number_of(head.substr(2, length == 126 ? 2 : 8));
  mask_ = has_mask ? head.substr(head.size() - 4) : "";
  masked_ = 0;
  if (is_control()) {
    if (!is_final_) return protocol_error("a control frame is fragmented");
    if (left_ > max_control) return protocol_error("a control frame is longer than 125 bytes");
    control_.clear();
  } else {
    const bool continues = opcode_ == Opcode::continuation;
    if (continues && !message_) return protocol_error("a fragment continues no message");
    if (!continues && message_) return protocol_error("a message begins inside another one");
    if (!continues) message_ = opcode_;
    if (left_ > max_message_ || payload_.size() + left_ > max_message_) {
      return CloseReason{1009, "a message is longer than " + std::to_string(max_message_) + " bytes"};
    }
  }
  head_.clear();
  has_head_ = true;
  return std::nullopt;
}

std::optional<CloseReason> WebSocketDecoder::on_frame(const OnMessage& on_message, bool& goes_on) {
  has_head_ = false;
  if (is_control()) {
    goes_on = on_message(WebSocketMessage{opcode_, std::exchange(control_, {})});
    return std::nullopt;
  }
  if (!is_final_) return std::nullopt;
  WebSocketMessage message{*std::exchange(message_, std::nullopt), std::exchange(payload_, {})};
  if (message.opcode == Opcode::text && core::find_invalid_utf8(message.payload) != std::string::npos) {
    return CloseReason{1007, "a text message is not UTF-8"};
  }
  goes_on = on_message(std::move(message));
  return std::nullopt;
}

std::string encode_websocket_frame(Opcode opcode, std::string_view payload, bool is_final,
                                   std::optional<std::uint32_t> mask) {
  std::string frame;
  frame.reserve(payload.size() + 14);
  frame += static_cast<char>((is_final ? 0x80U : 0U) | static_cast<unsigned>(opcode));
  const unsigned masked = mask ? 0x80U : 0U;
  if (payload.size() < 126) {
    frame += static_cast<char>(masked | payload.size());
  } else if (payload.size() <= 0xffff) {
    frame += static_cast<char>(masked | 126U);
    append_number(frame, payload.size(), 2);
  } else {
    frame += static_cast<char>(masked | 127U);
    append_number(frame, payload.size(), 8);
  }
  if (!mask) return frame.append(payload);
  append_number(frame, *mask, 4);
  for (std::size_t i = 0; i < payload.size(); ++i)
    frame += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ (*mask >> (24U - 8U * (i % 4))));
  return frame;
}

std::optional<CloseReason> parse_close(std::string_view payload, CloseReason& into) {
  into = CloseReason();
  if (payload.empty()) return std::nullopt;
  if (payload.size() < 2) return protocol_error("a close frame has half a code");
  into.code = static_cast<int>(number_of(payload.substr(0, 2)));
  into.reason = payload.substr(2);
  if (!is_close_code(into.code)) return protocol_error("a close frame has a code that may not be sent");
  if (core::find_invalid_utf8(into.reason) != std::string::npos)
    return CloseReason{1007, "the reason in a close frame is not UTF-8"};
  return std::nullopt;
}

std::string render_close(const CloseReason& close) {
  std::string payload;
  if (close.code == 1005) return payload;
  append_number(payload, static_cast<std::uint64_t>(close.code), 2);
  std::string_view reason = std::string_view(close.reason).substr(0, max_control - 2);
  reason = reason.substr(0, std::min(core::find_invalid_utf8(reason), reason.size()));  // a character cut in two
  return payload.append(reason);
}

}  // namespace slipway::net
