#include "pods/images/tar.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/number.hpp"

namespace slipway::pods::images {
namespace {

constexpr std::size_t block_size = 512;
constexpr std::uint64_t most_text = 1024 * 1024;  // of a long name or a pax header
constexpr std::size_t longest_path = 4096;        // as the kernel has it
constexpr std::uint64_t largest_file = std::uint64_t{1} << 44;

using Block = std::array<char, block_size>;

std::unexpected<Error> broken(const std::string& why) { return fail(Code::data_loss, "a broken tar archive: " + why); }

std::string_view field(const Block& block, std::size_t at, std::size_t size) {
  const std::string_view all(block.data() + at, size);
  return all.substr(0, all.find('\0'));
}

// Octal digits, or base 256 where the first bit is set.
Result<std::int64_t> number_in(const Block& block, std::size_t at, std::size_t size) {
  const auto first = static_cast<unsigned char>(block[at]);
  if ((first & 0x80) != 0) {
    std::uint64_t value = first & 0x3f;
    for (std::size_t i = 1; i < size; ++i) {
      if (value >> 54 != 0) return broken("a number is too large");
      value = value << 8 | static_cast<unsigned char>(block[at + i]);
    }
    if ((first & 0x40) != 0) return broken("a number is negative");
    return static_cast<std::int64_t>(value);
  }
  std::int64_t value = 0;
  for (const char c : field(block, at, size)) {
    if (c == ' ') continue;
    if (c < '0' || c > '7') return broken("a number has a letter in it");
    value = value * 8 + (c - '0');  // twelve digits at most
  }
  return value;
}

bool is_zero(const Block& block) {
  return std::ranges::all_of(block, [](char c) { return c == 0; });
}

Result<> check_sum(const Block& block) {
  TRY_ASSIGN(const std::int64_t wanted, number_in(block, 148, 8));
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < block_size; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(block[i]);
  if (sum != wanted) return broken("a header's checksum is wrong");
  return {};
}

std::optional<TarEntry::Kind> kind_of(char type) {
  switch (type) {
    case '\0':
    case '0':
    case '7':
      return TarEntry::Kind::file;
    case '1':
      return TarEntry::Kind::hard_link;
    case '2':
      return TarEntry::Kind::symbolic_link;
    case '3':
    case '4':
      return TarEntry::Kind::device;
    case '5':
      return TarEntry::Kind::directory;
    case '6':
      return TarEntry::Kind::fifo;
    default:
      return std::nullopt;
  }
}

std::string name_of(const Block& block) {
  std::string name(field(block, 0, 100));
  const bool has_prefix = std::string_view(block.data() + 257, 6) == std::string_view("ustar\0", 6);
  const std::string_view prefix = has_prefix ? field(block, 345, 155) : std::string_view();
  return prefix.empty() ? name : std::string(prefix) + "/" + name;
}

}  // namespace

Result<std::string> plain_path(const std::string& path) {
  if (path.size() > longest_path || path.find('\0') != std::string::npos) return broken("a name is no path");
  std::string plain;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = std::string_view(path).substr(at, end - at);
    at = end + 1;
    if (part == "..") return broken("\"" + path + "\" leaves it");
    if (part.empty() || part == ".") continue;
    plain.append(plain.empty() ? "" : "/").append(part);
  }
  return plain;
}

Result<> TarReader::fill(std::span<char> buffer) {
  while (!buffer.empty()) {
    TRY_ASSIGN(const std::size_t got, read_(buffer));
    if (got == 0) return broken("it ends too early");
    position_ += got;
    buffer = buffer.subspan(got);
  }
  return {};
}

Result<> TarReader::skip_rest() {
  std::array<char, 64 * 1024> unwanted;
  for (std::uint64_t left = std::exchange(left_, 0) + std::exchange(padding_, 0); left > 0;) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left, unwanted.size()));
    TRY(fill(std::span(unwanted).first(part)));
    left -= part;
  }
  return {};
}

Result<std::size_t> TarReader::read(std::span<char> buffer) {
  buffer = buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer.size())));
  if (buffer.empty()) return std::size_t{0};
  TRY_ASSIGN(const std::size_t got, read_(buffer));
  if (got == 0) return broken("it ends too early");
  position_ += got;
  left_ -= got;
  return got;
}

Result<std::string> TarReader::read_text(std::uint64_t size) {
  if (size > most_text) return broken("a name is too long");
  std::string text(static_cast<std::size_t>(size), '\0');
  TRY(fill(text));
  left_ = 0;
  TRY(skip_rest());
  return text;
}

// "LENGTH key=value\n", again and again.
Result<> TarReader::take_pax(const std::string& records, Extended& extended) {
  std::string_view rest = records;
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    const auto length = core::parse_number<std::size_t>(rest.substr(0, space));
    if (space == std::string_view::npos || !length || *length > rest.size() || *length < space + 3 ||
        rest[*length - 1] != '\n') {
      return broken("a pax header is no list of records");
    }
    const std::string_view record = rest.substr(space + 1, *length - space - 2);
    rest.remove_prefix(*length);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) return broken("a pax record has no value");
    const std::string_view key = record.substr(0, equals);
    const std::string_view value = record.substr(equals + 1);
    const auto whole = core::parse_number<std::int64_t>(value.substr(0, value.find('.')));
    if (key == "path") extended.path = value;
    if (key == "linkpath") extended.target = value;
    if (key.starts_with("GNU.sparse")) return broken("sparse files are not read");
    std::optional<std::int64_t>* const number = key == "size"    ? &extended.size
                                                : key == "uid"   ? &extended.user
                                                : key == "gid"   ? &extended.group
                                                : key == "mtime" ? &extended.changed_at
                                                                 : nullptr;
    if (number == nullptr) continue;
    if (!whole || (*whole < 0 && key != "mtime")) return broken("a pax record's number is none");
    *number = whole;
  }
  return {};
}

Result<std::optional<TarEntry>> TarReader::next() {
  Extended extended;
  while (true) {
    TRY(skip_rest());
    Block block;
    TRY(fill(block));
    if (is_zero(block)) return std::nullopt;
    TRY(check_sum(block));
    TRY_ASSIGN(std::int64_t size, number_in(block, 124, 12));
    const char type = block[156];
    const auto kind = kind_of(type);
    if (kind && extended.size) size = *extended.size;
    const bool has_contents = !kind || *kind == TarEntry::Kind::file;
    left_ = has_contents ? static_cast<std::uint64_t>(size) : 0;
    if (left_ > largest_file) return broken("a file is too large");
    padding_ = (block_size - left_ % block_size) % block_size;
    if (type == 'x') {
      TRY_ASSIGN(const std::string records, read_text(left_));
      TRY(take_pax(records, extended));
    } else if (type == 'L' || type == 'K') {
      TRY_ASSIGN(std::string text, read_text(left_));
      text.resize(std::min(text.find('\0'), text.size()));
      (type == 'L' ? extended.path : extended.target) = std::move(text);
    } else if (type == 'g') {
      TRY(read_text(left_));
    } else if (!kind) {
      return broken(std::string("entries of type '") + type + "' are not read");
    } else {
      TarEntry entry;
      entry.kind = *kind;
      TRY_ASSIGN(entry.path, plain_path(extended.path.value_or(name_of(block))));
      entry.target = extended.target.value_or(std::string(field(block, 157, 100)));
      TRY_ASSIGN(const std::int64_t mode, number_in(block, 100, 8));
      entry.mode = static_cast<unsigned>(mode) & 07777;
      TRY_ASSIGN(entry.user, number_in(block, 108, 8));
      TRY_ASSIGN(entry.group, number_in(block, 116, 8));
      TRY_ASSIGN(entry.changed_at, number_in(block, 136, 12));
      entry.user = extended.user.value_or(entry.user);
      entry.group = extended.group.value_or(entry.group);
      entry.changed_at = extended.changed_at.value_or(entry.changed_at);
      entry.size = left_;
      return entry;
    }
  }
}

}  // namespace slipway::pods::images
