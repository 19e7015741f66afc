#pragma once
// Header blocks of SPDY/3, section 2.6.10: name and value pairs, compressed with zlib by one stream a direction, so
// that every block of a session must pass through here in order.

#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/world/world.hpp"

namespace slipway::net::spdy {

class HeaderCompressor {
 public:
  HeaderCompressor();
  ~HeaderCompressor();
  // Names are sent in lower case; values of one name together.
  std::string compress(const core::Headers& headers);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class HeaderDecompressor {
 public:
  static constexpr std::size_t max_text = 64 * 1024;  // of one block, uncompressed
  static constexpr std::size_t max_headers = 200;

  HeaderDecompressor();
  ~HeaderDecompressor();
  // Several values of one name are several headers. After an error the session cannot go on.
  core::Result<core::Headers> decompress(std::string_view block);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::net::spdy
