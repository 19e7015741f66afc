// Any text as a request body: it is read or refused, duplicates included; what core's parser reads is read the same;
// and a document that was prepared once stays as it is when it is prepared again.

#include <cstdint>
#include <cstdlib>

#include "objects/schema/builtin.hpp"
#include "objects/schema/decode.hpp"

namespace schema = slipway::objects::schema;
namespace doc = slipway::doc;

static void prepare(doc::Value& value, const schema::Type& type) {
  schema::prune(value, type);
  schema::normalize(value, type);
  schema::show_zeros(value, type);
  schema::apply_defaults(value, type);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto body = schema::parse_json_body(text);
  const auto plain = doc::parse_json(text);
  if (plain && (!body || !(*plain == body->value) || !body->duplicates.empty())) std::abort();
  if (!body) return 0;
  for (const char* kind : {"Pod", "Service", "Secret", "LimitRange"}) {
    const schema::Type& type = *schema::builtin().find("", "v1", kind)->type;
    if (!schema::check(*body, type).mistyped.empty()) continue;
    doc::Value value = body->value;
    prepare(value, type);
    if (!schema::check(value, type).strict.empty()) std::abort();
    doc::Value again = value;
    prepare(again, type);
    if (!(again == value)) std::abort();
  }
  return 0;
}
