// Any object of any built-in kind, created, written over itself and over nothing: it is judged, and what did not change
// is no problem that it was not before.

#include <cstdint>
#include <cstdlib>

#include "objects/schema/builtin.hpp"
#include "objects/schema/decode.hpp"
#include "objects/validation/pod_resources.hpp"
#include "objects/validation/validate.hpp"

namespace schema = slipway::objects::schema;
namespace validation = slipway::objects::validation;
namespace doc = slipway::doc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto body = doc::parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!body) return 0;
  for (const schema::Resource& resource : schema::builtin().resources()) {
    if (!schema::check(*body, *resource.type).mistyped.empty()) continue;
    doc::Value object = *body;
    schema::prune(object, *resource.type);
    schema::normalize(object, *resource.type);
    schema::show_zeros(object, *resource.type);
    schema::apply_defaults(object, *resource.type);
    const auto created = validation::validate_create(resource, object);
    if (const auto refused = validation::refuse_invalid(resource, object, created);
        refused.has_value() != created.empty()) {
      std::abort();
    } else if (!refused && !validation::refusal_of(refused.error())) {
      std::abort();
    }
    validation::validate_update(resource, object, object);
    validation::validate_update(resource, object, doc::Object{});
    validation::validate_status_update(resource, object, object);
    validation::pod_requests(object["spec"]);
    validation::quality_of_service(object["spec"]);
  }
  return 0;
}
