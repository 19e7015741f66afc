// YAML in block style, as kubectl prints it. Whatever would read back as another type, here or with a YAML 1.1 reader,
// is quoted.

#include <algorithm>

#include "core/doc.hpp"
#include "core/doc_scalar.hpp"
#include "core/utf8.hpp"

namespace slipway::core::doc {

namespace {

constexpr std::size_t longest_implicit_key = 1000;  // YAML allows 1024 characters

// U+0085, U+2028, U+2029 and U+FEFF are breaks or marks to some readers; C1 controls are not printable.
bool has_unprintable(std::string_view text, bool allow_newline) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\n' && allow_newline) continue;
    if (byte < 0x20 || byte == 0x7F) return true;
    const std::string_view rest = text.substr(i);
    if (byte == 0xC2 && rest.size() > 1 && static_cast<unsigned char>(rest[1]) < 0xA0) return true;
    if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9") || rest.starts_with("\xEF\xBB\xBF"))
      return true;
    if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) return true;  // not characters
  }
  return find_invalid_utf8(text) != std::string_view::npos;
}

bool is_plain_safe(std::string_view text) {
  if (text.empty() || looks_typed(text) || has_unprintable(text, false)) return false;
  constexpr std::string_view indicators = "?:,[]{}#&*!|>'\"%@`";
  const char first = text.front();
  if (indicators.find(first) != std::string_view::npos || first == ' ' || text.back() == ' ' || text.back() == ':')
    return false;
  if (first == '-' && (text.size() == 1 || text[1] == ' ' || text.starts_with("---"))) return false;
  if (text.starts_with("...")) return false;
  return text.find(": ") == std::string_view::npos && text.find(" #") == std::string_view::npos;
}

// Several lines that a literal block gives back exactly.
bool is_block_safe(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || has_unprintable(text, true)) return false;
  if (text.front() == ' ' || text.front() == '\n') return false;  // would need an indentation indicator
  return text.find_first_not_of("\n ") != std::string_view::npos;
}

void append_double_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string json;
  append_json_string(json, text);
  // JSON's quoting is YAML's, but for what JSON leaves as it is.
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto byte = static_cast<unsigned char>(json[i]);
    const std::string_view rest = std::string_view(json).substr(i);
    if (byte == 0x7F) {
      out += "\\x7F";
    } else if (byte == 0xC2 && static_cast<unsigned char>(rest[1]) < 0xA0) {
      const auto second = static_cast<unsigned char>(rest[1]);
      out += "\\x";
      out += hex[second >> 4];
      out += hex[second & 15];
      ++i;
    } else if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9")) {
      out += rest[2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (rest.starts_with("\xEF\xBB\xBF") || rest.starts_with("\xEF\xBF\xBE") ||
               rest.starts_with("\xEF\xBF\xBF")) {
      out += rest[1] == '\xBB' ? "\\uFEFF" : rest[2] == '\xBE' ? "\\uFFFE" : "\\uFFFF";
      i += 2;
    } else {
      out += json[i];
    }
  }
}

std::string key_text(std::string_view key) {
  std::string out;
  if (is_plain_safe(key)) {
    out = key;
  } else {
    append_double_quoted(out, key);
  }
  return out;
}

class YamlRenderer {
 public:
  std::string out;

  // `indent` is where members of a container begin. The cursor stands at the start of a line for the root, behind "- "
  // for an element, so that the first member goes there.
  void render_block(const Value& value, std::size_t indent) {
    if (value.is_object() && value.size() > 0) {
      render_object(value.as_object(), indent);
    } else if (value.is_array() && value.size() > 0) {
      render_array(value.as_array(), indent);
    } else {
      render_scalar(value, indent);
    }
  }

 private:
  void render_object(const Object& object, std::size_t indent) {
    bool first = true;
    for (const auto& [key, value] : object) {
      if (!first) out.append(indent, ' ');
      first = false;
      const std::string text = key_text(key);
      if (text.size() > longest_implicit_key) {
        out += "? " + text + "\n" + std::string(indent, ' ') + ":";
      } else {
        out += text + ":";
      }
      const bool nested = (value.is_object() || value.is_array()) && value.size() > 0;
      if (!nested) {
        out += ' ';
        render_scalar(value, indent + 2);
        continue;
      }
      out += '\n';
      const std::size_t inner = value.is_object() ? indent + 2 : indent;
      out.append(inner, ' ');
      render_block(value, inner);
    }
  }

  void render_array(const Array& array, std::size_t indent) {
    bool first = true;
    for (const Value& element : array) {
      if (!first) out.append(indent, ' ');
      first = false;
      out += "- ";
      render_block(element, indent + 2);
    }
  }

  // A scalar or an empty container, and the end of its line. `indent` is for the lines of a literal block.
  void render_scalar(const Value& value, std::size_t indent) {
    switch (value.type()) {
      case Type::null:
        out += "null";
        break;
      case Type::boolean:
        out += value.as_bool() ? "true" : "false";
        break;
      case Type::integer:
        out += std::to_string(value.as_int());
        break;
      case Type::number:
        out += number_text(value.as_double());
        break;
      case Type::string:
        return render_string(value.as_string(), indent);
      case Type::array:
        out += "[]";
        break;
      case Type::object:
        out += "{}";
        break;
    }
    out += '\n';
  }

  // 1.0 keeps its type.
  static std::string number_text(double number) {
    std::string text = render_number(number);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
  }

  void render_string(std::string_view text, std::size_t indent) {
    if (is_plain_safe(text)) {
      out += text;
      out += '\n';
    } else if (is_block_safe(text)) {
      render_literal(text, std::max<std::size_t>(indent, 2));
    } else {
      append_double_quoted(out, text);
      out += '\n';
    }
  }

  void render_literal(std::string_view text, std::size_t indent) {
    out += '|';
    if (!text.ends_with('\n')) {
      out += '-';
    } else if (text.ends_with("\n\n")) {
      out += '+';
    }
    out += '\n';
    if (text.ends_with('\n')) text.remove_suffix(1);
    while (true) {
      const std::size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      if (!line.empty()) {
        out.append(indent, ' ');
        out += line;
      }
      out += '\n';
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + 1);
    }
  }
};

}  // namespace

std::string render_yaml(const Value& value) {
  YamlRenderer renderer;
  renderer.render_block(value, 0);
  return std::move(renderer.out);
}

}  // namespace slipway::core::doc
