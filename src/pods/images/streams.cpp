#include "pods/images/streams.hpp"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace slipway::pods::images {
namespace {

constexpr int gzip_only = 16;  // added to the window's size, as zlib wants it
constexpr std::size_t input_size = 64 * 1024;

class Unzipper {
 public:
  explicit Unzipper(ReadBytes read) : read_(std::move(read)) {
    is_open_ = ::inflateInit2(&stream_, MAX_WBITS + gzip_only) == Z_OK;
  }
  ~Unzipper() {
    if (is_open_) ::inflateEnd(&stream_);
  }
  Unzipper(const Unzipper&) = delete;
  Unzipper& operator=(const Unzipper&) = delete;

  Result<std::size_t> read(std::span<char> buffer) {
    if (!is_open_) return fail(Code::resource_exhausted, "no memory to decompress a layer");
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_.avail_out = static_cast<uInt>(buffer.size());
    while (stream_.avail_out == buffer.size() && !has_ended_) TRY(step());
    return buffer.size() - stream_.avail_out;
  }

 private:
  Result<> step() {
    if (stream_.avail_in == 0) {
      TRY_ASSIGN(const std::size_t got, read_(input_));
      stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
      stream_.avail_in = static_cast<uInt>(got);
      if (got == 0 && !is_between_) return fail(Code::data_loss, "a compressed layer ends too early");
      has_ended_ = got == 0;
      if (has_ended_) return {};
    }
    is_between_ = false;
    const int status = ::inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_STREAM_END) {  // another one may follow
      is_between_ = true;
      ::inflateReset(&stream_);
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      return fail(Code::data_loss, std::string("a compressed layer is broken: ") +
                                       (stream_.msg == nullptr ? "this is no gzip" : stream_.msg));
    }
    return {};
  }

  ReadBytes read_;
  z_stream stream_{};
  std::array<char, input_size> input_;
  bool is_open_ = false;
  bool is_between_ = false;  // two of them
  bool has_ended_ = false;
};

}  // namespace

ReadBytes read_part(int file, std::uint64_t begin, std::uint64_t size) {
  // Copies of a stream go on from the same place.
  return [file, place = std::make_shared<std::uint64_t>(begin),
          end = begin + size](std::span<char> buffer) -> Result<std::size_t> {
    std::uint64_t& at = *place;
    buffer = buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at)));
    if (buffer.empty()) return std::size_t{0};
    ssize_t got = 0;
    do got = ::pread(file, buffer.data(), buffer.size(), static_cast<off_t>(at));
    while (got < 0 && errno == EINTR);
    if (got < 0) return fail(Code::unavailable, std::string("cannot read an image: ") + std::strerror(errno));
    at += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  };
}

ReadBytes hashed(ReadBytes read, std::shared_ptr<core::Hasher> hasher) {
  return [read = std::move(read), hasher = std::move(hasher)](std::span<char> buffer) -> Result<std::size_t> {
    TRY_ASSIGN(const std::size_t got, read(buffer));
    hasher->update({buffer.data(), got});
    return got;
  };
}

ReadBytes unzipped(ReadBytes read) {
  return [unzipper = std::make_shared<Unzipper>(std::move(read))](std::span<char> buffer) {
    return unzipper->read(buffer);
  };
}

Result<> drain(const ReadBytes& read) {
  std::array<char, 64 * 1024> buffer;
  while (true) {
    TRY_ASSIGN(const std::size_t got, read(buffer));
    if (got == 0) return {};
  }
}

}  // namespace slipway::pods::images
