#pragma once
// Frames of SPDY/3 and 3.1 as values: bytes to frames and back. Pure; no sockets, no streams' states (net/spdy.hpp).
// SPDY Protocol, draft 3.1, section 2.6: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.hpp"
#include "core/world/world.hpp"
#include "net/spdy.hpp"
#include "net/spdy/header_block.hpp"

namespace slipway::net::spdy {

struct SynStream {
  StreamId stream = 0;
  StreamId associated_to = 0;
  std::uint8_t priority = 0;  // 0 to 7, 0 is the highest
  bool is_last = false;       // FIN
  bool is_unidirectional = false;
  core::Headers headers;
  bool operator==(const SynStream&) const = default;
};
struct SynReply {
  StreamId stream = 0;
  bool is_last = false;
  core::Headers headers;
  bool operator==(const SynReply&) const = default;
};
struct RstStream {
  StreamId stream = 0;
  std::uint32_t status = 0;
  bool operator==(const RstStream&) const = default;
};
struct Setting {
  std::uint8_t flags = 0;
  std::uint32_t id = 0;  // 24 bits
  std::uint32_t value = 0;
  bool operator==(const Setting&) const = default;
};
struct Settings {
  bool clears = false;
  std::vector<Setting> entries;
  bool operator==(const Settings&) const = default;
};
struct Ping {
  std::uint32_t id = 0;
  bool operator==(const Ping&) const = default;
};
struct GoAway {
  StreamId last_good = 0;
  std::uint32_t status = 0;
  bool operator==(const GoAway&) const = default;
};
struct MoreHeaders {
  StreamId stream = 0;
  bool is_last = false;
  core::Headers headers;
  bool operator==(const MoreHeaders&) const = default;
};
struct WindowUpdate {
  StreamId stream = 0;  // 0: of the session
  std::uint32_t delta = 0;
  bool operator==(const WindowUpdate&) const = default;
};
// A piece of a data frame; frames are handed on as they arrive.
struct Data {
  StreamId stream = 0;
  bool is_last = false;  // FIN, with the last piece of its frame
  std::string bytes;
  bool operator==(const Data&) const = default;
};
using Frame = std::variant<SynStream, SynReply, RstStream, Settings, Ping, GoAway, MoreHeaders, WindowUpdate, Data>;

inline constexpr std::uint32_t setting_max_streams = 4;
inline constexpr std::uint32_t setting_initial_window = 7;

class FrameDecoder {
 public:
  static constexpr std::size_t max_control_frame = 64 * 1024;

  // Calls `on_frame` for each frame that ends in `bytes`, and for what there is of data frames; false of it stops.
  // Control frames of unknown types are skipped. invalid_argument: the session cannot go on.
  core::Result<> feed(std::string_view bytes, const std::function<bool(Frame)>& on_frame);

 private:
  core::Result<bool> on_control(const std::function<bool(Frame)>& on_frame);
  core::Result<> start_frame();

  HeaderDecompressor headers_;
  std::string head_;     // 8 bytes, then the frame's own
  std::string control_;  // the frame's content
  bool is_control_ = false;
  std::uint16_t type_ = 0;
  std::uint8_t flags_ = 0;
  StreamId stream_ = 0;  // of a data frame
  std::size_t left_ = 0;
  bool has_head_ = false;
};

class FrameEncoder {
 public:
  // A data frame holds at most 2^24 - 1 bytes; ours are far smaller.
  std::string encode(const Frame& frame);

 private:
  HeaderCompressor headers_;
};

}  // namespace slipway::net::spdy
