#pragma once
// What the shim and whoever is attached to its container say to each other on the socket "attach": a byte for the
// channel, four for the length (big-endian), the bytes. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::pods::shim {

inline constexpr const char* attach_socket = "attach";

enum class Channel : std::uint8_t {
  input = 0,
  out = 1,
  err = 2,
  resize = 4,        // rows and columns, two bytes each, big-endian
  end_of_input = 5,  // nothing follows from this client
};

struct Frame {
  Channel channel = Channel::input;
  std::string bytes;
};

std::string render_frame(Channel channel, std::string_view bytes);
std::string render_resize(std::uint16_t rows, std::uint16_t columns);
// Rows and columns; nullopt when the bytes are no size.
std::optional<std::pair<std::uint16_t, std::uint16_t>> parse_resize(std::string_view bytes);

// Frames of a stream of bytes.
class FrameReader {
 public:
  static constexpr std::size_t longest = 256 * 1024;
  void feed(std::string_view bytes) { waiting_ += bytes; }
  std::optional<Frame> next();
  bool is_broken() const { return is_broken_; }  // a frame that nobody sends: the other side is none of ours
  std::size_t unread() const { return waiting_.size(); }

 private:
  std::string waiting_;
  bool is_broken_ = false;
};

}  // namespace slipway::pods::shim
