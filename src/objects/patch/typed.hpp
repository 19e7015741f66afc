#pragma once
// What structured-merge-diff does with a value and its schema: which paths it has, what differs between two, one laid
// over the other, paths taken out. The pieces that server-side apply (apply.hpp) is made of. Pure.

#include "objects/patch/field_set.hpp"
#include "objects/schema/schema.hpp"

namespace slipway::objects::patch {

// Which of the three forms a value of this type has; Shape::any takes the value's own (null counts as a map).
enum class Form : std::uint8_t { scalar, list, map };
Form form_of(const schema::Type& type, const doc::Value* value);
bool is_atomic(const schema::Type& type, Form form);
// Of a member or an element; nullptr when the schema does not declare it and does not allow unknown ones.
const schema::Type* member_type(const schema::Type& type, std::string_view name);
const schema::Type* element_type_of(const schema::Type& type);
// How this element of a set or keyed list is called, or why it cannot be.
Result<Step> step_of(const schema::Type& list, const doc::Value& element);

// invalid_argument naming every place where the value is not of the type: `.spec.foo: field not declared in schema`.
// Duplicates in sets and keyed lists may be allowed, for objects that are stored already.
Result<> check_typed(const schema::Type& type, const doc::Value& value, bool allow_duplicates);

// Every leaf, every element of a set or keyed list, every key of a map.
FieldSet fields_of(const schema::Type& type, const doc::Value& value);

struct Difference {
  FieldSet removed, modified, added;
};
Difference compare(const schema::Type& type, const doc::Value& before, const doc::Value& after);

// `over` laid over `base`: nothing of base goes away; lists are in the order of `over` where it says something.
Result<doc::Value> merged(const schema::Type& type, const doc::Value& base, const doc::Value& over);

// `value` without these paths. Maps and lists that become empty so become null.
doc::Value without_fields(const schema::Type& type, const doc::Value& value, const FieldSet& fields);

// Adds the declared fields that are only on the way to a path of the set.
FieldSet with_named_parents(const schema::Type& type, const FieldSet& set);

// A set written when parts of the schema were still granular that are atomic now: such parts become one path.
FieldSet reconciled(const schema::Type& type, const FieldSet& set);

}  // namespace slipway::objects::patch
