// FieldsV1: "f:" and a field's name, "k:" and a list element's keys as JSON, "v:" and a set's element as JSON, "i:" and
// an index; "." says that the path itself is in the set too.

#include <algorithm>
#include <optional>

#include "core/number.hpp"
#include "objects/patch/field_set.hpp"
#include "objects/patch/go_text.hpp"

namespace slipway::objects::patch {
namespace {

std::string name_of(const Step& step) {
  switch (step.kind) {
    case Step::Kind::field:
      return "f:" + step.name;
    case Step::Kind::key: {
      doc::Object key;
      for (const auto& [name, value] : step.key) key.set(name, value);
      return "k:" + go_json(std::move(key));
    }
    case Step::Kind::value:
      return "v:" + go_json(step.value);
    case Step::Kind::index:
      return "i:" + go_json(step.value);
  }
  return "";
}

doc::Object render(const FieldSet& set, bool with_self) {
  doc::Object fields;
  if (with_self && (!set.members().empty() || !set.children().empty())) fields.append(".", doc::Object{});
  auto member = set.members().begin();
  auto child = set.children().begin();
  while (member != set.members().end() || child != set.children().end()) {
    if (child == set.children().end() || (member != set.members().end() && *member < child->step)) {
      fields.append(name_of(*member++), doc::Object{});
      continue;
    }
    const bool is_member = member != set.members().end() && *member == child->step;
    fields.append(name_of(child->step), render(child->set, is_member));
    if (is_member) ++member;
    ++child;
  }
  return fields;
}

std::unexpected<Error> bad(std::string message) { return fail(Code::invalid_argument, std::move(message)); }

// Nothing for kinds that a later version may have.
Result<std::optional<Step>> parse_step(std::string_view name) {
  if (name.size() < 2) return bad("parsing key as path element: key must be 2 characters long:");
  if (name[1] != ':') return bad("parsing key as path element: missing colon: " + std::string(name));
  const auto rest = name.substr(2);
  if (name[0] == 'f') return Step::field(std::string(rest));
  if (name[0] == 'v') {
    TRY_ASSIGN(auto value, doc::parse_json(rest, "<fieldsV1>"));
    return Step::of_value(std::move(value));
  }
  if (name[0] == 'k') {
    TRY_ASSIGN(auto value, doc::parse_json(rest, "<fieldsV1>"));
    if (!value.is_object()) return bad("parsing key as path element: not an object: " + std::string(name));
    std::vector<std::pair<std::string, doc::Value>> key;
    for (auto& member : value.as_object()) key.push_back(std::move(member));
    return Step::of_key(std::move(key));
  }
  if (name[0] != 'i') return std::nullopt;
  const auto index = core::parse_number<std::int64_t>(rest);
  if (!index) return bad("parsing key as path element: not an index: " + std::string(name));
  return Step{Step::Kind::index, {}, {}, *index};
}

// What stands below one step; true when the step itself is in the set.
Result<bool> parse_below(const doc::Value& fields, FieldSet& set) {
  if (fields.is_null()) return true;
  if (!fields.is_object()) return bad("ReadMapCB: expect { or n, but found " + doc::render_json(fields));
  bool is_member = false;
  bool has_children = false;
  for (const auto& [name, below] : fields.as_object()) {
    if (name == ".") {
      is_member = true;
      continue;
    }
    TRY_ASSIGN(const auto step, parse_step(name));
    if (!step) continue;
    has_children = true;
    FieldSet below_set;
    TRY_ASSIGN(const bool is_itself, parse_below(below, below_set));
    if (is_itself) set.insert(*step);
    if (!below_set.empty()) set.descend(*step) = std::move(below_set);
  }
  return is_member || !has_children;
}

}  // namespace

doc::Value render_fields_v1(const FieldSet& set) { return render(set, false); }

Result<FieldSet> parse_fields_v1(const doc::Value& fields) {
  FieldSet set;
  TRY(parse_below(fields, set));
  return set;
}

}  // namespace slipway::objects::patch
