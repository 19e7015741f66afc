#pragma once
// A kind for tests and fuzzers of patches, with every way to merge: `spec.containers` by name, their `ports` by port
// and protocol (TCP by default), `args` atomic, `metadata.finalizers` a set, `data` a map, `spec.selector` an atomic
// one, `spec.strategy` with retained keys, `spec.free` unknown. Made by hand; small enough to keep in one's head.

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "objects/schema/schema.hpp"

namespace slipway::objects::patch::testing {

using schema::Field;
using schema::Merge;
using schema::Shape;
using schema::Type;

// Made once, kept for the program's life: types point at each other.
inline Type* make_type(Shape shape, const Type* element = nullptr, Merge merge = Merge::granular) {
  static std::deque<Type> kept;
  auto& type = kept.emplace_back();
  type.shape = shape;
  type.element = element;
  type.merge = merge;
  return &type;
}

inline Type* make_object(std::string name, std::vector<std::pair<std::string, const Type*>> fields) {
  auto* type = make_type(Shape::object);
  type->name = std::move(name);
  for (auto& [field, of] : fields) {
    type->fields.emplace_back();
    type->fields.back().name = field;
    type->fields.back().type = of;
  }
  std::ranges::sort(type->fields, {}, &Field::name);
  return type;
}

inline Field& field_in(Type& type, std::string_view name) {
  return *std::ranges::find(type.fields, name, &Field::name);
}

inline Type* make_keyed(Type* element, std::vector<std::string> keys) {
  auto* list = make_type(Shape::list, element, Merge::by_key);
  list->merge_keys = std::move(keys);
  return list;
}

inline const Type& small_type() {
  static const Type* const made = [] {
    const auto* text = make_type(Shape::string);
    const auto* number = make_type(Shape::integer);
    auto* port = make_object("io.k8s.api.core.v1.ContainerPort",
                             {{"containerPort", number}, {"protocol", text}, {"name", text}});
    field_in(*port, "protocol").default_value = "TCP";
    auto* container =
        make_object("io.k8s.api.core.v1.Container", {{"name", text},
                                                     {"image", text},
                                                     {"args", make_type(Shape::list, text, Merge::atomic)},
                                                     {"ports", make_keyed(port, {"containerPort", "protocol"})}});
    field_in(*container, "ports").patch_merge = true;
    field_in(*container, "ports").patch_merge_key = "containerPort";
    auto* strategy = make_object("Strategy", {{"type", text}, {"rollingUpdate", make_type(Shape::map, text)}});
    auto* spec = make_object("io.k8s.api.core.v1.PodSpec", {{"containers", make_keyed(container, {"name"})},
                                                            {"replicas", number},
                                                            {"strategy", strategy},
                                                            {"selector", make_type(Shape::map, text, Merge::atomic)},
                                                            {"free", make_type(Shape::any)}});
    field_in(*spec, "containers").patch_merge = true;
    field_in(*spec, "containers").patch_merge_key = "name";
    field_in(*spec, "strategy").retain_keys = true;
    auto* metadata = make_object("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
                                 {{"name", text},
                                  {"namespace", text},
                                  {"uid", text},
                                  {"resourceVersion", text},
                                  {"labels", make_type(Shape::map, text)},
                                  {"annotations", make_type(Shape::map, text)},
                                  {"finalizers", make_type(Shape::list, text, Merge::set)}});
    field_in(*metadata, "finalizers").patch_merge = true;
    return make_object("io.k8s.api.core.v1.Pod", {{"apiVersion", text},
                                                  {"kind", text},
                                                  {"metadata", metadata},
                                                  {"spec", spec},
                                                  {"data", make_type(Shape::map, text)},
                                                  {"status", make_object("Status", {{"phase", text}})}});
  }();
  return *made;
}

}  // namespace slipway::objects::patch::testing
