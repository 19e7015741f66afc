// Any bytes: parsing ends with a value or an error, what was read is rendered so that it reads back the same, and
// canonical text is a fixed point (it may round large numbers: RFC 8785).

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "core/doc.hpp"

namespace doc = slipway::core::doc;

static void must_read_back(const std::string& text, const doc::Value& value) {
  const auto again = doc::parse_json(text);
  if (again && *again == value) return;
  std::fprintf(stderr, "%s\n---\n%s\n", text.c_str(), again ? "another value" : again.error().render().c_str());
  std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = doc::parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!value) {
    (void)value.error().render();
    return 0;
  }
  must_read_back(doc::render_json(*value), *value);
  must_read_back(doc::render_json_pretty(*value), *value);
  const std::string canonical = doc::render_json_canonical(*value);
  if (doc::render_json_canonical(*doc::parse_json(canonical)) != canonical) std::abort();
  return 0;
}
