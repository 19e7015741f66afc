#pragma once
// FdStream: a ByteStream over descriptors, driven by the loop's events. Inside the real world only.

#include <memory>
#include <string>

#include "core/world/descriptor.hpp"
#include "core/world/real_loop.hpp"
#include "core/world/streams.hpp"

namespace slipway::core {

struct StreamEnds {
  Descriptor fd;  // non-blocking
  bool reads = true;
  bool writes = true;
  bool is_terminal = false;    // its end of writing is the end-of-file character; EIO is its end of reading
  bool is_connecting = false;  // a socket whose connect() goes on
  Duration timeout{};          // of it
  std::string whom;            // for errors: "127.0.0.1:80"
};
std::unique_ptr<ByteStream> make_stream(RealLoop& loop, StreamEnds ends, ByteEvents events);
// The terminal's master behind the stream; -1 for others, and once it is closed.
int descriptor_of(const ByteStream& stream);

// The loop as the real one; unimplemented when it is another's.
Result<RealLoop*> real_loop_of(Loop& loop);

}  // namespace slipway::core
