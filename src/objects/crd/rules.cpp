#include "objects/crd/rules.hpp"

#include <algorithm>
#include <limits>

#include "core/text.hpp"

namespace slipway::objects::crd {

namespace cel = expr::cel;
using schema::Shape;
using schema::Type;

namespace {

constexpr std::uint64_t largest_request = 3U * 1024U * 1024U;
constexpr std::string_view blanks = " \t\r\n\v\f";

// additionalProperties: true: what the members are is not known, and nobody needs to know.
bool is_open_map(const Type& type) { return type.shape == Shape::map && !type.element->constraints; }

// Rules see what has a type. What is kept without one, and lists and maps of that, are not there for them.
bool is_exposed(const Type& type) {
  if (type.shape == Shape::any) return false;
  if (type.shape == Shape::list || (type.shape == Shape::map && !is_open_map(type))) return is_exposed(*type.element);
  return true;
}

bool is_object_meta(const Type& type) { return type.name.ends_with(".ObjectMeta"); }

// The bytes that the shortest value has as JSON.
std::uint64_t shortest(const Type& type) {
  switch (type.shape) {
    case Shape::boolean:
      return 4;
    case Shape::integer:
    case Shape::number:
    case Shape::int_or_string:
      return 1;
    case Shape::string:
      return type.format == "date" ? 12 : type.format == "date-time" ? 21 : type.format == "duration" ? 3 : 2;
    case Shape::object: {
      std::uint64_t bytes = 2;
      for (const schema::Field& field : type.fields) {
        if (field.required && !field.default_value && is_exposed(*field.type))
          bytes += field.name.size() + shortest(*field.type) + 4;
      }
      return bytes;
    }
    default:
      return 2;
  }
}

std::uint64_t longest_choice(const std::vector<doc::Value>& choices) {
  std::uint64_t longest = 0;
  for (const doc::Value& choice : choices) longest = std::max<std::uint64_t>(longest, choice.string_or("").size());
  return longest;
}

std::uint64_t longest_text(const Type& type) {
  const schema::Constraints* said = type.constraints.get();
  if (type.format == "duration" || type.format == "date-time") return 32;
  if (type.format == "date") return 12;
  if (said && said->max_length) return type.format == "byte" ? *said->max_length : *said->max_length * 4;
  if (said && !said->enumeration.empty() && type.shape == Shape::string) return longest_choice(said->enumeration);
  return largest_request - 2;
}

class Types final : public cel::TypeSource {
 public:
  cel::Kind kind(Handle handle) const override {
    const Type& type = of(handle);
    switch (type.shape) {
      case Shape::object:
        return cel::Kind::object;
      case Shape::map:
        return is_open_map(type) ? cel::Kind::object : cel::Kind::map;
      case Shape::list:
        return cel::Kind::list;
      case Shape::string:
        if (type.format == "byte") return cel::Kind::bytes;
        if (type.format == "date" || type.format == "date-time") return cel::Kind::timestamp;
        return type.format == "duration" ? cel::Kind::duration : cel::Kind::string;
      case Shape::integer:
        return cel::Kind::integer;
      case Shape::number:
        return cel::Kind::number;
      case Shape::boolean:
        return cel::Kind::boolean;
      default:
        return cel::Kind::dyn;
    }
  }
  Handle element(Handle handle) const override { return of(handle).element; }
  Handle field(Handle handle, std::string_view name) const override {
    const Type& type = of(handle);
    if (is_object_meta(type) && name != "name" && name != "generateName") return nullptr;
    const schema::Field* field = type.find(name);
    return field && is_exposed(*field->type) ? field->type : nullptr;
  }
  std::uint64_t max_size(Handle handle) const override {
    const Type& type = of(handle);
    const schema::Constraints* said = type.constraints.get();
    switch (type.shape) {
      case Shape::list:
        return said && said->max_items ? *said->max_items : (largest_request - 2) / (shortest(*type.element) + 1);
      case Shape::map:
        if (said && said->max_properties) return *said->max_properties;
        return (largest_request - 2) / (shortest(*type.element) + 6);
      case Shape::string:
      case Shape::int_or_string:
        return longest_text(type);
      default:
        return 0;
    }
  }

 private:
  static const Type& of(Handle handle) { return *static_cast<const Type*>(handle); }
};

const Types& types() {
  static const Types source;
  return source;
}

std::string in_words(const Error& error, std::string_view prefix) {
  const std::string mistakes = cel::render_mistakes(error);
  return std::string(prefix) + (mistakes.empty() ? error.message : mistakes);
}

void compile_rule(Rule& rule, const Type& type) {
  if (core::trimmed(rule.rule, blanks).empty()) return;
  const auto self = cel::Type::of({&types(), &type});
  cel::Declarations names;
  names.add("self", self);
  names.add("oldSelf", rule.optional_old_self.value_or(false) ? cel::Type::optional(self) : self);
  auto program = cel::compile(rule.rule, names);
  if (!program) {
    rule.mistake = in_words(program.error(), "compilation failed: ");
    return;
  }
  if (program->type().kind() != cel::Kind::boolean) {
    rule.mistake = "cel expression must evaluate to a bool";
    return;
  }
  rule.uses_old_self = program->reads("oldSelf");
  rule.program = std::move(*program);
  if (core::trimmed(rule.message_expression, blanks).empty()) return;
  auto message = cel::compile(rule.message_expression, names);
  if (!message) {
    rule.message_mistake = in_words(message.error(), "messageExpression compilation failed: ");
  } else if (message->type().kind() != cel::Kind::string) {
    rule.message_mistake = "messageExpression must evaluate to a string";
  } else {
    rule.message_program = std::move(*message);
  }
}

// What stands between quotes, its escapes undone; nullopt when one is unknown.
std::optional<std::string> unescaped(std::string_view text) {
  constexpr std::string_view letters = "abfnrtv'\\";
  constexpr std::string_view meant = "\a\b\f\n\r\t\v'\\";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const std::size_t at = letters.find(text[++i]);
    if (at == std::string_view::npos) return std::nullopt;
    out += meant[at];
  }
  return out;
}

// One step of a path after its dot or bracket; `text` loses it. The mistake in words, or "".
std::string step_down(FieldPath& at, const std::string& name) {
  const bool named = !at.node->properties.empty();
  if (!named && !at.node->additional) return "does not refer to a valid field";
  const Node* next = at.node->find(name);
  if (named && !at.node->properties.contains(name)) next = nullptr;
  if (!named) {
    at.text += "[" + name + "]";
  } else {
    at.text += (at.text.empty() ? "" : ".") + name;
  }
  at.node = next;
  return next ? "" : "does not refer to a valid field";
}

// The text of the next token, which begins after a dot or a bracket.
std::string_view take_token(std::string_view& path) {
  std::size_t end = 0;
  if (path.starts_with('\'')) {
    end = 1;
    while (end < path.size() && !(path[end] == '\'' && path[end - 1] != '\\')) ++end;
    end = std::min(end + 1, path.size());
  } else {
    end = std::min(path.find_first_of(".[]"), path.size());
    if (end == 0 && !path.empty()) end = 1;
  }
  const std::string_view token = path.substr(0, end);
  path.remove_prefix(end);
  return token;
}

}  // namespace

expr::cel::Declared declared_type(const Type& type) { return {&types(), &type}; }

void compile_rules(Node& node) {
  for (Rule& rule : node.rules) {
    if (!node.type) continue;
    if (!is_exposed(*node.type)) {
      rule.mistake = "internal error: failed to retrieve type information for x-kubernetes-validations";
      continue;
    }
    compile_rule(rule, *node.type);
    if (rule.field_path.empty()) continue;
    const FieldPath path = find_field(node, rule.field_path);
    rule.field_path = path.mistake.empty() ? path.text : "";
  }
}

FieldPath find_field(const Node& from, std::string_view path, bool allow_brackets) {
  FieldPath at;
  at.node = &from;
  const auto refuse = [&](std::string mistake) {
    at.mistake = std::move(mistake);
    return at;
  };
  while (!path.empty()) {
    const std::string_view token = take_token(path);
    if (token == "[") {
      if (!allow_brackets) return refuse("array notation is not allowed");
      if (path.empty()) return refuse("unexpected end of JSON path");
      const std::string_view quoted = take_token(path);
      if (quoted.size() < 2 || quoted.front() != '\'' || quoted.back() != '\'')
        return refuse("expected single quoted string but got " + std::string(quoted));
      const auto name = unescaped(quoted.substr(1, quoted.size() - 2));
      if (!name) return refuse("invalid string literal: invalid escape char");
      if (std::string mistake = step_down(at, *name); !mistake.empty()) return refuse(std::move(mistake));
      if (path.empty()) return refuse("unexpected end of JSON path");
      if (const std::string_view close = take_token(path); close != "]")
        return refuse("expected ] but got " + std::string(close));
    } else if (token == ".") {
      if (path.empty()) return refuse("unexpected end of JSON path");
      const std::string name(take_token(path));
      if (std::string mistake = step_down(at, name); !mistake.empty()) return refuse(std::move(mistake));
    } else {
      return refuse("expected [ or . but got: " + std::string(token));
    }
  }
  return at;
}

Cardinality Cardinality::times(std::optional<std::int64_t> size) const {
  if (!count_ || !size) return Cardinality(std::nullopt);
  const auto factor = static_cast<std::uint64_t>(std::max<std::int64_t>(*size, 0));
  if (factor != 0 && *count_ > std::numeric_limits<std::uint64_t>::max() / factor)
    return Cardinality(std::numeric_limits<std::uint64_t>::max());
  return Cardinality(*count_ * factor);
}

std::uint64_t Cardinality::multiply(std::uint64_t cost, const Type& type) const {
  const std::uint64_t count = count_.value_or(largest_request / (shortest(type) + 1));
  if (cost != 0 && count > std::numeric_limits<std::uint64_t>::max() / cost)
    return std::numeric_limits<std::uint64_t>::max();
  return cost * count;
}

}  // namespace slipway::objects::crd
