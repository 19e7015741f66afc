// Any JSON as a definition: it is read or refused. Of what is read, any JSON is judged, also as an update of itself,
// and what was pruned and given its defaults once stays as it is.

#include <cstdint>
#include <cstdlib>

#include "objects/crd/definition.hpp"
#include "objects/crd/validate.hpp"
#include "objects/schema/decode.hpp"

namespace crd = slipway::objects::crd;
namespace schema = slipway::objects::schema;
namespace doc = slipway::doc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = doc::parse_json({reinterpret_cast<const char*>(data), size});
  if (!input) return 0;
  // The whole input as a definition, and its member `schema` as one that is otherwise right.
  doc::Value whole = doc::Object{
      {"metadata", doc::Object{{"name", "as.b.c"}}},
      {"spec", doc::Object{{"group", "b.c"},
                           {"scope", "Namespaced"},
                           {"names", doc::Object{{"plural", "as"}, {"kind", "A"}}},
                           {"versions", doc::Array{doc::Object{
                                            {"name", "v1"},
                                            {"served", true},
                                            {"storage", true},
                                            {"schema", doc::Object{{"openAPIV3Schema", (*input)["schema"]}}}}}}}}};
  for (const doc::Value* given : {&std::as_const(*input), &std::as_const(whole)}) {
    const auto definition = crd::read_definition(*given);
    if (!definition) continue;
    for (const schema::Resource& resource : crd::resources_of(*definition)) {
      doc::Value object = (*input)["object"];
      schema::prune(object, *resource.type);
      schema::apply_defaults(object, *resource.type);
      doc::Value again = object;
      schema::prune(again, *resource.type);
      schema::apply_defaults(again, *resource.type);
      if (!(again == object)) std::abort();
      (void)crd::judge(object, *resource.type);
      (void)crd::judge(object, *resource.type, &object);
    }
  }
  return 0;
}
