#pragma once
// TarReader: the entries of a tar archive, one after the other, as they come out of a stream: ustar with the long names
// of pax and GNU. Strict: what an image has no use for is refused. Not for writing files: unpack.hpp.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "core/result.hpp"

namespace slipway::pods::images {

// Fills the front of the buffer; 0 at the end.
using ReadBytes = std::function<Result<std::size_t>(std::span<char>)>;

struct TarEntry {
  enum class Kind { file, directory, symbolic_link, hard_link, fifo, device };
  Kind kind = Kind::file;
  std::string path;    // relative, without ".", ".." and double slashes; "" is the archive's own root
  std::string target;  // of links, as written
  unsigned mode = 0644;
  std::int64_t user = 0;
  std::int64_t group = 0;
  std::int64_t changed_at = 0;  // seconds since 1970
  std::uint64_t size = 0;       // of a file
};

class TarReader {
 public:
  explicit TarReader(ReadBytes read) : read_(std::move(read)) {}
  // The next entry, after what was not read of the one before; nullopt at the end. data_loss: this is no such archive.
  Result<std::optional<TarEntry>> next();
  // Of the current entry's contents; 0 at their end.
  Result<std::size_t> read(std::span<char> buffer);
  // Where we are in the stream: after next(), where the contents of the entry begin.
  std::uint64_t position() const { return position_; }

 private:
  struct Extended {
    std::optional<std::string> path, target;
    std::optional<std::int64_t> size, user, group, changed_at;
  };
  Result<> fill(std::span<char> buffer);
  Result<> skip_rest();
  Result<std::string> read_text(std::uint64_t size);
  Result<> take_pax(const std::string& records, Extended& extended);

  ReadBytes read_;
  std::uint64_t position_ = 0;
  std::uint64_t left_ = 0;     // of the entry's contents
  std::uint64_t padding_ = 0;  // after them
};

// "./usr//bin/" is "usr/bin". data_loss when it leaves the archive, or is no path at all.
Result<std::string> plain_path(const std::string& path);

}  // namespace slipway::pods::images
