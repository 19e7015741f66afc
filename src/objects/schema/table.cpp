#include "objects/schema/table.hpp"

#include <algorithm>
#include <charconv>

#include "core/text.hpp"

namespace slipway::objects::schema {

namespace {

struct Scalar {
  std::string_view word;
  Shape shape;
  std::string_view format;
  std::string_view name;
};

constexpr Scalar scalars[] = {
    {"string", Shape::string, "", ""},
    {"int32", Shape::integer, "int32", ""},
    {"int64", Shape::integer, "int64", ""},
    {"double", Shape::number, "double", ""},
    {"bool", Shape::boolean, "", ""},
    {"bytes", Shape::bytes, "byte", ""},
    {"raw", Shape::any, "", ""},
    {"quantity", Shape::quantity, "", "io.k8s.apimachinery.pkg.api.resource.Quantity"},
    {"time", Shape::time, "date-time", "io.k8s.apimachinery.pkg.apis.meta.v1.Time"},
    {"microtime", Shape::micro_time, "date-time", "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"},
    {"duration", Shape::duration, "", "io.k8s.apimachinery.pkg.apis.meta.v1.Duration"},
    {"intstr", Shape::int_or_string, "int-or-string", "io.k8s.apimachinery.pkg.util.intstr.IntOrString"},
};

bool is_name_character(char c) { return core::is_alphanumeric(c) || c == '.' || c == '_'; }

std::string_view take_while(std::string_view& text, bool (*predicate)(char)) {
  const auto end = std::ranges::find_if_not(text, predicate);
  const std::string_view taken(text.begin(), end);
  text.remove_prefix(taken.size());
  return taken;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> names(std::string_view list) {
  std::vector<std::string> out;
  for (const std::string_view part : split(list, ',')) out.emplace_back(part);
  return out;
}

std::string group_of(std::string_view word) { return word == "-" ? std::string() : std::string(word); }

bool read_number(std::string_view text, std::uint32_t& out) {
  return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc();
}

std::unexpected<Error> malformed(std::string_view line) {
  return fail(Code::invalid_argument, "the schema table has a line that is wrong: \"" + std::string(line) + "\"",
              "write it again with tools/schema-table");
}

template <class Read>
Result<> for_each_line(std::string_view text, Read read) {
  for (std::string_view line : split(text, '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    TRY(read(line));
  }
  return {};
}

}  // namespace

Result<> TableParser::read_table(std::string_view text) {
  for (const Scalar& scalar : scalars) {
    const Type* type = make(scalar.shape, scalar.format, scalar.name);
    expressions_[scalar.word] = type;
    if (!type->name.empty()) registry_.by_name_.emplace(type->name, type);
  }
  TRY(for_each_line(text, [this](std::string_view line) { return read_line(line); }));
  for (Type& type : registry_.storage_) {
    std::ranges::sort(type.fields, {}, &Field::name);
    const bool told = !type.fields.empty() || registry_.by_name_.contains(type.name);
    if (type.shape == Shape::object && !told) return malformed(type.name);
  }
  return {};
}

Result<> TableParser::read_line(std::string_view line) {
  if (line.starts_with(' ')) {
    line.remove_prefix(1);
    const Words words = split(line, ' ');
    const Result<> read = open_type_ ? read_field(line, words) : read_subresource(words);
    return read ? read : malformed(line);
  }
  const Words words = split(line, ' ');
  open_type_ = nullptr;
  open_resource_ = nullptr;
  if (words[0] == "package" && words.size() == 3) {
    packages_[words[1]] = words[2];
    return {};
  }
  if ((words[0] == "type" || words[0] == "wire") && words.size() >= 2) return begin_type(words);
  if (words[0] == "kind" && words.size() >= 9) return read_kind(words);
  if (words[0] == "body" && words.size() == 5) {
    const Type* type = named(words[4]);
    if (!type) return malformed(line);
    std::string key = group_of(words[1]);
    key.append("/").append(words[2]).append("/").append(words[3]);
    registry_.bodies_.emplace(std::move(key), type);
    return {};
  }
  return malformed(line);
}

Result<> TableParser::begin_type(const Words& words) {
  open_type_ = named(words[1]);
  if (!open_type_) return malformed(words[1]);
  if (words[0] == "type") registry_.by_name_.emplace(open_type_->name, open_type_);
  if (words.size() > 2 && words[2] == "atomic") open_type_->merge = Merge::atomic;
  return {};
}

Result<> TableParser::read_kind(const Words& words) {
  Resource resource;
  resource.group = group_of(words[1]);
  resource.version = words[2];
  resource.kind = words[3];
  resource.plural = words[4];
  resource.singular = group_of(words[5]);
  resource.namespaced = words[6] == "namespaced";
  resource.type = named(words[7]);
  if (!resource.type) return malformed(words[7]);
  resource.verbs = names(words[8]);
  for (std::size_t i = 9; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word.starts_with("short=")) resource.short_names = names(word.substr(6));
    if (word.starts_with("categories=")) resource.categories = names(word.substr(11));
  }
  open_resource_ = &registry_.resources_.emplace_back(std::move(resource));
  return {};
}

Result<> TableParser::read_subresource(const Words& words) {
  if (!open_resource_ || words.size() != 5) return malformed(words[0]);
  open_resource_->subresources.push_back(
      {std::string(words[0]), group_of(words[1]), std::string(words[2]), std::string(words[3]), names(words[4])});
  return {};
}

Result<> TableParser::read_field(std::string_view line, const Words& words) {
  const bool inlined = words[0].starts_with('<');
  if (words.size() < (inlined ? 2u : 3u)) return malformed(line);
  Field field;
  if (!inlined) field.name = words[0];
  if (!read_number(inlined ? words[0].substr(1) : words[1], field.number)) return malformed(line);
  std::string_view type = words[inlined ? 1 : 2];
  if (type.starts_with('!')) {
    field.required = true;
    type.remove_prefix(1);
  }
  if (type.starts_with('+') || type.starts_with('*')) {
    field.keep_zero = true;
    field.always_shown = type.starts_with('*');
    type.remove_prefix(1);
  }
  field.type = read_type(type);
  if (!field.type || !type.empty()) return malformed(line);
  for (std::size_t i = 3; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "retainKeys") {
      field.retain_keys = true;
    } else if (word == "replace") {
      field.patch_replace = true;
    } else if (word.starts_with("merge=")) {
      field.patch_merge = true;
      field.patch_merge_key = word.substr(6);
    } else if (word.starts_with('=')) {
      TRY_ASSIGN(field.default_value,
                 doc::parse_json(line.substr(static_cast<std::size_t>(word.data() - line.data()) + 1)));
      break;
    } else {
      return malformed(line);
    }
  }
  (inlined ? open_type_->inlined : open_type_->fields).push_back(std::move(field));
  return {};
}

const Type* TableParser::read_type(std::string_view& expression) {
  if (expression.starts_with('[') || expression.starts_with('{')) return make_collection(expression);
  const std::string_view word = take_while(expression, is_name_character);
  if (expression.starts_with('<')) {  // or_bool<core.v1.Thing
    expression.remove_prefix(1);
    const std::string_view element = take_while(expression, is_name_character);
    const std::string_view key(word.begin(), element.end());
    if (const auto known = expressions_.find(key); known != expressions_.end()) return known->second;
    Type* type = make(Shape::any);
    type->element = named(element);
    type->wire = word == "or_bool"    ? Wire::schema_or_bool
                 : word == "or_array" ? Wire::schema_or_array
                                      : Wire::schema_or_strings;
    expressions_[key] = type;
    return type->element ? type : nullptr;
  }
  if (const auto known = expressions_.find(word); known != expressions_.end()) return known->second;
  return named(word);
}

const Type* TableParser::make_collection(std::string_view& expression) {
  const std::string_view whole = expression;
  const bool list = expression.starts_with('[');
  expression.remove_prefix(1);
  const bool wrapped = expression.starts_with("wrapped[");
  if (wrapped) expression.remove_prefix(7);
  const Type* element = read_type(expression);
  if (!element || !expression.starts_with(list ? ']' : '}')) return nullptr;
  expression.remove_prefix(1);
  const std::string_view how = take_while(expression, [](char c) { return is_name_character(c) || c == ','; });
  const std::string_view key(whole.begin(), how.end());
  if (const auto known = expressions_.find(key); known != expressions_.end()) return known->second;
  if (wrapped) {
    Type* inner = make(Shape::list);
    inner->merge = Merge::atomic;
    inner->element = element->element;
    inner->wire = Wire::wrapped;
    element = inner;
  }
  Type* type = make(list ? Shape::list : Shape::map);
  type->element = element;
  if (!list) {
    type->merge = how == "atomic" ? Merge::atomic : Merge::granular;
  } else if (how.empty()) {
    type->merge = Merge::atomic;
  } else if (how == "set") {
    type->merge = Merge::set;
  } else {
    type->merge = Merge::by_key;
    type->merge_keys = names(how);
  }
  expressions_[key] = type;
  return type;
}

Type* TableParser::named(std::string_view short_name) {
  Type*& type = named_[short_name];
  if (type) return type;
  const std::size_t dot = short_name.rfind('.');
  if (dot == std::string_view::npos) return nullptr;
  const auto package = packages_.find(short_name.substr(0, dot));
  if (package == packages_.end()) return nullptr;
  std::string name(package->second);
  return type = make(Shape::object, {}, name.append(short_name.substr(dot)));
}

Type* TableParser::make(Shape shape, std::string_view format, std::string_view name) {
  Type& type = registry_.storage_.emplace_back();
  type.shape = shape;
  type.format = format;
  type.name = name;
  return &type;
}

Result<> TableParser::read_descriptions(std::string_view text) {
  return for_each_line(text, [this](std::string_view line) -> Result<> {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return malformed(line);
    const std::string_view name = line.substr(0, space);
    const std::string_view sentence = line.substr(space + 1);
    if (const auto type = named_.find(name); type != named_.end()) {
      type->second->description = sentence;
      return {};
    }
    const std::size_t dot = name.rfind('.');
    const auto owner = named_.find(name.substr(0, dot));
    if (owner == named_.end()) return malformed(line);
    const Field* field = owner->second->find(name.substr(dot + 1));
    if (!field) return malformed(line);
    owner->second->fields[static_cast<std::size_t>(field - owner->second->fields.data())].description = sentence;
    return {};
  });
}

}  // namespace slipway::objects::schema
