#include "expr/cel/map.hpp"

#include <array>
#include <cmath>

#include "expr/cel/text.hpp"

namespace slipway::expr::cel {

namespace {

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

bool shows(const Map& map, std::string_view name, Declared& declared) {
  if (map.declared.source == nullptr) return true;
  if (map.declared.kind() == Kind::object) {
    const auto* field = map.declared.source->field(map.declared.handle, name);
    if (field == nullptr) return false;
    declared = {map.declared.source, field};
  } else if (map.declared.kind() == Kind::map) {
    declared = map.declared.element();
  }
  return true;
}

std::optional<Value> find_in_document(const Map& map, std::string_view name) {
  const auto* found = map.document->find(name);
  Declared declared;
  if (found == nullptr || !shows(map, name, declared)) return std::nullopt;
  return Value::of(*found, declared);
}

Order order_of(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return Order::unordered;
  return a < b ? Order::less : a > b ? Order::greater : Order::equal;
}

template <class T>
Order order_of_same(const T& a, const T& b) {
  return a < b ? Order::less : b < a ? Order::greater : Order::equal;
}

Order reversed(Order order) {
  if (order == Order::less) return Order::greater;
  if (order == Order::greater) return Order::less;
  return order;
}

Order integer_and_unsigned(std::int64_t a, std::uint64_t b) {
  if (a < 0) return Order::less;
  return order_of_same(static_cast<std::uint64_t>(a), b);
}

Order integer_and_double(std::int64_t a, double b) {
  if (std::isnan(b)) return Order::unordered;
  if (b < -two_to_63) return Order::greater;
  if (b > two_to_63) return Order::less;
  return order_of(static_cast<double>(a), b);
}

Order unsigned_and_double(std::uint64_t a, double b) {
  if (std::isnan(b)) return Order::unordered;
  if (b < 0) return Order::greater;
  if (b > two_to_64) return Order::less;
  return order_of(static_cast<double>(a), b);
}

std::optional<Order> compare_numbers(const Value& a, const Value& b) {
  const auto* ai = a.get<std::int64_t>();
  const auto* au = a.get<std::uint64_t>();
  const auto* ad = a.get<double>();
  const auto* bi = b.get<std::int64_t>();
  const auto* bu = b.get<std::uint64_t>();
  const auto* bd = b.get<double>();
  if (ai != nullptr && bi != nullptr) return order_of_same(*ai, *bi);
  if (au != nullptr && bu != nullptr) return order_of_same(*au, *bu);
  if (ad != nullptr && bd != nullptr) return order_of(*ad, *bd);
  if (ai != nullptr && bu != nullptr) return integer_and_unsigned(*ai, *bu);
  if (au != nullptr && bi != nullptr) return reversed(integer_and_unsigned(*bi, *au));
  if (ai != nullptr && bd != nullptr) return integer_and_double(*ai, *bd);
  if (ad != nullptr && bi != nullptr) return reversed(integer_and_double(*bi, *ad));
  if (au != nullptr && bd != nullptr) return unsigned_and_double(*au, *bd);
  if (ad != nullptr && bu != nullptr) return reversed(unsigned_and_double(*bu, *ad));
  return std::nullopt;
}

}  // namespace

std::size_t List::size() const { return document != nullptr ? document->size() : made == nullptr ? 0 : made->size(); }

Value List::at(std::size_t index) const {
  return document != nullptr ? Value::of((*document)[index], declared.element()) : (*made)[index];
}

std::size_t Map::size() const {
  if (document == nullptr) return made == nullptr ? 0 : made->entries.size();
  if (declared.source == nullptr || declared.kind() != Kind::object) return document->size();
  std::size_t known = 0;
  Declared ignored;
  for (const auto& [name, value] : *document) known += shows(*this, name, ignored) ? 1 : 0;
  return known;
}

std::optional<Key> key_of(const Value& value) {
  if (const auto* b = value.get<bool>()) return *b;
  if (const auto* i = value.get<std::int64_t>()) return *i;
  if (const auto* u = value.get<std::uint64_t>()) {
    if (*u <= INT64_MAX) return static_cast<std::int64_t>(*u);
    return *u;
  }
  if (const auto* d = value.get<double>()) {
    if (std::trunc(*d) != *d) return std::nullopt;
    if (*d >= -two_to_63 && *d < two_to_63) return static_cast<std::int64_t>(*d);
    if (*d > 0 && *d < two_to_64) return static_cast<std::uint64_t>(*d);
    return std::nullopt;
  }
  if (value.is_string()) return std::string(value.as_string());
  return std::nullopt;
}

std::optional<Value> find(const Map& map, const Value& key) {
  if (map.document != nullptr) {
    if (!key.is_string()) return std::nullopt;
    return find_in_document(map, key.as_string());
  }
  const auto wanted = key_of(key);
  if (!wanted || map.made == nullptr) return std::nullopt;
  const auto found = map.made->entries.find(*wanted);
  if (found == map.made->entries.end()) return std::nullopt;
  return found->second.second;
}

std::optional<Value> find_field(const Map& map, std::string_view name, std::string_view unescaped) {
  if (map.document != nullptr) {
    const bool object = map.declared.source != nullptr && map.declared.kind() == Kind::object;
    return find_in_document(map, object ? unescaped : name);
  }
  if (map.made == nullptr) return std::nullopt;
  const auto found = map.made->entries.find(Key(std::string(name)));
  if (found == map.made->entries.end()) return std::nullopt;
  return found->second.second;
}

std::vector<std::pair<Value, Value>> entries_of(const Map& map) {
  std::vector<std::pair<Value, Value>> out;
  if (map.document != nullptr) {
    out.reserve(map.document->size());
    for (const auto& [name, value] : *map.document) {
      Declared declared;
      if (shows(map, name, declared)) out.emplace_back(Value(Text{name, nullptr}), Value::of(value, declared));
    }
  } else if (map.made != nullptr) {
    out.reserve(map.made->entries.size());
    for (const auto& [key, entry] : map.made->entries) out.push_back(entry);
  }
  return out;
}

void each_entry(const Map& map, const std::function<bool(const Value&, const Value&)>& visit) {
  for (const auto& [key, value] : entries_of(map)) {
    if (!visit(key, value)) return;
  }
}

Value make_map(MapEntries entries) {
  Map map;
  map.made = std::make_shared<const MapEntries>(std::move(entries));
  return Value(std::move(map));
}

Uniqueness uniqueness_of(const List& list) {
  return list.declared.source == nullptr ? Uniqueness::none : list.declared.source->uniqueness(list.declared.handle);
}

bool same_element(const List& of, const Value& a, const Value& b, std::uint64_t& visited) {
  if (uniqueness_of(of) != Uniqueness::by_key) return equal(a, b, visited);
  const auto* x = a.get<Map>();
  const auto* y = b.get<Map>();
  if (x == nullptr || y == nullptr) return false;
  for (const auto& key : of.declared.source->keys(of.declared.handle)) {
    const auto left = find(*x, Value(Text{key, nullptr}));
    const auto right = find(*y, Value(Text{key, nullptr}));
    if (left.has_value() != right.has_value() || (left && !equal(*left, *right, visited))) return false;
  }
  return true;
}

namespace {

// Both have as many elements.
bool equal_in_any_order(const List& a, const List& b, std::uint64_t& visited) {
  const std::size_t size = a.size();
  for (std::size_t i = 0; i < size; ++i) {
    const auto element = a.at(i);
    bool found = false;
    for (std::size_t j = 0; j < size && !found; ++j) {
      const auto other = b.at(j);
      found = same_element(a, element, other, visited) && equal(element, other, visited);
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace

bool equal(const Value& a, const Value& b, std::uint64_t& visited) {
  ++visited;
  if (const auto numbers = compare_numbers(a, b)) return *numbers == Order::equal;
  if (a.data().index() != b.data().index()) return false;
  if (a.is_string()) {
    visited += std::min(a.as_string().size(), b.as_string().size()) / 16;
    return a.as_string() == b.as_string();
  }
  if (const auto* list = a.get<List>()) {
    const auto& other = *b.get<List>();
    const std::size_t size = list->size();
    if (size != other.size()) return false;
    if (uniqueness_of(*list) != Uniqueness::none) return equal_in_any_order(*list, other, visited);
    for (std::size_t i = 0; i < size; ++i) {
      if (!equal(list->at(i), other.at(i), visited)) return false;
    }
    return true;
  }
  if (const auto* map = a.get<Map>()) {
    const auto& other = *b.get<Map>();
    if (map->size() != other.size()) return false;
    for (const auto& [key, value] : entries_of(*map)) {
      const auto found = find(other, key);
      visited += other.document != nullptr ? other.document->size() / 16 : 0;
      if (!found || !equal(value, *found, visited)) return false;
    }
    return true;
  }
  if (const auto* optional = a.get<Optional>()) {
    const auto& other = *b.get<Optional>();
    if (optional->held == nullptr || other.held == nullptr) return optional->held == other.held;
    return equal(*optional->held, *other.held, visited);
  }
  if (const auto* opaque = a.get<std::shared_ptr<const Opaque>>()) {
    const auto& other = *b.get<std::shared_ptr<const Opaque>>();
    return (*opaque)->type_name() == other->type_name() && (*opaque)->equals(*other);
  }
  if (const auto* name = a.get<TypeName>()) return name->name == b.get<TypeName>()->name;
  if (a.is_failure()) return false;
  if (a.get<std::nullptr_t>() != nullptr) return true;
  return compare(a, b) == Order::equal;
}

std::string scalar_text(const Value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (const auto* i = value.get<std::int64_t>()) return std::to_string(*i);
  if (const auto* n = value.get<std::uint64_t>()) return std::to_string(*n);
  if (const auto* b = value.get<bool>()) return *b ? "true" : "false";
  if (const auto* x = value.get<double>()) return render_double(*x);
  return value.type_name();
}

std::optional<Order> compare(const Value& a, const Value& b) {
  if (const auto numbers = compare_numbers(a, b)) return numbers;
  if (a.data().index() != b.data().index()) return std::nullopt;
  if (a.is_string()) return order_of_same(a.as_string(), b.as_string());
  if (const auto* x = a.get<Bytes>()) return order_of_same(x->view, b.get<Bytes>()->view);
  if (const auto* x = a.get<bool>()) return order_of_same(*x, *b.get<bool>());
  if (const auto* x = a.get<Timestamp>()) return order_of_same(*x, *b.get<Timestamp>());
  if (const auto* x = a.get<std::chrono::nanoseconds>()) return order_of_same(*x, *b.get<std::chrono::nanoseconds>());
  return std::nullopt;
}

std::optional<std::string> unescape_property(std::string_view name) {
  static constexpr std::array<std::string_view, 21> reserved{
      "true", "false",  "null", "in",   "as",      "break",     "const",  "continue", "else", "for",  "function",
      "if",   "import", "let",  "loop", "package", "namespace", "return", "var",      "void", "while"};
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> escapes{
      {{"underscores", "__"}, {"dot", "."}, {"dash", "-"}, {"slash", "/"}}};
  for (const auto word : reserved) {
    if (name == "__" + std::string(word) + "__") return std::string(word);
  }
  std::string out;
  while (!name.empty()) {
    if (!name.starts_with("__")) {
      out += name.front();
      name.remove_prefix(1);
      continue;
    }
    bool known = false;
    for (const auto& [escape, text] : escapes) {
      const auto whole = "__" + std::string(escape) + "__";
      if (!name.starts_with(whole)) continue;
      out += text;
      name.remove_prefix(whole.size());
      known = true;
      break;
    }
    if (!known) return std::nullopt;
  }
  return out;
}

}  // namespace slipway::expr::cel
