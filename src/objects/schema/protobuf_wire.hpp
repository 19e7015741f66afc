#pragma once
// The wire format of protocol buffers: numbered fields. For protobuf.cpp alone.
// https://protobuf.dev/programming-guides/encoding/

#include <cstdint>
#include <string_view>

#include "core/result.hpp"

namespace slipway::objects::schema {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct WireField {
  std::uint32_t number = 0;
  WireType type = WireType::varint;
  std::uint64_t scalar = 0;  // varint, fixed64, fixed32
  std::string_view bytes;
  std::size_t offset = 0;  // of its first byte, in the whole body
};

// Reads the fields of one message one after the other. `base` is where `bytes` begins in the whole body.
class WireReader {
 public:
  WireReader(std::string_view bytes, std::size_t base) : bytes_(bytes), base_(base) {}
  bool at_end() const { return at_ >= bytes_.size(); }
  Result<WireField> next();
  Result<std::uint64_t> varint();  // for packed lists
  std::size_t offset() const { return base_ + at_; }

 private:
  std::string_view bytes_;
  std::size_t base_;
  std::size_t at_ = 0;
};

std::unexpected<Error> wire_error(std::size_t offset, std::string what);

}  // namespace slipway::objects::schema
