#include "net/spdy/header_block.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "core/text.hpp"
#include "net/headers.hpp"
#include "net/spdy/dictionary.hpp"

namespace slipway::net::spdy {
namespace {

const Bytef* bytes_of(std::string_view text) { return reinterpret_cast<const Bytef*>(text.data()); }

void append_number(std::string& out, std::size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> static_cast<unsigned>(shift) & 0xffU);
}

void append_text(std::string& out, std::string_view text) {
  append_number(out, text.size());
  out += text;
}

std::string render(const core::Headers& headers) {
  std::map<std::string, std::string> joined;
  for (const auto& [name, value] : headers) {
    const auto [at, is_new] = joined.try_emplace(core::in_lower(name), value);
    if (!is_new) at->second.append(1, '\0').append(value);
  }
  std::string text;
  append_number(text, joined.size());
  for (const auto& [name, value] : joined) {
    append_text(text, name);
    append_text(text, value);
  }
  return text;
}

std::unexpected<Error> malformed(const std::string& why) {
  return fail(Code::invalid_argument, "a SPDY header block is malformed: " + why);
}

std::optional<std::size_t> take_number(std::string_view& text) {
  if (text.size() < 4) return std::nullopt;
  std::size_t number = 0;
  for (const char c : text.substr(0, 4)) number = number << 8U | static_cast<unsigned char>(c);
  text.remove_prefix(4);
  return number;
}

std::optional<std::string_view> take_text(std::string_view& text) {
  const auto size = take_number(text);
  if (!size || *size > text.size()) return std::nullopt;
  const std::string_view taken = text.substr(0, *size);
  text.remove_prefix(*size);
  return taken;
}

core::Result<> take_pair(std::string_view& text, core::Headers& headers) {
  const auto name = take_text(text);
  auto value = name ? take_text(text) : std::nullopt;
  if (!value) return malformed("it ends in the middle of a header");
  // Names of requests to web servers begin with a colon.
  const std::string_view token = name->starts_with(':') ? name->substr(1) : *name;
  if (!is_token(token) || core::in_lower(*name) != *name) return malformed("a name is not a token in lower case");
  for (std::string_view rest = *value;;) {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    if (!is_header_value(rest.substr(0, end)))
      return malformed("the value of \"" + std::string(*name) + "\" has control characters");
    if (headers.size() == HeaderDecompressor::max_headers) return malformed("it has too many headers");
    headers.emplace_back(*name, rest.substr(0, end));
    if (end == rest.size()) return {};
    rest.remove_prefix(end + 1);
  }
}

core::Result<core::Headers> parse(std::string_view text) {
  const auto count = take_number(text);
  if (!count) return malformed("it has no count");
  if (*count > HeaderDecompressor::max_headers) return malformed("it has too many headers");
  core::Headers headers;
  for (std::size_t i = 0; i < *count; ++i) TRY(take_pair(text, headers));
  if (!text.empty()) return malformed("something follows the last header");
  return headers;
}

}  // namespace

struct HeaderCompressor::State {
  State() {
    deflateInit(&stream, Z_BEST_SPEED);
    deflateSetDictionary(&stream, bytes_of(dictionary()), static_cast<uInt>(dictionary().size()));
  }
  ~State() { deflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  z_stream stream{};
};

HeaderCompressor::HeaderCompressor() : state_(std::make_unique<State>()) {}
HeaderCompressor::~HeaderCompressor() = default;

std::string HeaderCompressor::compress(const core::Headers& headers) {
  const std::string text = render(headers);
  std::string block;
  std::array<char, 4096> buffer;
  z_stream& stream = state_->stream;
  stream.next_in = const_cast<Bytef*>(bytes_of(text));
  stream.avail_in = static_cast<uInt>(text.size());
  do {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    deflate(&stream, Z_SYNC_FLUSH);
    block.append(buffer.data(), buffer.size() - stream.avail_out);
  } while (stream.avail_out == 0);
  return block;
}

struct HeaderDecompressor::State {
  State() { inflateInit(&stream); }
  ~State() { inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  z_stream stream{};
};

HeaderDecompressor::HeaderDecompressor() : state_(std::make_unique<State>()) {}
HeaderDecompressor::~HeaderDecompressor() = default;

core::Result<core::Headers> HeaderDecompressor::decompress(std::string_view block) {
  std::string text;
  std::array<char, 4096> buffer;
  z_stream& stream = state_->stream;
  stream.next_in = const_cast<Bytef*>(bytes_of(block));
  stream.avail_in = static_cast<uInt>(block.size());
  do {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    int status = inflate(&stream, Z_SYNC_FLUSH);
    if (status == Z_NEED_DICT) {
      status = inflateSetDictionary(&stream, bytes_of(dictionary()), static_cast<uInt>(dictionary().size()));
      if (status == Z_OK) status = inflate(&stream, Z_SYNC_FLUSH);
    }
    text.append(buffer.data(), buffer.size() - stream.avail_out);
    if (text.size() > max_text) return malformed("it is larger than 64 KiB");
    if (status == Z_BUF_ERROR && stream.avail_in == 0) break;  // all is out
    if (status != Z_OK) return malformed("it is not compressed as it must be");
  } while (stream.avail_in > 0 || stream.avail_out == 0);
  return parse(text);
}

}  // namespace slipway::net::spdy
