#include <algorithm>

#include "core/doc.hpp"
#include "core/doc_scalar.hpp"

namespace slipway::core::doc {

namespace {

// RFC 8785 sorts by UTF-16 code units. Bytes of UTF-8 sort by code point; the two differ only where a character beyond
// U+FFFF (a surrogate pair from 0xD800) meets one of U+E000..U+FFFF.
bool less_in_utf16(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (y == b.end()) return false;
  if (x == a.end()) return true;
  const auto left = static_cast<unsigned char>(*x);
  const auto right = static_cast<unsigned char>(*y);
  if (left >= 0xF0 && (right == 0xEE || right == 0xEF)) return true;
  if (right >= 0xF0 && (left == 0xEE || left == 0xEF)) return false;
  return left < right;
}

class JsonRenderer {
 public:
  JsonRenderer(bool pretty, bool sorted) : pretty_(pretty), sorted_(sorted) {}

  void render(const Value& value, std::size_t depth) {
    switch (value.type()) {
      case Type::null:
        out += "null";
        return;
      case Type::boolean:
        out += value.as_bool() ? "true" : "false";
        return;
      case Type::integer:
        out += std::to_string(value.as_int());
        return;
      case Type::number:
        return render_double(value.as_double());
      case Type::string:
        append_json_string(out, value.as_string());
        return;
      case Type::array:
        return render_array(value.as_array(), depth);
      case Type::object:
        return render_object(value.as_object(), depth);
    }
  }

  std::string out;

 private:
  void line(std::size_t depth) {
    if (!pretty_) return;
    out += '\n';
    out.append(2 * depth, ' ');
  }

  // Without a dot, a number between 2^53 and 2^63 would read back as an integer near it. RFC 8785 wants no dot.
  void render_double(double number) {
    constexpr double exact_integers = 9007199254740992.0;
    const std::string text = render_number(number);
    out += text;
    const bool large = number >= exact_integers || number <= -exact_integers;
    if (large && !sorted_ && text.find_first_of(".en") == std::string::npos) out += ".0";
  }

  void render_array(const Array& array, std::size_t depth) {
    out += '[';
    bool first = true;
    for (const Value& element : array) {
      if (!first) out += ',';
      first = false;
      line(depth + 1);
      render(element, depth + 1);
    }
    if (!array.empty()) line(depth);
    out += ']';
  }

  void render_member(const Object::Member& member, std::size_t depth, bool first) {
    if (!first) out += ',';
    line(depth + 1);
    append_json_string(out, member.first);
    out += pretty_ ? ": " : ":";
    render(member.second, depth + 1);
  }

  void render_object(const Object& object, std::size_t depth) {
    out += '{';
    bool first = true;
    if (sorted_) {
      std::vector<const Object::Member*> members;
      members.reserve(object.size());
      for (const Object::Member& member : object) members.push_back(&member);
      std::sort(members.begin(), members.end(),
                [](const auto* a, const auto* b) { return less_in_utf16(a->first, b->first); });
      for (const Object::Member* member : members) render_member(*member, depth, std::exchange(first, false));
    } else {
      for (const Object::Member& member : object) render_member(member, depth, std::exchange(first, false));
    }
    if (!object.empty()) line(depth);
    out += '}';
  }

  bool pretty_;
  bool sorted_;
};

std::string render(const Value& value, bool pretty, bool sorted) {
  JsonRenderer renderer(pretty, sorted);
  renderer.render(value, 0);
  return std::move(renderer.out);
}

}  // namespace

std::string render_json(const Value& value) { return render(value, false, false); }
std::string render_json_pretty(const Value& value) { return render(value, true, false); }
// Integers beyond 2^53 keep all their digits here, where RFC 8785 would round them to a double: two different
// documents must never have the same digest.
std::string render_json_canonical(const Value& value) { return render(value, false, true); }

}  // namespace slipway::core::doc
