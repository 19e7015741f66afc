// A live object, and a patch or an apply configuration, one line each, merged by a small kind's schema: the answer is a
// document that can be written and read again, or an error; what server-side apply made, applied again by the same
// manager, stays as it is. Run: build/asan/fuzz/strategic_merge_fuzz -max_total_time=60

#include <cstdint>
#include <cstdlib>

#include "objects/patch/apply.hpp"
#include "objects/patch/small_types_test.hpp"
#include "objects/patch/strategic_merge.hpp"

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
  const auto live = doc::parse_json(text.substr(0, end));
  const auto said = doc::parse_json(text.substr(end + 1));
  if (!live || !said) return 0;
  const auto& type = testing::small_type();
  if (const auto merged = apply_strategic_merge(*live, *said, type)) must_read_back(*merged);
  const Writer writer{"fuzz", (*said)["apiVersion"].string_or(""), "", {}};
  const auto applied = apply(type, *live, *said, writer, true);
  if (!applied) return 0;
  must_read_back(*applied);
  const auto again = apply(type, *applied, *said, writer, false);
  if (!again || !(*again == *applied)) std::abort();
  return 0;
}
