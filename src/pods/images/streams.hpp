#pragma once
// Streams of bytes as images need them: a part of a file, that and its digest, what was compressed.

#include <memory>
#include <string>

#include "core/digest.hpp"
#include "core/world/descriptor.hpp"
#include "pods/images/tar.hpp"

namespace slipway::pods::images {

// Bytes [begin, begin + size) of an open file, which outlives the stream.
ReadBytes read_part(int file, std::uint64_t begin, std::uint64_t size);
// What `read` gives, which goes into `hasher`, too.
ReadBytes hashed(ReadBytes read, std::shared_ptr<core::Hasher> hasher);
// What was compressed by gzip; data_loss where it was not.
ReadBytes unzipped(ReadBytes read);
Result<> drain(const ReadBytes& read);

}  // namespace slipway::pods::images
