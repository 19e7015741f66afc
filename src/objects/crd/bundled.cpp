#include "objects/crd/bundled.hpp"

#include "core/digest.hpp"
#include "objects/local_store.hpp"

namespace slipway::objects::crd {

namespace {

// Whether somebody else decides what it says: whoever applied or replaced it.
bool is_taken_over(const Object& definition) {
  const std::string ours = LocalStoreOptions().manager;
  const auto& fields = definition.document()["metadata"]["managedFields"];
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i]["manager"].string_or("") != ours && !fields[i]["fieldsV1"]["f:spec"].is_null()) return true;
  }
  return false;
}

}  // namespace

Object marked_as_bundled(doc::Value definition) {
  const auto fingerprint = Digest::of(doc::render_json_canonical(definition["spec"])).short_text();
  Object marked(std::move(definition));
  marked.set_annotation(bundled_annotation, fingerprint);
  return marked;
}

bool is_bundled(const Object& definition) {
  return !definition.annotation(bundled_annotation).empty() && !is_taken_over(definition);
}

Standing standing_of(const Object& stored, const Object& marked) {
  if (!is_bundled(stored)) return Standing::foreign;
  const bool is_same = stored.annotation(bundled_annotation) == marked.annotation(bundled_annotation);
  return is_same ? Standing::current : Standing::outdated;
}

}  // namespace slipway::objects::crd
