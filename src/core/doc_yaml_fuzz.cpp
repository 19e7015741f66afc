// Any bytes: parsing ends with a value or an error, and what was read is rendered so that it reads back the same.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "core/doc.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace doc = slipway::core::doc;
  const auto documents = doc::parse_yaml_all(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz.yaml");
  if (!documents) {
    (void)documents.error().render();
    return 0;
  }
  for (const doc::Value& value : *documents) {
    const std::string text = doc::render_yaml(value);
    const auto again = doc::parse_yaml(text, "rendered.yaml");
    if (!again || !(*again == value)) {
      std::fprintf(stderr, "%s\n---\n%s\n", text.c_str(), again ? "another value" : again.error().render().c_str());
      std::abort();
    }
    const std::string json = doc::render_json(value);
    const auto from_json = doc::parse_json(json);
    if (!from_json || !(*from_json == value)) {
      std::fprintf(stderr, "%s\n---\n%s\n", json.c_str(),
                   from_json ? "another value" : from_json.error().render().c_str());
      std::abort();
    }
  }
  return 0;
}
