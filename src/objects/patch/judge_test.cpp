#include "objects/patch/judge_test.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "source_dir.hpp"

namespace slipway::objects::patch::testing {

using schema::Merge;
using schema::Shape;
using schema::Type;

// --- types -------------------------------------------------------------------------------------------------------

Type* Types::named(const std::string& name) {
  auto& type = types_[name];
  if (!type) type = std::make_unique<Type>();
  return type.get();
}

Types::Types(const doc::Value& description) {
  static const std::map<std::string, Shape> shapes{{"object", Shape::object},   {"map", Shape::map},
                                                   {"list", Shape::list},       {"string", Shape::string},
                                                   {"numeric", Shape::integer}, {"boolean", Shape::boolean},
                                                   {"any", Shape::any},         {"untyped", Shape::int_or_string}};
  for (const auto& [name, said] : description["types"].as_object()) {
    auto& type = *named(name);
    type.name = said["name"].string_or("");
    type.shape = shapes.at(said["shape"].string_or("any"));
    if (said["atomic"].bool_or(false)) type.merge = Merge::atomic;
    if (!said["element"].is_null()) type.element = named(said["element"].as_string());
    if (type.shape == Shape::list) {
      type.merge = Merge::atomic;
      if (said["associative"].bool_or(false)) type.merge = said["keys"].size() == 0 ? Merge::set : Merge::by_key;
      if (said["keys"].is_array()) {
        for (const auto& key : said["keys"].as_array()) type.merge_keys.push_back(key.as_string());
      }
    }
    if (!said["fields"].is_array()) continue;
    for (const auto& field : said["fields"].as_array()) {
      schema::Field made;
      made.name = field["name"].as_string();
      made.type = named(field["type"].as_string());
      made.patch_merge = field["patch_merge"].bool_or(false);
      made.retain_keys = field["patch_retainKeys"].bool_or(false);
      made.patch_merge_key = field["patchMergeKey"].string_or("");
      if (!field["default"].is_null()) made.default_value = field["default"];
      type.fields.push_back(std::move(made));
    }
    std::ranges::sort(type.fields, {}, &schema::Field::name);
  }
  root_ = named(description["root"].as_string());
}

// --- documents ---------------------------------------------------------------------------------------------------

bool Documents::is_used(const Type& type, const schema::Field& field) const {
  if (field.name == "managedFields" || field.name == "uid" || field.name == "resourceVersion") return false;
  if (type.fields.size() <= 4) return true;
  const std::uint64_t mixed = std::hash<std::string>{}(field.name) ^ (seed_ * 0x9e3779b97f4a7c15U);
  const bool is_trunk = field.name == "spec" || field.name == "template" || field.name == "containers" ||
                        field.name == "ports" || field.name == "labels" || field.name == "data";
  return is_trunk || Dice(mixed).one_in(5);
}

doc::Value Documents::scalar_of(const Type& type) {
  static const char* const words[] = {"a", "b", "c", "a/b", "x<y"};
  switch (type.shape) {
    case Shape::integer:
    case Shape::number:
      return static_cast<std::int64_t>(dice_.below(3));
    case Shape::boolean:
      return dice_.one_in(2);
    case Shape::int_or_string:
      if (dice_.one_in(2)) return static_cast<std::int64_t>(80 + dice_.below(2));
      [[fallthrough]];
    default:
      return words[dice_.below(dice_.one_in(4) ? 5 : 3)];
  }
}

doc::Value Documents::anything(int depth) {
  if (depth <= 0 || dice_.one_in(2)) {
    if (dice_.one_in(2)) return static_cast<std::int64_t>(dice_.below(3));
    return dice_.one_in(2) ? "a" : "b";
  }
  if (dice_.one_in(3)) return doc::Array{anything(depth - 1), anything(depth - 2)};
  return doc::Object{{"a", anything(depth - 1)}, {"b", anything(depth - 1)}};
}

doc::Value Documents::value_of(const Type& type, int depth) {
  if (nulls && dice_.one_in(25)) return {};
  switch (type.shape) {
    case Shape::object: {
      doc::Object object;
      for (const auto& field : type.fields) {
        if (depth > 0 && is_used(type, field) && !dice_.one_in(3))
          object.set(field.name, value_of(*field.type, depth - 1));
      }
      return object;
    }
    case Shape::map: {
      doc::Object object;
      for (const auto* key : {"a", "b", "c"}) {
        if (depth > 0 && dice_.one_in(2)) object.set(key, value_of(*type.element, depth - 1));
      }
      return object;
    }
    case Shape::list: {
      doc::Array list;
      const auto count = depth > 0 ? dice_.below(4) : 0;
      std::vector<std::string> seen;
      for (std::size_t i = 0; i < count; ++i) {
        auto element = value_of(*type.element, depth - 1);
        if (element.is_null()) continue;
        for (const auto& key : type.merge_keys) {
          if (const auto* field = type.element->find(key)) {
            const bool may_default = field->default_value && dice_.one_in(2);
            if (may_default) {
              element.as_object().erase(key);
            } else {
              element.as_object().set(key, scalar_of(*field->type));
            }
          }
        }
        std::string name = type.merge_keys.empty() ? doc::render_json(element) : "";
        for (const auto& key : type.merge_keys) {
          const auto* field = type.element->find(key);
          const auto& said = element[key];
          name += doc::render_json(said.is_null() && field->default_value ? *field->default_value : said) + ",";
        }
        if (type.merge != Merge::atomic && std::ranges::find(seen, name) != seen.end()) continue;
        seen.push_back(name);
        list.push_back(std::move(element));
      }
      return list;
    }
    case Shape::any:
      return anything(2);
    default:
      return scalar_of(type);
  }
}

doc::Value Documents::object_of(const Type& type, std::string_view kind, std::string_view api_version) {
  auto object = value_of(type, 7);
  if (!object.is_object()) object = doc::Object{};
  object.as_object().set("kind", kind);
  object.as_object().set("apiVersion", api_version);
  auto& metadata = object.at_or_insert("metadata");
  if (!metadata.is_object()) metadata = doc::Object{};
  metadata.as_object().set("name", "x");
  for (const auto* key : {"creationTimestamp", "deletionTimestamp", "annotations"}) metadata.as_object().erase(key);
  return object;
}

// --- patches -----------------------------------------------------------------------------------------------------

doc::Value Documents::list_patch(const schema::Field& field, int depth) {
  const auto& element_type = *field.type->element;
  doc::Array list;
  const auto count = dice_.below(4);
  for (std::size_t i = 0; i < count; ++i) {
    auto element = patch_of(element_type, depth - 1);
    if (element.is_object() && !field.patch_merge_key.empty()) {
      const auto* key = element_type.find(field.patch_merge_key);
      if (!dice_.one_in(60)) element.as_object().set(key->name, scalar_of(*key->type));
      if (dice_.one_in(5)) element.as_object().set("$patch", dice_.one_in(12) ? "replace" : "delete");
      if (dice_.one_in(150)) element.as_object().set("$patch", dice_.one_in(2) ? "merge" : "nonsense");
    }
    if (element.is_null()) continue;
    list.push_back(std::move(element));
  }
  return list;
}

doc::Value Documents::patch_of(const Type& type, int depth) {
  if (type.shape != Shape::object) return value_of(type, depth);
  doc::Object patch;
  if (depth > 0) {
    for (const auto& field : type.fields) {
      if (!is_used(type, field) || dice_.one_in(3)) continue;
      if (dice_.one_in(12)) {
        patch.set(field.name, nullptr);
      } else if (field.type->shape == Shape::list && dice_.one_in(6)) {
        const bool keyed = !field.patch_merge_key.empty();
        doc::Array gone;
        if (!keyed) gone = {value_of(*field.type->element, 0)};
        if (!keyed) patch.set("$deleteFromPrimitiveList/" + field.name, std::move(gone));
      } else if (field.type->shape == Shape::list) {
        auto list = list_patch(field, depth);
        if (field.patch_merge && dice_.one_in(3)) {
          doc::Array order;
          for (const auto& element : list.as_array()) {
            if (element["$patch"].is_null() && !dice_.one_in(20)) {
              order.push_back(field.patch_merge_key.empty()
                                  ? element
                                  : doc::Value(doc::Object{{field.patch_merge_key, element[field.patch_merge_key]}}));
            }
          }
          const auto extra = value_of(*field.type, 2);
          if (field.patch_merge_key.empty() && dice_.one_in(2)) {
            for (const auto& element : extra.is_array() ? extra.as_array() : doc::Array{}) order.push_back(element);
          } else if (!field.patch_merge_key.empty() && dice_.one_in(2)) {
            order.insert(order.begin(), doc::Object{{field.patch_merge_key, "c"}});
          }
          patch.set("$setElementOrder/" + field.name, std::move(order));
          if (dice_.one_in(4)) continue;
        }
        patch.set(field.name, std::move(list));
      } else {
        patch.set(field.name, patch_of(*field.type, depth - 1));
      }
    }
  }
  if (dice_.one_in(40)) patch.set("$patch", dice_.one_in(2) ? "replace" : dice_.one_in(20) ? "nonsense" : "delete");
  if (dice_.one_in(15)) {
    doc::Array keys{"name"};
    for (const auto& [key, value] : patch) {
      if (!key.starts_with('$') && !dice_.one_in(30)) keys.emplace_back(key);
    }
    patch.set("$retainKeys", std::move(keys));
  }
  return patch;
}

doc::Value Documents::strategic_patch(const Type& type) {
  nulls = false;
  return patch_of(type, 7);
}

doc::Value Documents::merge_patch(const doc::Value& original) {
  if (!original.is_object() || dice_.one_in(6)) return dice_.one_in(4) ? doc::Value() : anything(2);
  doc::Object patch;
  for (const auto& [key, value] : original.as_object()) {
    if (dice_.one_in(2)) patch.set(key, merge_patch(value));
  }
  if (dice_.one_in(3)) patch.set("new", doc::Object{{"a", nullptr}, {"b", anything(2)}});
  return patch;
}

// What a plain pointer finds, or null.
static doc::Value value_at(const doc::Value& document, std::string_view pointer) {
  const auto* at = &document;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string token(pointer.substr(0, pointer.find('/')));
    pointer.remove_prefix(token.size());
    at = at->is_array() ? &(*at)[static_cast<std::size_t>(std::atoi(token.c_str()))] : &(*at)[token];
  }
  return *at;
}

std::string Documents::pointer_into(const doc::Value& document) {
  std::string pointer;
  const auto* at = &document;
  while (!pointer.ends_with("/nothing") && (at->is_array() || at->is_object()) &&
         !(pointer.size() > 1 && dice_.one_in(4))) {
    if (at->size() == 0 || dice_.one_in(15)) return pointer + (dice_.one_in(2) ? "/nothing" : "/-");
    const auto index = dice_.below(at->size());
    if (at->is_array()) {
      pointer += "/" + std::to_string(index);
      at = &(*at)[index];
      continue;
    }
    const auto& [key, value] = *(at->as_object().begin() + static_cast<std::ptrdiff_t>(index));
    pointer += "/";
    for (const char c : key) pointer += c == '/' ? "~1" : c == '~' ? "~0" : std::string(1, c);
    at = &value;
  }
  return pointer;
}

doc::Value Documents::json_patch(const doc::Value& original) {
  doc::Array patch;
  const auto count = 1 + dice_.below(4);
  static const char* const kinds[] = {"add", "remove", "replace", "move", "copy", "test"};
  for (std::size_t i = 0; i < count; ++i) {
    const std::string op = kinds[dice_.below(6)];
    doc::Object operation{{"op", op}, {"path", pointer_into(original)}};
    if (op == "move" || op == "copy") operation.set("from", pointer_into(original));
    if (op == "add" || op == "replace") operation.set("value", anything(2));
    if (op == "test") {
      const auto same = value_at(original, operation["path"].as_string());
      operation.set("value", dice_.one_in(8) ? doc::Value("other") : same);
    }
    patch.emplace_back(std::move(operation));
  }
  return patch;
}

// --- the judge ---------------------------------------------------------------------------------------------------

std::vector<doc::Value> judged(const std::vector<doc::Value>& requests) {
  const std::filesystem::path source = SLIPWAY_SOURCE_DIR;
  if (!std::filesystem::exists(source / "build/bin/kube-reference")) {
    MESSAGE("skipped: there is no judge here; tests/reference/build makes it, once, with Go");
    return {};
  }
  const auto folder = std::filesystem::temp_directory_path() / ("slipway-judge-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  {
    std::ofstream out(folder / "requests");
    for (const auto& request : requests) out << doc::render_json(request) << "\n";
  }
  const auto command = (source / "build/bin/kube-reference").string() + " < " + (folder / "requests").string() + " > " +
                       (folder / "answers").string();
  REQUIRE(std::system(command.c_str()) == 0);
  std::vector<doc::Value> answers;
  std::ifstream in(folder / "answers");
  for (std::string line; std::getline(in, line);) {
    auto answer = doc::parse_json(line);
    REQUIRE_MESSAGE(answer.has_value(), line);
    answers.push_back(std::move(*answer));
  }
  std::filesystem::remove_all(folder);
  REQUIRE(answers.size() == requests.size());
  return answers;
}

}  // namespace slipway::objects::patch::testing
