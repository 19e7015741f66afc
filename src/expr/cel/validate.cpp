#include "expr/cel/validate.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/text.hpp"
#include "expr/cel/functions.hpp"
#include "expr/cel/text.hpp"
#include "expr/cel/unify.hpp"

namespace slipway::expr::cel {

namespace {

class Validator {
 public:
  explicit Validator(std::vector<Mistake>& mistakes) : mistakes_(mistakes) {}

  void visit(Expr& expr, bool in_format) {
    const bool format = expr.kind == Expr::Kind::call && expr.name == "format" && expr.member;
    if (expr.kind == Expr::Kind::list && !in_format) same_types(expr, 1);
    if (expr.kind == Expr::Kind::map && !in_format) same_types(expr, 2);
    for (auto& child : expr.children) visit(child, in_format || format);
    if (expr.kind != Expr::Kind::call) return;
    if (format) check_format(expr);
    if (expr.children.size() == 1 && is_conversion(expr.name)) check_conversion(expr);
    if (expr.name == "matches" || expr.name == "find" || expr.name == "findAll") check_pattern(expr);
  }

 private:
  void mistake(const Expr& at, std::string message) { mistakes_.push_back({at.offset, std::move(message)}); }

  // A list's elements (`width` 1), a map's keys and its values (2).
  void same_types(const Expr& expr, std::size_t width) {
    std::vector<std::optional<Type>> first(width);
    for (std::size_t i = 0; i < expr.children.size(); ++i) {
      const auto& child = expr.children[i];
      const bool optional = expr.optional_entries[i / width] && (width == 1 || i % 2 == 1);
      const auto type = optional && child.type.parts() > 0 ? child.type.part(0) : child.type;
      auto& wanted = first[i % width];
      if (!wanted) {
        wanted = type;
      } else if (!is_same(*wanted, type)) {
        mistake(child, "expected type '" + wanted->render() + "' but found '" + type.render() + "'");
        return;
      }
    }
  }

  static bool is_conversion(const std::string& name) {
    static constexpr std::array<std::string_view, 8> names{"int",  "uint",  "double",   "string",
                                                           "bool", "bytes", "duration", "timestamp"};
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  void check_conversion(const Expr& expr) {
    const auto& argument = expr.children[0];
    if (argument.kind != Expr::Kind::literal) return;
    for (const auto* overload : expr.overloads) {
      if (!overload->accepts({&argument.literal, 1})) continue;
      const auto made = overload->function({{&argument.literal, 1}});
      if (!made.is_failure()) return;
      const bool of_time = expr.name == "duration" || expr.name == "timestamp";
      mistake(argument, of_time ? "invalid " + expr.name + " argument" : made.failure_of().message);
      return;
    }
    mistake(argument, "no such overload: " + expr.name + "(" + argument.literal.type_name() + ")");
  }

  void check_pattern(Expr& expr) {
    if (expr.children.size() < 2) return;
    const auto& pattern = expr.children[1];
    if (pattern.kind != Expr::Kind::literal || !pattern.literal.is_string()) return;
    auto regex = core::Regex::parse(std::string(pattern.literal.as_string()), core::Regex::Dot::all_but_newline);
    if (regex) {
      expr.regex = std::move(*regex);
    } else if (expr.name == "matches") {
      mistake(pattern, "invalid matches argument");
    } else {
      mistake(pattern, "error parsing regexp: " + regex.error().message);
    }
  }

  // How many clauses a format has; or what is wrong with it.
  static std::expected<std::size_t, std::string> count_clauses(std::string_view format) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < format.size(); ++i) {
      if (format[i] != '%') continue;
      if (++i == format.size()) return std::unexpected("unexpected end of string");
      if (format[i] == '%') continue;
      if (format[i] == '.') {
        do ++i;
        while (i < format.size() && core::is_digit(format[i]));
        if (i >= format.size()) {
          return std::unexpected(
              "could not parse formatting clause: error while parsing precision: could not find end of precision "
              "specifier");
        }
      }
      if (std::string_view("sdfebxXo").find(format[i]) == std::string_view::npos) {
        return std::unexpected("could not parse formatting clause: unrecognized formatting clause \"" +
                               std::string(1, format[i]) + "\"");
      }
      ++count;
    }
    return count;
  }

  void check_format(const Expr& expr) {
    if (expr.children.size() != 2 || expr.children[0].kind != Expr::Kind::literal) return;
    const auto& format = expr.children[0].literal;
    const auto& list = expr.children[1];
    if (!format.is_string()) return;
    const auto clauses = count_clauses(format.as_string());
    if (!clauses) return mistake(expr, clauses.error());
    if (list.kind != Expr::Kind::list) return;
    if (std::find(list.optional_entries.begin(), list.optional_entries.end(), true) != list.optional_entries.end())
      return;
    const auto given = list.children.size();
    if (given < *clauses) return mistake(expr, "index " + std::to_string(given) + " out of range");
    if (given > *clauses) {
      return mistake(expr, "too many arguments supplied to string.format (expected " + std::to_string(*clauses) +
                               ", got " + std::to_string(given) + ")");
    }
    std::vector<Value> values;
    for (const auto& child : list.children) {
      if (child.kind != Expr::Kind::literal) return;
      values.push_back(child.literal);
    }
    const std::array<Value, 2> arguments{format, Value::list(std::move(values))};
    const auto made = expr.overloads.empty() ? Value() : expr.overloads[0]->function({arguments});
    if (made.is_failure()) mistake(list, made.failure_of().message);
  }

  std::vector<Mistake>& mistakes_;
};

}  // namespace

void validate(Expr& root, std::vector<Mistake>& mistakes) { Validator(mistakes).visit(root, false); }

}  // namespace slipway::expr::cel
