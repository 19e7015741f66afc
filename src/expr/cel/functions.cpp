#include "expr/cel/functions.hpp"

#include <array>
#include <cassert>
#include <map>
#include <optional>

#include "core/text.hpp"

namespace slipway::expr::cel {

namespace {

struct NamedType {
  std::string_view name;  // in signatures
  Kind kind;
  std::string_view opaque = "";
};
constexpr std::array<NamedType, 16> named_types{{{"dyn", Kind::dyn},
                                                 {"null", Kind::null},
                                                 {"bool", Kind::boolean},
                                                 {"int", Kind::integer},
                                                 {"uint", Kind::uinteger},
                                                 {"double", Kind::number},
                                                 {"string", Kind::string},
                                                 {"bytes", Kind::bytes},
                                                 {"timestamp", Kind::timestamp},
                                                 {"duration", Kind::duration},
                                                 {"quantity", Kind::opaque, "kubernetes.Quantity"},
                                                 {"url", Kind::opaque, "kubernetes.URL"},
                                                 {"ip", Kind::opaque, "net.IP"},
                                                 {"cidr", Kind::opaque, "net.CIDR"},
                                                 {"semver", Kind::opaque, "kubernetes.Semver"},
                                                 {"format", Kind::opaque, "kubernetes.NamedFormat"}}};

class SignatureReader {
 public:
  explicit SignatureReader(std::string_view text) : text_(text) {}

  Overload read() {
    Overload out;
    if (text_.find("->") != std::string_view::npos) {
      out.member = true;
      out.arguments.push_back(type());
      expect("->");
    }
    const auto open = text_.find('(');
    out.name = text_.substr(0, open);
    text_.remove_prefix(open + 1);
    while (!take(")")) {
      out.arguments.push_back(type());
      take(", ");
    }
    expect(": ");
    out.result = type();
    return out;
  }

 private:
  bool take(std::string_view what) {
    if (!text_.starts_with(what)) return false;
    text_.remove_prefix(what.size());
    return true;
  }
  void expect([[maybe_unused]] std::string_view what) {
    [[maybe_unused]] const bool there = take(what);
    assert(there);
  }
  Type type() {
    std::size_t length = 0;
    while (length < text_.size() && core::is_alphanumeric(text_[length])) ++length;
    const auto name = text_.substr(0, length);
    text_.remove_prefix(length);
    std::vector<Type> parts;
    if (take("<")) {
      do parts.push_back(type());
      while (take(", "));
      expect(">");
    }
    if (name == "list") return Type::list(parts.at(0));
    if (name == "map") return Type::map(parts.at(0), parts.at(1));
    if (name == "optional") return Type::optional(parts.at(0));
    if (name == "type") return Type::type(parts.at(0));
    for (const auto& each : named_types) {
      if (each.name == name) return each.opaque.empty() ? Type(each.kind) : Type::opaque(each.opaque);
    }
    assert(name.size() == 1);
    return Type::parameter(name);
  }
  std::string_view text_;
};

using Table = std::map<std::string, std::vector<Overload>, std::less<>>;

void add(Table& table, const std::string& signature, const Line& line) {
  auto overload = SignatureReader(signature).read();
  overload.function = line.function;
  overload.cost = line.cost;
  table[overload.name].push_back(std::move(overload));
}

std::string with_type(std::string_view signature, std::string_view type) {
  std::string out;
  for (std::size_t i = 0; i < signature.size(); ++i) {
    const bool alone = (i == 0 || !core::is_alphanumeric(signature[i - 1])) &&
                       (i + 1 == signature.size() || !core::is_alphanumeric(signature[i + 1]));
    if (signature[i] == 'T' && alone) {
      out += type;
    } else {
      out += signature[i];
    }
  }
  return out;
}

Table make_table() {
  Table table;
  for (const auto& library :
       {library::arithmetic(), library::conversions(), library::times(), library::strings(), library::string_format(),
        library::lists(), library::sets(), library::optionals(), library::patterns(), library::network(),
        library::urls(), library::quantities(), library::versions(), library::formats(), library::numbers()}) {
    for (const auto& line : library) {
      if (line.each.empty()) {
        add(table, std::string(line.signature), line);
        continue;
      }
      for (auto rest = line.each; !rest.empty();) {
        const auto end = std::min(rest.find(' '), rest.size());
        add(table, with_type(line.signature, rest.substr(0, end)), line);
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
  }
  return table;
}

bool fits(const Type& type, const Value& value) {
  switch (type.kind()) {
    case Kind::dyn:
    case Kind::parameter:
      return true;
    case Kind::opaque: {
      const auto* opaque = value.get<std::shared_ptr<const Opaque>>();
      return opaque != nullptr && (*opaque)->type_name() == type.name();
    }
    case Kind::object:
      return value.kind() == Kind::map;
    case Kind::list: {
      if (value.kind() != Kind::list) return false;
      const auto& list = *value.get<List>();
      const auto kind = type.part(0).kind();
      if (list.size() == 0 || kind == Kind::parameter || kind == Kind::dyn || kind == Kind::list) return true;
      return fits(type.part(0), list.at(0));
    }
    default:
      return value.kind() == type.kind();
  }
}

}  // namespace

bool Overload::accepts(std::span<const Value> values) const {
  if (values.size() != arguments.size()) return false;
  // What an index may be is told by the function: a list takes 1u and 1.0 for 1.
  if (name.starts_with("_[")) return fits(arguments[0], values[0]);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!fits(arguments[i], values[i])) return false;
  }
  return true;
}

const std::vector<Overload>* find_function(std::string_view name) {
  static const Table table = make_table();
  const auto found = table.find(name);
  return found == table.end() ? nullptr : &found->second;
}

std::optional<Type> find_type(std::string_view name) {
  if (name == "list") return Type::list(Kind::dyn);
  if (name == "map") return Type::map(Kind::dyn, Kind::dyn);
  if (name == "null_type") return Type(Kind::null);
  if (name == "type") return Type::type(Kind::dyn);
  if (name == "optional_type") return Type::optional(Kind::dyn);
  if (name == "google.protobuf.Timestamp") return Type(Kind::timestamp);
  if (name == "google.protobuf.Duration") return Type(Kind::duration);
  for (const auto& each : named_types) {
    if (each.opaque == name && !name.empty()) return Type::opaque(name);
    const bool plain =
        each.opaque.empty() && each.kind != Kind::timestamp && each.kind != Kind::duration && each.kind != Kind::null;
    if (plain && each.name == name) return Type(each.kind);
  }
  return std::nullopt;
}

Value part_of(const Value& text, std::size_t offset, std::size_t length) {
  const auto& whole = *text.get<Text>();
  return Value(Text{whole.view.substr(offset, length), whole.owner});
}

}  // namespace slipway::expr::cel
