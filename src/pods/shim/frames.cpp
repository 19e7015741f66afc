#include "pods/shim/frames.hpp"

namespace slipway::pods::shim {
namespace {

constexpr std::size_t head = 5;

std::uint32_t byte_of(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

}  // namespace

std::string render_frame(Channel channel, std::string_view bytes) {
  std::string frame;
  frame.reserve(head + bytes.size());
  frame += static_cast<char>(channel);
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(bytes.size() >> shift & 0xff);
  frame += bytes;
  return frame;
}

std::string render_resize(std::uint16_t rows, std::uint16_t columns) {
  std::string bytes;
  for (const unsigned number : {static_cast<unsigned>(rows), static_cast<unsigned>(columns)}) {
    bytes += static_cast<char>(number >> 8 & 0xff);
    bytes += static_cast<char>(number & 0xff);
  }
  return render_frame(Channel::resize, bytes);
}

std::optional<std::pair<std::uint16_t, std::uint16_t>> parse_resize(std::string_view bytes) {
  if (bytes.size() != 4) return std::nullopt;
  return std::pair{static_cast<std::uint16_t>(byte_of(bytes, 0) << 8 | byte_of(bytes, 1)),
                   static_cast<std::uint16_t>(byte_of(bytes, 2) << 8 | byte_of(bytes, 3))};
}

std::optional<Frame> FrameReader::next() {
  if (is_broken_ || waiting_.size() < head) return std::nullopt;
  const std::size_t size =
      byte_of(waiting_, 1) << 24 | byte_of(waiting_, 2) << 16 | byte_of(waiting_, 3) << 8 | byte_of(waiting_, 4);
  if (size > longest) {
    is_broken_ = true;
    return std::nullopt;
  }
  if (waiting_.size() < head + size) return std::nullopt;
  Frame frame{static_cast<Channel>(waiting_[0]), waiting_.substr(head, size)};
  waiting_.erase(0, head + size);
  return frame;
}

}  // namespace slipway::pods::shim
