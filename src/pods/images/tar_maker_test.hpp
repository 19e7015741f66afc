#pragma once
// Makes tar archives for tests, the wrong ones too.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace slipway::pods::images::testing {

struct Member {
  std::string name;
  char type = '0';
  std::string contents = {};
  std::string target = {};
  unsigned mode = 0644;
};

inline std::string header(const Member& member) {
  std::string block(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) { block.replace(at, text.size(), text); };
  const auto octal = [](std::uint64_t value, int digits) {
    std::string text(static_cast<std::size_t>(digits), '0');
    for (auto at = text.rbegin(); at != text.rend(); ++at, value /= 8) *at = static_cast<char>('0' + value % 8);
    return text + '\0';
  };
  put(0, member.name.substr(0, 100));
  put(100, octal(member.mode, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(member.contents.size(), 11));
  put(136, octal(1'000'000, 11));
  block[156] = member.type;
  put(157, member.target);
  put(257, std::string("ustar\0"
                       "00",
                       8));
  put(148, std::string(8, ' '));
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6));
  return block;
}

inline std::string piece(const Member& member) {
  std::string bytes = header(member) + member.contents;
  bytes.resize((bytes.size() + 511) / 512 * 512);
  return bytes;
}

inline std::string tar_of(const std::vector<Member>& members) {
  std::string bytes;
  for (const auto& member : members) bytes += piece(member);
  return bytes + std::string(1024, '\0');
}

}  // namespace slipway::pods::images::testing
