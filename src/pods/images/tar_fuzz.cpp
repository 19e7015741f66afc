// Bytes that say they are a layer of an image: every entry stays inside, and every cut means the same. Run:
// build/fuzz/fuzz/tar_fuzz -max_total_time=60

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "pods/images/archive.hpp"
#include "pods/images/tar.hpp"

namespace {

using namespace slipway;
using namespace slipway::pods::images;

std::string meaning_of(std::string_view bytes, std::size_t step) {
  TarReader tar([&](std::span<char> buffer) -> Result<std::size_t> {
    const std::size_t size = std::min({buffer.size(), bytes.size(), step});
    std::copy_n(bytes.begin(), size, buffer.begin());
    bytes.remove_prefix(size);
    return size;
  });
  std::string meaning;
  while (true) {
    auto entry = tar.next();
    if (!entry) return meaning + "!" + entry.error().message;
    if (!*entry) return meaning;
    const std::string& path = (*entry)->path;
    if (path.starts_with('/') || ("/" + path + "/").find("/../") != std::string::npos) std::abort();
    meaning += path + " " + (*entry)->target + " " + std::to_string((*entry)->size) + "\n";
    std::array<char, 100> buffer{};
    while (true) {
      const auto got = tar.read(buffer);
      if (!got || *got == 0) break;
      meaning.append(buffer.data(), *got);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = meaning_of(bytes, size + 1);
  if (whole != meaning_of(bytes, 1) || whole != meaning_of(bytes, 509)) std::abort();
  [[maybe_unused]] const auto config = parse_config(bytes);
  return 0;
}
