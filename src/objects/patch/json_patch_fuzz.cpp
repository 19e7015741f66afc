// A document and a JSON patch, one line each: whatever they are, the answer is a document that can be written and read
// again, or an error. Run: build/asan/fuzz/json_patch_fuzz -max_total_time=60

#include <cstdint>
#include <cstdlib>

#include "objects/patch/json_patch.hpp"
#include "objects/patch/merge_patch.hpp"

namespace doc = slipway::core::doc;
using namespace slipway::objects::patch;

static void must_read_back(const doc::Value& value) {
  const auto again = doc::parse_json(doc::render_json(value));
  if (!again || !(*again == value)) std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return 0;
  const auto document = doc::parse_json(text.substr(0, end));
  const auto patch = doc::parse_json(text.substr(end + 1));
  if (!document || !patch) return 0;
  if (const auto patched = apply_json_patch(*document, *patch)) must_read_back(*patched);
  const auto merged = merge_patched(*document, *patch);
  must_read_back(merged);
  if (!(merge_patched(merged, *patch) == merged)) std::abort();  // saying it twice changes nothing
  return 0;
}
