// FieldsV1 from a client: what is read can be written and read again as the same set, and the sets' algebra holds.
// Two documents, one line each. Run: build/asan/fuzz/field_set_fuzz -max_total_time=60

#include <cstdint>
#include <cstdlib>

#include "objects/patch/field_set.hpp"

namespace doc = slipway::core::doc;
using namespace slipway::objects::patch;

static void require(bool condition) {
  if (!condition) std::abort();
}

static slipway::Result<FieldSet> read(std::string_view text) {
  const auto fields = doc::parse_json(text);
  if (!fields) return std::unexpected(fields.error());
  return parse_fields_v1(*fields);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\n');
  const auto one = read(text.substr(0, end));
  const auto other = end == std::string_view::npos ? FieldSet() : read(text.substr(end + 1)).value_or(FieldSet());
  if (!one) return 0;
  const auto again = parse_fields_v1(render_fields_v1(*one));
  require(again && *again == *one);
  const auto both = one->intersected(other);
  require(one->without(other).united(both) == *one);
  require(both == other.intersected(*one));
  require(one->united(other) == other.united(*one));
  require(one->without(*one).empty());
  require(one->united(other).size() + both.size() == one->size() + other.size());
  one->for_each([&](const Path& path) { require(one->has(path) && !text_of(path).empty()); });
  return 0;
}
