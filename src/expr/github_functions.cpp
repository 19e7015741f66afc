#include "expr/github_functions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/text.hpp"
#include "expr/number.hpp"

namespace slipway::expr::github {
namespace {

using core::equal_ignoring_case;
using core::in_lower;
using core::doc::Array;
using core::doc::Type;
using core::doc::Value;

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// Negative, zero or positive, as .NET's OrdinalIgnoreCase: upper-cased code units.
int order_ignoring_case(std::string_view a, std::string_view b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); i++) {
    const auto x = static_cast<unsigned char>(upper(a[i]));
    const auto y = static_cast<unsigned char>(upper(b[i]));
    if (x != y) return x < y ? -1 : 1;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

bool is_primitive(const Value& value) { return !value.is_array() && !value.is_object(); }

struct Function {
  std::string_view name;
  std::size_t least;
  std::size_t most;
};
constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
constexpr std::array<Function, 13> functions = {{{"contains", 2, 2},
                                                 {"startsWith", 2, 2},
                                                 {"endsWith", 2, 2},
                                                 {"format", 1, any},
                                                 {"join", 1, 2},
                                                 {"toJSON", 1, 1},
                                                 {"fromJSON", 1, 1},
                                                 {"case", 3, any},
                                                 {"hashFiles", 1, any},
                                                 {"success", 0, 0},
                                                 {"failure", 0, 0},
                                                 {"always", 0, 0},
                                                 {"cancelled", 0, 0}}};

bool contains(const Operand& in, const Operand& item) {
  if (in.value().is_array()) {
    return std::ranges::any_of(in.value().as_array(), [&](const Value& each) {
      return compare_loosely(Op::equal, in.identity() != nullptr ? Operand::borrow(each) : Operand(each), item);
    });
  }
  if (!is_primitive(in.value()) || !is_primitive(item.value())) return false;
  return in_lower(to_text(in.value())).find(in_lower(to_text(item.value()))) != std::string::npos;
}

core::Result<std::string> format(const Node& node, const std::vector<Operand>& arguments) {
  const auto pattern = to_text(arguments[0].value());
  const auto bad = [&](const std::string& why) {
    return fail(Error(Code::invalid_argument, "the format \"" + pattern + "\" " + why).at(node.mark));
  };
  std::string result;
  for (std::size_t i = 0; i < pattern.size(); i++) {
    const char c = pattern[i];
    if ((c == '{' || c == '}') && i + 1 < pattern.size() && pattern[i + 1] == c) {
      result += c;
      i++;
    } else if (c == '}') {
      return bad("has a \"}\" without a \"{\"; write \"}}\" for one brace");
    } else if (c == '{') {
      const auto close = pattern.find('}', i);
      if (close == std::string::npos) return bad("has an unclosed \"{\"; write \"{{\" for one brace");
      const auto index = parse_number(std::string_view(pattern).substr(i + 1, close - i - 1));
      if (!index || *index < 0 || std::trunc(*index) != *index) return bad("has a placeholder that is not a number");
      if (*index + 1 >= static_cast<double>(arguments.size())) {
        return bad("names argument " + render_number(*index) + ", but it has " + std::to_string(arguments.size() - 1));
      }
      result += to_text(arguments[static_cast<std::size_t>(*index) + 1].value());
      i = close;
    } else {
      result += c;
    }
  }
  return result;
}

std::string join(const Value& items, const std::string& separator) {
  if (!items.is_array()) return is_primitive(items) ? to_text(items) : "";
  std::string result;
  bool first = true;
  for (const auto& item : items.as_array()) {
    if (!first) result += separator;
    first = false;
    if (is_primitive(item)) result += to_text(item);
  }
  return result;
}

core::Result<Operand> choose(const Node& node, const std::vector<Operand>& arguments) {
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    if (!arguments[i].value().is_bool()) {
      return fail(
          Error(Code::invalid_argument, "case() wants true or false before each value").at(node.children[i].mark));
    }
    if (arguments[i].value().as_bool()) return arguments[i + 1];
  }
  return arguments.back();
}

}  // namespace

std::string to_text(const Value& value) {
  switch (value.type()) {
    case Type::null:
      return "";
    case Type::boolean:
      return value.as_bool() ? "true" : "false";
    case Type::integer:
      return std::to_string(value.as_int());
    case Type::number:
      return render_number(value.as_double());
    case Type::string:
      return value.as_string();
    case Type::array:
      return "Array";
    case Type::object:
      return "Object";
  }
  return "";
}

bool is_truthy(const Value& value) {
  switch (value.type()) {
    case Type::null:
      return false;
    case Type::boolean:
      return value.as_bool();
    case Type::integer:
      return value.as_int() != 0;
    case Type::number:
      return value.as_double() != 0 && !std::isnan(value.as_double());
    case Type::string:
      return !value.as_string().empty();
    default:
      return true;
  }
}

double to_number(const Value& value) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  switch (value.type()) {
    case Type::null:
      return 0;
    case Type::boolean:
      return value.as_bool() ? 1 : 0;
    case Type::integer:
    case Type::number:
      return value.as_double();
    case Type::string: {
      std::string_view text = value.as_string();
      const auto first = text.find_first_not_of(" \t\r\n");
      if (first == std::string_view::npos) return 0;
      text = text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
      return parse_number(text).value_or(nan);
    }
    default:
      return nan;
  }
}

bool compare_loosely(Op op, const Operand& left, const Operand& right) {
  if (op == Op::not_equal) return !compare_loosely(Op::equal, left, right);
  const auto& a = left.value();
  const auto& b = right.value();
  if (op == Op::equal && a.is_null() && b.is_null()) return true;
  if (a.is_string() && b.is_string()) {
    const int order = order_ignoring_case(a.as_string(), b.as_string());
    return op == Op::equal        ? order == 0
           : op == Op::less       ? order < 0
           : op == Op::less_equal ? order <= 0
           : op == Op::greater    ? order > 0
                                  : order >= 0;
  }
  if (!is_primitive(a) || !is_primitive(b)) {
    const bool same = left.identity() != nullptr && left.identity() == right.identity();
    return same && (op == Op::equal || op == Op::less_equal || op == Op::greater_equal);
  }
  // null orders with nothing but through a number.
  const double x = to_number(a);
  const double y = to_number(b);
  switch (op) {
    case Op::equal:
      return x == y;
    case Op::less:
      return x < y;
    case Op::less_equal:
      return x <= y;
    case Op::greater:
      return x > y;
    default:
      return x >= y;
  }
}

bool is_status_function(std::string_view name) {
  for (const auto status : {"success", "failure", "always", "cancelled"}) {
    if (equal_ignoring_case(name, status)) return true;
  }
  return false;
}

core::Result<> check_call(const Node& node, bool status_functions) {
  const auto refuse = [&](Code code, std::string message, std::string hint = {}) {
    return fail(Error(code, std::move(message), std::move(hint)).at(node.mark));
  };
  const auto found =
      std::ranges::find_if(functions, [&](const Function& f) { return equal_ignoring_case(f.name, node.name); });
  if (found == functions.end()) {
    std::vector<std::string> known;
    for (const auto& function : functions) known.emplace_back(function.name);
    const auto near = core::nearest(node.name, known);
    return refuse(Code::invalid_argument, "unknown function \"" + node.name + "\"",
                  near.empty() ? "" : "did you mean \"" + near + "\"?");
  }
  if (found->name == "hashFiles") return refuse(Code::unimplemented, "hashFiles() is not supported yet");
  if (is_status_function(node.name) && !status_functions) {
    return refuse(Code::invalid_argument, node.name + "() can only be used in an \"if\"");
  }
  const auto count = node.children.size();
  if (count < found->least || count > found->most || (found->name == "case" && count % 2 == 0)) {
    return refuse(Code::invalid_argument, std::string(found->name) + "() does not take " + std::to_string(count) +
                                              (count == 1 ? " argument" : " arguments"));
  }
  return {};
}

core::Result<Operand> call_function(const Node& node, const std::vector<Operand>& arguments, const Scope& scope) {
  const auto is = [&](std::string_view name) { return equal_ignoring_case(node.name, name); };
  if (is("success")) return Operand(Value(scope.status == Status::success));
  if (is("failure")) return Operand(Value(scope.status == Status::failure));
  if (is("cancelled")) return Operand(Value(scope.status == Status::cancelled));
  if (is("always")) return Operand(Value(true));
  if (is("contains")) return Operand(Value(contains(arguments[0], arguments[1])));
  if (is("startsWith") || is("endsWith")) {
    if (!is_primitive(arguments[0].value()) || !is_primitive(arguments[1].value())) return Operand(Value(false));
    const auto text = in_lower(to_text(arguments[0].value()));
    const auto part = in_lower(to_text(arguments[1].value()));
    return Operand(Value(is("startsWith") ? text.starts_with(part) : text.ends_with(part)));
  }
  if (is("format")) {
    TRY_ASSIGN(auto text, format(node, arguments));
    return Operand(Value(std::move(text)));
  }
  if (is("join")) {
    return Operand(Value(join(arguments[0].value(), arguments.size() > 1 ? to_text(arguments[1].value()) : ",")));
  }
  if (is("toJSON")) return Operand(Value(core::doc::render_json_pretty(arguments[0].value())));
  if (is("fromJSON")) {
    auto value = core::doc::parse_json(to_text(arguments[0].value()), "fromJSON");
    if (!value) {
      return fail(Error(Code::invalid_argument, "fromJSON() was given a text that is not JSON")
                      .at(node.mark)
                      .because(std::move(value).error()));
    }
    return Operand(std::move(*value));
  }
  if (is("case")) return choose(node, arguments);
  return fail(Error(Code::internal, "function \"" + node.name + "\" was not checked").at(node.mark));
}

}  // namespace slipway::expr::github
