#include "objects/crd/bundled.hpp"

#include "core/digest.hpp"

namespace slipway::objects::crd {

Object marked_as_bundled(doc::Value definition) {
  const auto fingerprint = Digest::of(doc::render_json_canonical(definition["spec"])).short_text();
  Object marked(std::move(definition));
  marked.set_annotation(bundled_annotation, fingerprint);
  return marked;
}

Standing standing_of(const Object& stored, const Object& marked) {
  const auto mark = stored.annotation(bundled_annotation);
  if (mark.empty()) return Standing::foreign;
  return mark == marked.annotation(bundled_annotation) ? Standing::current : Standing::outdated;
}

}  // namespace slipway::objects::crd
