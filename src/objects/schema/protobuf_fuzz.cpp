// Any bytes, as an envelope and as a bare Pod and CustomResourceDefinition: reading ends with a document or an error,
// and a document can be checked, pruned, normalized, given defaults, and rendered so that it reads back the same.

#include <cstdint>
#include <cstdlib>

#include "objects/schema/decode.hpp"
#include "objects/schema/protobuf.hpp"

namespace schema = slipway::objects::schema;
namespace doc = slipway::doc;

static void use(slipway::Result<doc::Value> value, const schema::Type& type) {
  if (!value) {
    (void)value.error().render();
    return;
  }
  (void)schema::check(*value, type);
  schema::prune(*value, type);
  schema::normalize(*value, type);
  schema::apply_defaults(*value, type);
  if (!doc::parse_json(doc::render_json(*value))) std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const schema::Type& pod = *schema::builtin().find("", "v1", "Pod")->type;
  static const schema::Type& crd =
      *schema::builtin().find("apiextensions.k8s.io", "v1", "CustomResourceDefinition")->type;
  use(schema::decode_message(bytes, pod), pod);
  use(schema::decode_message(bytes, crd), crd);
  const std::string body = std::string("k8s\0", 4) + std::string(bytes);
  const auto value = schema::decode_protobuf(body);
  const doc::Value meta = value ? *value : doc::Value();
  const auto* type = schema::builtin().find_body(meta["apiVersion"].string_or(""), meta["kind"].string_or(""));
  use(value, type ? *type : pod);
  return 0;
}
