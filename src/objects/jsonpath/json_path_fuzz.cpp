// A path and a document from strangers, one line each: what parses can be followed, and always finds the same.
// Run: build/asan/fuzz/json_path_fuzz -max_total_time=60

#include <cstdint>
#include <cstdlib>

#include "objects/jsonpath/json_path.hpp"

namespace doc = slipway::core::doc;
using slipway::objects::jsonpath::JsonPath;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\n');
  const auto path = JsonPath::parse(text.substr(0, end));
  if (!path) {
    if (path.error().message.empty() || !path.error().mark.known()) std::abort();
    return 0;
  }
  const auto document = doc::parse_json(end == std::string_view::npos ? "{}" : text.substr(end + 1));
  if (!document) return 0;
  const auto found = path->find(*document);
  const auto again = path->find(*document);
  if (found.has_value() != again.has_value() || (found && *found != *again)) std::abort();
  const doc::Value* first = path->find_first(*document);
  if (found && first != (found->empty() ? nullptr : found->front())) std::abort();
  return 0;
}
