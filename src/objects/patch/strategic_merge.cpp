#include "objects/patch/strategic_merge.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "objects/patch/go_text.hpp"
#include "objects/patch/list_merge.hpp"

namespace slipway::objects::patch {
namespace {

using schema::Shape;
using schema::Type;

constexpr std::string_view kPatch = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeleteFrom = "$deleteFromPrimitiveList";
constexpr std::string_view kOrder = "$setElementOrder";

std::unexpected<Error> cannot_merge(std::string message) { return fail(Code::internal, std::move(message)); }
std::unexpected<Error> bad_form(std::string message) { return fail(Code::invalid_argument, std::move(message)); }

std::unexpected<Error> bad_type(std::string_view wanted, const doc::Value& value) {
  const auto given = value.is_null() ? "%!s(<nil>)" : go_type_of(value);
  return cannot_merge("expected a " + std::string(wanted) + ", but received a " + std::string(given));
}

std::unexpected<Error> bad_directive(const doc::Value& directive, const doc::Value& map) {
  return cannot_merge("unknown patch type: " + go_text(directive) + " in map: " + go_text(map));
}

// "$setElementOrder/containers" -> "containers".
Result<std::string> named_by(std::string_view key, std::string_view prefix) {
  const auto slash = key.find('/');
  if (slash == prefix.size()) return std::string(key.substr(slash + 1));
  return bad_form(prefix == kOrder ? "invalid patch format of setElementOrder list"
                                   : "invalid patch format of primitive list");
}

void drop_nulls(doc::Value& value) {
  if (value.is_array()) {
    for (auto& element : value.as_array()) drop_nulls(element);
  } else if (value.is_object()) {
    doc::Object kept;
    for (auto& [key, member] : value.as_object()) {
      if (member.is_null()) continue;
      drop_nulls(member);
      kept.append(key, std::move(member));
    }
    value = std::move(kept);
  }
}

// A part of the patch that meets nothing: its maps with a $patch directive go. False when that is `value` itself.
bool drop_directives(doc::Value& value) {
  if (value.is_array()) {
    doc::Array kept;
    for (auto& element : value.as_array()) {
      if (drop_directives(element)) kept.push_back(std::move(element));
    }
    value = std::move(kept);
  } else if (value.is_object()) {
    if (value.as_object().contains(kPatch)) return false;
    doc::Object kept;
    for (auto& [key, member] : value.as_object()) {
      if (drop_directives(member)) kept.append(key, std::move(member));
    }
    value = std::move(kept);
  }
  return true;
}

void put_new(doc::Object& target, const std::string& key, doc::Value value, bool without_nulls) {
  if (without_nulls) drop_nulls(value);
  if (drop_directives(value)) {
    target.set(key, std::move(value));
  } else {
    target.erase(key);
  }
}

// `type` is null where nothing is known of the values, as inside a map of scalars: then nothing there may need it.
struct Known {
  const Type* type = nullptr;
  const schema::Field* field = nullptr;
  bool merges() const { return field != nullptr && field->patch_merge; }
  const std::string& merge_key() const {
    static const std::string none;
    return field == nullptr ? none : field->patch_merge_key;
  }
};

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

std::string_view go_kind(const Type* type) {
  if (type == nullptr) return "interface";
  switch (type->shape) {
    case Shape::map:
      return "map";
    case Shape::list:
      return "slice";
    case Shape::object:
    case Shape::any:
    case Shape::quantity:
    case Shape::time:
    case Shape::micro_time:
    case Shape::duration:
    case Shape::int_or_string:
      return "struct";
    case Shape::boolean:
      return "bool";
    case Shape::integer:
      return type->format == "int32" ? "int32" : "int64";
    case Shape::number:
      return "float64";
    default:
      return "string";
  }
}

Result<Known> find_known(const Type* type, const std::string& key) {
  if (type == nullptr || (type->shape != Shape::object && type->shape != Shape::any)) {
    return cannot_merge("merging an object in json but data type is not struct, instead is: " +
                        std::string(go_kind(type)));
  }
  const auto* field = type->find(key);
  if (field == nullptr) {
    return cannot_merge("unable to find api field in struct " + std::string(last_part(type->name)) +
                        " for the json field " + go_quoted(key));
  }
  return Known{field->type, field};
}

// The same for a list: its elements' type.
Result<Known> find_known_list(const Type* type, const std::string& key) {
  TRY_ASSIGN(auto known, find_known(type, key));
  if (known.type == nullptr || known.type->shape != Shape::list) {
    return cannot_merge("expected slice or array type, but got: " + std::string(go_kind(type)));
  }
  known.type = known.type->element;
  return known;
}

Result<doc::Value> merge_map(doc::Value original, doc::Value patch, const Type* type);

Result<doc::Array> merge_keyed(doc::Array original, const doc::Array& patch, const std::string& merge_key,
                               const Type* type) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < original.size(); ++i) {
    const bool has_key = original[i].as_object().contains(merge_key);
    if (has_key) places.emplace(identity_of(original[i], merge_key), i);
  }
  for (const auto& element : patch) {
    if (!element.as_object().contains(merge_key)) return fail(no_merge_key_error(element, merge_key));
    const auto [place, is_new] = places.emplace(identity_of(element, merge_key), original.size());
    if (is_new) {
      original.push_back(element);
    } else {
      auto& old = original[place->second];
      TRY_ASSIGN(old, merge_map(std::move(old), element, type));
    }
  }
  return original;
}

// Takes the elements with $patch out of the patch's list and does what they say to the original. True when that was
// replaced as a whole.
Result<bool> follow_directives(doc::Array& original, doc::Array& patch, const std::string& merge_key) {
  bool replaces = false;
  doc::Array plain;
  std::unordered_set<std::string> deleted;
  for (auto& element : patch) {
    const auto* directive = element.as_object().find(kPatch);
    if (directive == nullptr) {
      plain.push_back(std::move(element));
    } else if (*directive == doc::Value("delete")) {
      if (!element.as_object().contains(merge_key)) return fail(no_merge_key_error(element, merge_key));
      deleted.insert(identity_of(element, merge_key));
    } else if (*directive == doc::Value("replace")) {
      replaces = true;
    } else if (*directive == doc::Value("merge")) {
      return cannot_merge("merging lists cannot yet be specified in the patch");
    } else {
      return bad_directive(*directive, element);
    }
  }
  if (replaces) {
    original = std::move(plain);
    patch.clear();
    return true;
  }
  std::erase_if(original, [&](const doc::Value& element) {
    return element.as_object().contains(merge_key) && deleted.contains(identity_of(element, merge_key));
  });
  patch = std::move(plain);
  return false;
}

doc::Array without(const doc::Array& list, const doc::Array& gone) {
  std::unordered_set<std::string> identities;
  for (const auto& element : gone) identities.insert(identity_of(element, ""));
  doc::Array kept;
  for (const auto& element : list) {
    if (!identities.contains(identity_of(element, ""))) kept.push_back(element);
  }
  return kept;
}

// `server_order`, when given, is what a $setElementOrder beside this list takes as the server's order.
Result<doc::Array> merge_lists(doc::Array original, doc::Array patch, const Known& known, bool deletes,
                               doc::Array* server_order = nullptr) {
  if (!known.merges() && !deletes) return patch;
  if (original.empty() && patch.empty()) return original;
  TRY_ASSIGN(const auto type, element_type(original, patch));
  const auto& merge_key = known.merge_key();
  if (type != doc::Type::object) {
    if (deletes) return without(original, patch);
    doc::Array merged;
    std::unordered_set<std::string> seen;
    for (const auto* list : {&original, &patch}) {
      for (const auto& element : *list) {
        if (seen.insert(identity_of(element, "")).second) merged.push_back(element);
      }
    }
    return ordered(std::move(merged), patch, original, "");
  }
  if (merge_key.empty()) {
    return cannot_merge("cannot merge lists without merge key for " + std::string(go_kind(known.type)));
  }
  const auto size_before = original.size();
  TRY_ASSIGN(const bool replaced, follow_directives(original, patch, merge_key));
  TRY_ASSIGN(auto merged, merge_keyed(original, patch, merge_key, known.type));
  if (server_order != nullptr && !replaced) {
    // New elements stand where deleted ones stood, as if the server had had them.
    *server_order = merged;
    server_order->resize(std::min(size_before, merged.size()));
  }
  return ordered(std::move(merged), patch, original, merge_key);
}

Result<> retain_keys(doc::Object& original, doc::Object& patch) {
  const auto* found = patch.find(kRetainKeys);
  if (found == nullptr) return {};
  if (!found->is_array()) return bad_form("invalid patch format of retainKeys");
  std::unordered_set<std::string> retained;
  for (const auto& key : found->as_array()) {
    if (key.is_string()) retained.insert(key.as_string());
  }
  patch.erase(kRetainKeys);
  for (const auto& [key, value] : patch) {
    if (value.is_null() || key.starts_with(kDeleteFrom) || key.starts_with(kOrder)) continue;
    if (!retained.contains(key)) return bad_form("invalid patch format of retainKeys");
  }
  doc::Object kept;
  for (auto& [key, value] : original) {
    if (retained.contains(key)) kept.append(key, std::move(value));
  }
  original = std::move(kept);
  return {};
}

// One "$setElementOrder/x" with the patch's own "x", both of which it takes out of the patch.
Result<> merge_with_order(doc::Object& original, doc::Object& patch, const std::string& directive, const Type* type) {
  const auto order = *patch.find(directive);
  patch.erase(directive);
  if (!order.is_array()) return bad_type("[]interface {}", order);
  TRY_ASSIGN(const auto key, named_by(directive, kOrder));
  auto* old_list = original.find(key);
  auto* new_list = patch.find(key);
  for (const auto* list : {old_list, new_list}) {
    if (list != nullptr && !list->is_array()) return bad_type("[]interface {}", *list);
  }
  TRY_ASSIGN(const auto known, find_known_list(type, key));
  const auto& merge_key = known.merge_key();
  const doc::Array from_patch = new_list == nullptr ? doc::Array{} : new_list->as_array();
  doc::Array from_server = old_list == nullptr ? doc::Array{} : old_list->as_array();
  TRY(check_order(from_patch, order.as_array(), merge_key));
  if (old_list == nullptr && new_list == nullptr) return {};
  TRY(element_type(from_server, from_patch));
  doc::Array merged;
  if (new_list == nullptr) {
    merged = from_server;
  } else if (old_list == nullptr) {
    drop_directives(*new_list);
    merged = std::move(new_list->as_array());
  } else {
    TRY_ASSIGN(merged, merge_lists(from_server, from_patch, known, false, &from_server));
  }
  TRY_ASSIGN(auto result, ordered(std::move(merged), order.as_array(), from_server, merge_key));
  original.set(key, std::move(result));
  patch.erase(key);
  return {};
}

Result<> merge_member(doc::Object& original, std::string key, doc::Value value, const Type* type) {
  const bool deletes = key.starts_with(kDeleteFrom);
  if (deletes) {
    TRY_ASSIGN(key, named_by(key, kDeleteFrom));
  }
  if (value.is_null()) {
    original.erase(key);
    return {};
  }
  auto* old = original.find(key);
  if (old == nullptr || old->type() != value.type()) {
    if (!deletes) put_new(original, key, std::move(value), true);
    return {};
  }
  if (value.is_object()) {
    TRY_ASSIGN(const auto known, find_known(type, key));
    if (known.field->patch_replace) {
      *old = std::move(value);
      return {};
    }
    TRY_ASSIGN(*old, merge_map(std::move(*old), std::move(value), known.type));
  } else if (value.is_array()) {
    TRY_ASSIGN(const auto known, find_known_list(type, key));
    TRY_ASSIGN(*old, merge_lists(std::move(old->as_array()), std::move(value.as_array()), known, deletes));
  } else {
    *old = std::move(value);
  }
  return {};
}

Result<doc::Value> merge_map(doc::Value original, doc::Value patch, const Type* type) {
  if (const auto* directive = patch.as_object().find(kPatch)) {
    if (*directive == doc::Value("delete")) return doc::Value(doc::Object{});
    if (!(*directive == doc::Value("replace"))) return bad_directive(*directive, patch);
    patch.as_object().erase(kPatch);
    return patch;
  }
  auto& target = original.as_object();
  auto& changes = patch.as_object();
  TRY(retain_keys(target, changes));
  std::vector<std::string> orders;
  for (const auto& [key, value] : changes) {
    if (key.starts_with(kOrder)) orders.push_back(key);
  }
  for (const auto& directive : orders) TRY(merge_with_order(target, changes, directive, type));
  for (auto& [key, value] : changes) TRY(merge_member(target, key, std::move(value), type));
  return original;
}

}  // namespace

Result<doc::Value> apply_strategic_merge(doc::Value original, const doc::Value& patch, const schema::Type& type) {
  if (original.is_null()) original = doc::Object{};
  if (!original.is_object() || !patch.is_object()) return bad_form("invalid JSON document");
  return merge_map(std::move(original), patch, &type);
}

}  // namespace slipway::objects::patch
