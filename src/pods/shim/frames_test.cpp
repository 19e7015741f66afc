#include "pods/shim/frames.hpp"

#include <doctest/doctest.h>

namespace slipway::pods::shim {
namespace {

TEST_CASE("Frames: what was rendered is read, however it is cut") {
  const std::string bytes =
      render_frame(Channel::input, "typed") + render_frame(Channel::end_of_input, "") + render_resize(50, 300);
  for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
    FrameReader reader;
    std::string seen;
    for (std::size_t at = 0; at < bytes.size(); at += cut) {
      reader.feed(std::string_view(bytes).substr(at, cut));
      while (const auto frame = reader.next()) {
        seen += std::to_string(static_cast<int>(frame->channel)) + ":";
        const auto size = parse_resize(frame->bytes);
        seen += size ? std::to_string(size->first) + "x" + std::to_string(size->second) : frame->bytes;
        seen += ";";
      }
    }
    CHECK(seen == "0:typed;5:;4:50x300;");
    CHECK(reader.unread() == 0);
  }
}

TEST_CASE("Frames: a length that nobody sends breaks the conversation instead of waiting for it") {
  FrameReader reader;
  reader.feed("\x01\x7f\xff\xff\xff");
  CHECK_FALSE(reader.next());
  CHECK(reader.is_broken());
}

}  // namespace
}  // namespace slipway::pods::shim
