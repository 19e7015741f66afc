#include "objects/patch/json_patch.hpp"

#include <algorithm>

#include "core/number.hpp"
#include "objects/patch/go_text.hpp"

namespace slipway::objects::patch {
namespace {

constexpr std::string_view kMissing = ": missing value";

std::unexpected<Error> does_not_apply(std::string message) {
  return fail(Code::failed_precondition, std::move(message));
}

// "/a~1b/c" -> {"a/b", "c"}.
std::vector<std::string> tokens_of(std::string_view pointer) {
  std::vector<std::string> tokens;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    std::string token(pointer.substr(0, pointer.find('/')));
    pointer.remove_prefix(token.size());
    std::string decoded;
    for (std::size_t i = 0; i < token.size(); ++i) {
      const bool is_escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
      decoded += is_escape ? (token[++i] == '0' ? '~' : '/') : token[i];
    }
    tokens.push_back(std::move(decoded));
  }
  return tokens;
}

// An index as strconv.Atoi reads it, negative ones counted from `size`; below `size`.
Result<std::size_t> index_of(std::string_view token, std::size_t size) {
  const bool has_plus = token.starts_with('+');
  const auto index = core::parse_number<std::int64_t>(token.substr(has_plus ? 1 : 0));
  if (!index || (has_plus && *index < 0))
    return does_not_apply("strconv.Atoi: parsing " + go_quoted(token) + ": invalid syntax");
  const auto count = static_cast<std::int64_t>(size);
  if (*index >= count || *index < -count) {
    return does_not_apply("Unable to access invalid index: " + std::to_string(*index) + ": invalid index referenced");
  }
  return static_cast<std::size_t>(*index < 0 ? *index + count : *index);
}

// Documents nested deeper than this could be stored and never be read again (parse_json).
constexpr int kDeepest = 200;

bool is_deeper_than(const doc::Value& value, int levels) {
  if (levels == 0) return true;
  if (value.is_array()) {
    return std::ranges::any_of(value.as_array(), [&](const auto& item) { return is_deeper_than(item, levels - 1); });
  }
  if (!value.is_object()) return false;
  return std::ranges::any_of(value.as_object(),
                             [&](const auto& member) { return is_deeper_than(member.second, levels - 1); });
}

struct Place {
  doc::Value* container = nullptr;  // an object or an array; null: there is no such place
  std::string key;
};

Place find_place(doc::Value& root, std::string_view pointer) {
  Place place;
  if (!pointer.starts_with('/')) return place;
  auto tokens = tokens_of(pointer);
  place.key = std::move(tokens.back());
  tokens.pop_back();
  auto* at = &root;
  for (const auto& token : tokens) {
    doc::Value* next = nullptr;
    if (at->is_object()) {
      next = at->as_object().find(token);
    } else if (at->is_array()) {
      if (const auto index = index_of(token, at->size())) next = &at->as_array()[*index];
    }
    if (next == nullptr) return place;
    at = next;
  }
  if (at->is_object() || at->is_array()) place.container = at;
  return place;
}

// Null where an object has no such member.
Result<doc::Value*> value_at(const Place& place) {
  if (place.container->is_object()) return place.container->as_object().find(place.key);
  auto& array = place.container->as_array();
  TRY_ASSIGN(const auto index, index_of(place.key, array.size()));
  return &array[index];
}

Result<> add_at(const Place& place, doc::Value value) {
  if (place.container->is_object()) {
    place.container->as_object().set(place.key, std::move(value));
    return {};
  }
  auto& array = place.container->as_array();
  if (place.key == "-") {
    array.push_back(std::move(value));
    return {};
  }
  const auto index = index_of(place.key, array.size() + 1);
  if (!index) {
    const bool is_syntax = index.error().message.starts_with("strconv");
    return does_not_apply((is_syntax ? "value was not a proper array index: '" + place.key + "': " : "") +
                          index.error().message);
  }
  array.insert(array.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  return {};
}

Result<> remove_at(const Place& place) {
  if (place.container->is_object()) {
    if (place.container->as_object().erase(place.key)) return {};
    return does_not_apply("Unable to remove nonexistent key: " + place.key + std::string(kMissing));
  }
  auto& array = place.container->as_array();
  TRY_ASSIGN(const auto index, index_of(place.key, array.size()));
  array.erase(array.begin() + static_cast<std::ptrdiff_t>(index));
  return {};
}

class Patcher {
 public:
  explicit Patcher(doc::Value root) : root_(std::move(root)) {}

  Result<> run(const doc::Value& operation) {
    const auto& kind = operation["op"];
    const std::string op = kind.is_string() ? kind.as_string() : "unknown";
    if (op != "add" && op != "remove" && op != "replace" && op != "move" && op != "copy" && op != "test") {
      return does_not_apply("Unexpected kind: " + op);
    }
    if (!operation["path"].is_string()) {
      return does_not_apply(op + " operation failed to decode path: operation missing path field" +
                            std::string(kMissing));
    }
    const auto& path = operation["path"].as_string();
    if (op == "move" || op == "copy") {
      if (!operation["from"].is_string()) {
        return does_not_apply(op + " operation failed to decode from: operation, missing from field" +
                              std::string(kMissing));
      }
      const auto& from = operation["from"].as_string();
      return op == "move" ? move(from, path) : copy(from, path);
    }
    const auto& value = operation["value"];
    if (op == "add") return add(path, value);
    if (op == "remove") return remove(path);
    if (op == "replace") return replace(path, value);
    return test(path, operation.as_object().find("value"));
  }

  doc::Value take() { return std::move(root_); }

 private:
  static std::unexpected<Error> wrapped(const std::string& what, std::string_view path, const Error& why) {
    return does_not_apply(what + ": '" + std::string(path) + "': " + why.message);
  }

  Result<> add(const std::string& path, const doc::Value& value) {
    const auto place = find_place(root_, path);
    if (place.container == nullptr) {
      return does_not_apply("add operation does not apply: doc is missing path: \"" + path + "\"" +
                            std::string(kMissing));
    }
    if (const auto done = add_at(place, value); !done) return wrapped("error in add for path", path, done.error());
    return {};
  }

  Result<> remove(const std::string& path) {
    const auto place = find_place(root_, path);
    if (place.container == nullptr) {
      return does_not_apply("remove operation does not apply: doc is missing path: \"" + path + "\"" +
                            std::string(kMissing));
    }
    if (const auto done = remove_at(place); !done) return wrapped("error in remove for path", path, done.error());
    return {};
  }

  Result<> replace(const std::string& path, const doc::Value& value) {
    if (path.empty()) {
      if (!value.is_object() && !value.is_array()) {
        return does_not_apply("replace operation value must be object or array");
      }
      root_ = value;
      return {};
    }
    const auto place = find_place(root_, path);
    if (place.container == nullptr) {
      return does_not_apply("replace operation does not apply: doc is missing path: " + path + std::string(kMissing));
    }
    const auto found = value_at(place);
    if (!found) {
      return does_not_apply("replace operation does not apply: doc is missing key: " + path + std::string(kMissing));
    }
    if (*found != nullptr) {
      **found = value;
    } else {
      place.container->as_object().set(place.key, value);
    }
    return {};
  }

  Result<> move(const std::string& from, const std::string& path) {
    const auto source = find_place(root_, from);
    if (source.container == nullptr) {
      return does_not_apply("move operation does not apply: doc is missing from path: " + from + std::string(kMissing));
    }
    const auto found = value_at(source);
    if (!found) return wrapped("error in move for path", source.key, found.error());
    auto value = *found == nullptr ? doc::Value() : std::move(**found);
    if (const auto done = remove_at(source); !done) {
      return wrapped("error in move for path", source.key, done.error());
    }
    const auto place = find_place(root_, path);
    if (place.container == nullptr) {
      return does_not_apply("move operation does not apply: doc is missing destination path: " + path +
                            std::string(kMissing));
    }
    if (const auto done = add_at(place, std::move(value)); !done) {
      return wrapped("error in move for path", path, done.error());
    }
    return {};
  }

  Result<> copy(const std::string& from, const std::string& path) {
    const auto source = find_place(root_, from);
    if (source.container == nullptr) {
      return does_not_apply("copy operation does not apply: doc is missing from path: " + from + std::string(kMissing));
    }
    const auto found = value_at(source);
    if (!found) return wrapped("error in copy for from", from, found.error());
    auto value = *found == nullptr ? doc::Value() : **found;
    copied_ += doc::render_json(value).size();
    if (copied_ > kMaxJsonPatchCopied) {
      return fail(Code::resource_exhausted, "Unable to complete the copy, the accumulated size increase of copy is " +
                                                std::to_string(copied_) + ", exceeding the limit " +
                                                std::to_string(kMaxJsonPatchCopied));
    }
    const auto place = find_place(root_, path);
    if (place.container == nullptr) {
      return does_not_apply("copy operation does not apply: doc is missing destination path: " + path +
                            std::string(kMissing));
    }
    if (const auto done = add_at(place, std::move(value)); !done) {
      return does_not_apply("error while adding value during copy: " + done.error().message);
    }
    return {};
  }

  Result<> test(const std::string& path, const doc::Value* wanted) {
    const auto* actual = &root_;
    if (!path.empty()) {
      const auto place = find_place(root_, path);
      if (place.container == nullptr) {
        return does_not_apply("test operation does not apply: is missing path: " + path + std::string(kMissing));
      }
      const auto found = value_at(place);
      if (!found) return wrapped("error in test for path", path, found.error());
      actual = *found;
    }
    const bool holds = wanted != nullptr && (actual == nullptr ? wanted->is_null() : *actual == *wanted);
    if (holds) return {};
    return does_not_apply("testing value " + path + " failed: test failed");
  }

  doc::Value root_;
  std::size_t copied_ = 0;
};

}  // namespace

Result<doc::Value> apply_json_patch(doc::Value target, const doc::Value& patch) {
  if (!patch.is_array()) {
    return fail(Code::invalid_argument, "json: cannot unmarshal " + std::string(doc::name_of(patch.type())) +
                                            " into Go value of type jsonpatch.Patch");
  }
  const auto& operations = patch.as_array();
  if (operations.size() > kMaxJsonPatchOperations) {
    return fail(Code::resource_exhausted, "The allowed maximum operations in a JSON patch is " +
                                              std::to_string(kMaxJsonPatchOperations) + ", got " +
                                              std::to_string(operations.size()));
  }
  for (const auto& operation : operations) {
    if (operation.is_object()) continue;
    return fail(Code::invalid_argument, "json: cannot unmarshal " + std::string(doc::name_of(operation.type())) +
                                            " into Go value of type jsonpatch.Operation");
  }
  Patcher patcher(std::move(target));
  for (const auto& operation : operations) TRY(patcher.run(operation));
  auto patched = patcher.take();
  if (is_deeper_than(patched, kDeepest)) {
    return does_not_apply("the patched document is nested more than " + std::to_string(kDeepest) + " levels deep");
  }
  return patched;
}

}  // namespace slipway::objects::patch
