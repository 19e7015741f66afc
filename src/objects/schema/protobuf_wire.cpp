#include "objects/schema/protobuf_wire.hpp"

namespace slipway::objects::schema {

std::unexpected<Error> wire_error(std::size_t offset, std::string what) {
  return fail(Code::invalid_argument, "protobuf: " + std::move(what) + " at byte " + std::to_string(offset));
}

Result<std::uint64_t> WireReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at_end()) return wire_error(offset(), "the message ends inside a number");
    const auto byte = static_cast<unsigned char>(bytes_[at_++]);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  return wire_error(offset(), "a number is longer than ten bytes");
}

Result<WireField> WireReader::next() {
  WireField field;
  field.offset = offset();
  TRY_ASSIGN(const std::uint64_t tag, varint());
  field.number = static_cast<std::uint32_t>(tag >> 3);
  if (field.number == 0 || tag >> 3 > 0x1FFFFFFF) return wire_error(field.offset, "a field has no number");
  field.type = static_cast<WireType>(tag & 7);
  std::size_t size = 0;
  switch (field.type) {
    case WireType::varint: {
      TRY_ASSIGN(field.scalar, varint());
      return field;
    }
    case WireType::fixed64:
      size = 8;
      break;
    case WireType::fixed32:
      size = 4;
      break;
    case WireType::bytes: {
      TRY_ASSIGN(const std::uint64_t length, varint());
      if (length > bytes_.size() - at_) return wire_error(field.offset, "a field is longer than its message");
      field.bytes = bytes_.substr(at_, length);
      field.offset = offset();
      at_ += length;
      return field;
    }
    default:
      return wire_error(field.offset, "a field is of wire type " + std::to_string(tag & 7));
  }
  if (size > bytes_.size() - at_) return wire_error(field.offset, "a field is longer than its message");
  for (std::size_t i = 0; i < size; ++i)
    field.scalar |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes_[at_ + i])) << (8 * i);
  at_ += size;
  return field;
}

}  // namespace slipway::objects::schema
