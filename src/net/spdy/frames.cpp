#include "net/spdy/frames.hpp"

#include <algorithm>

namespace slipway::net::spdy {
namespace {

constexpr std::size_t frame_head = 8;
constexpr std::uint16_t version = 3;
constexpr std::uint8_t flag_fin = 1;
constexpr std::uint8_t flag_unidirectional = 2;  // of SYN_STREAM
constexpr std::uint8_t flag_clear = 1;           // of SETTINGS
constexpr std::uint32_t stream_mask = 0x7fffffff;

enum Type : std::uint16_t {
  syn_stream = 1,
  syn_reply = 2,
  rst_stream = 3,
  settings = 4,
  ping = 6,
  goaway = 7,
  headers = 8,
  window_update = 9,
};

std::uint32_t number_at(std::string_view text, std::size_t at, std::size_t bytes = 4) {
  std::uint32_t number = 0;
  for (const char c : text.substr(at, bytes)) number = number << 8U | static_cast<unsigned char>(c);
  return number;
}

void append_number(std::string& out, std::uint32_t number, unsigned bytes = 4) {
  for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(number >> (8U * i) & 0xffU);
}

std::string control_frame(Type type, std::uint8_t flags, std::string_view content) {
  std::string frame;
  append_number(frame, 0x8000U | version, 2);
  append_number(frame, type, 2);
  append_number(frame, flags, 1);
  append_number(frame, static_cast<std::uint32_t>(content.size()), 3);
  return frame.append(content);
}

std::string numbers(std::initializer_list<std::uint32_t> values) {
  std::string text;
  for (const std::uint32_t value : values) append_number(text, value);
  return text;
}

std::uint8_t fin_if(bool is_last) { return is_last ? flag_fin : 0; }

std::unexpected<Error> wrong(const std::string& what) { return fail(Code::invalid_argument, "SPDY: " + what); }

core::Result<Frame> parse_settings(std::string_view content, std::uint8_t flags) {
  const std::uint32_t count = number_at(content, 0);
  if (content.size() != 4 + std::size_t{8} * count) return wrong("a SETTINGS frame has a wrong length");
  Settings parsed;
  parsed.clears = (flags & flag_clear) != 0;
  for (std::size_t at = 4; at < content.size(); at += 8) {
    const auto setting_flags = static_cast<std::uint8_t>(number_at(content, at, 1));
    parsed.entries.push_back(Setting{setting_flags, number_at(content, at + 1, 3), number_at(content, at + 4)});
  }
  return parsed;
}

// The least and the most bytes of a frame's content.
std::pair<std::size_t, std::size_t> size_limits(std::uint16_t type) {
  switch (type) {
    case syn_stream:
      return {10, FrameDecoder::max_control_frame};
    case syn_reply:
    case headers:
    case settings:
      return {4, FrameDecoder::max_control_frame};
    case ping:
      return {4, 4};
    case rst_stream:
    case goaway:
    case window_update:
      return {8, 8};
    default:
      return {0, FrameDecoder::max_control_frame};
  }
}

}  // namespace

core::Result<> FrameDecoder::feed(std::string_view bytes, const std::function<bool(Frame)>& on_frame) {
  for (;;) {
    if (!has_head_) {
      const std::size_t wanted = std::min(frame_head - head_.size(), bytes.size());
      head_ += bytes.substr(0, wanted);
      bytes.remove_prefix(wanted);
      if (head_.size() < frame_head) return {};
      TRY(start_frame());
    }
    const std::string_view part = bytes.substr(0, left_);
    bytes.remove_prefix(part.size());
    left_ -= part.size();
    if (is_control_) {
      control_ += part;
      if (left_ > 0) return {};
      has_head_ = false;
      TRY_ASSIGN(const bool goes_on, on_control(on_frame));
      if (!goes_on) return {};
      continue;
    }
    has_head_ = left_ > 0;
    const bool is_last = !has_head_ && (flags_ & flag_fin) != 0;
    if ((!part.empty() || is_last) && !on_frame(Data{stream_, is_last, std::string(part)})) return {};
    if (has_head_) return {};
  }
}

core::Result<> FrameDecoder::start_frame() {
  const std::string head = std::exchange(head_, {});
  const std::uint32_t first = number_at(head, 0);
  flags_ = static_cast<std::uint8_t>(number_at(head, 4, 1));
  left_ = number_at(head, 5, 3);
  has_head_ = true;
  is_control_ = (first & ~stream_mask) != 0;
  if (!is_control_) {
    stream_ = first;
    if (stream_ == 0) return wrong("a data frame belongs to no stream");
    return {};
  }
  type_ = static_cast<std::uint16_t>(first & 0xffffU);
  if ((first >> 16U & 0x7fffU) != version) return wrong("a frame is of another version than 3");
  const auto [least, most] = size_limits(type_);
  if (left_ < least || left_ > most) {
    return wrong("a control frame of type " + std::to_string(type_) + " cannot have " + std::to_string(left_) +
                 " bytes");
  }
  return {};
}

core::Result<bool> FrameDecoder::on_control(const std::function<bool(Frame)>& on_frame) {
  const std::string owned = std::exchange(control_, {});
  const std::string_view content = owned;
  const StreamId stream = number_at(content, 0) & stream_mask;
  const bool is_last = (flags_ & flag_fin) != 0;
  switch (type_) {
    case syn_stream: {
      SynStream frame{
          stream,  number_at(content, 4) & stream_mask, static_cast<std::uint8_t>(number_at(content, 8, 1) >> 5U),
          is_last, (flags_ & flag_unidirectional) != 0, {}};
      TRY_ASSIGN(frame.headers, headers_.decompress(content.substr(10)));
      return on_frame(std::move(frame));
    }
    case syn_reply: {
      SynReply frame{stream, is_last, {}};
      TRY_ASSIGN(frame.headers, headers_.decompress(content.substr(4)));
      return on_frame(std::move(frame));
    }
    case headers: {
      MoreHeaders frame{stream, is_last, {}};
      TRY_ASSIGN(frame.headers, headers_.decompress(content.substr(4)));
      return on_frame(std::move(frame));
    }
    case settings: {
      TRY_ASSIGN(Frame frame, parse_settings(content, flags_));
      return on_frame(std::move(frame));
    }
    case rst_stream:
      return on_frame(RstStream{stream, number_at(content, 4)});
    case ping:
      return on_frame(Ping{number_at(content, 0)});
    case goaway:
      return on_frame(GoAway{stream, number_at(content, 4)});
    case window_update:
      return on_frame(WindowUpdate{stream, number_at(content, 4) & stream_mask});
    default:
      return true;
  }
}

std::string FrameEncoder::encode(const Frame& frame) {
  struct Writer {
    HeaderCompressor& compressor;
    std::string operator()(const SynStream& f) const {
      std::string content = numbers({f.stream, f.associated_to});
      content += static_cast<char>(f.priority << 5U);
      content += '\0';  // the slot of a credential
      const auto flags =
          static_cast<std::uint8_t>(fin_if(f.is_last) | (f.is_unidirectional ? flag_unidirectional : 0U));
      return control_frame(syn_stream, flags, content + compressor.compress(f.headers));
    }
    std::string operator()(const SynReply& f) const {
      return control_frame(syn_reply, fin_if(f.is_last), numbers({f.stream}) + compressor.compress(f.headers));
    }
    std::string operator()(const MoreHeaders& f) const {
      return control_frame(headers, fin_if(f.is_last), numbers({f.stream}) + compressor.compress(f.headers));
    }
    std::string operator()(const RstStream& f) const {
      return control_frame(rst_stream, 0, numbers({f.stream, f.status}));
    }
    std::string operator()(const Settings& f) const {
      std::string content = numbers({static_cast<std::uint32_t>(f.entries.size())});
      for (const Setting& entry : f.entries) {
        append_number(content, entry.flags, 1);
        append_number(content, entry.id, 3);
        append_number(content, entry.value);
      }
      return control_frame(settings, f.clears ? flag_clear : 0, content);
    }
    std::string operator()(const Ping& f) const { return control_frame(ping, 0, numbers({f.id})); }
    std::string operator()(const GoAway& f) const { return control_frame(goaway, 0, numbers({f.last_good, f.status})); }
    std::string operator()(const WindowUpdate& f) const {
      return control_frame(window_update, 0, numbers({f.stream, f.delta}));
    }
    std::string operator()(const Data& f) const {
      std::string text = numbers({f.stream});
      append_number(text, fin_if(f.is_last), 1);
      append_number(text, static_cast<std::uint32_t>(f.bytes.size()), 3);
      return text.append(f.bytes);
    }
  };
  return std::visit(Writer{headers_}, frame);
}

}  // namespace slipway::net::spdy
