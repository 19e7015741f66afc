// The sentences are those of k8s.io/kube-openapi/pkg/validation.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <unordered_set>

#include "objects/crd/checks.hpp"
#include "objects/patch/go_text.hpp"

namespace slipway::objects::crd {

using validation::Problem;
using validation::Problems;

namespace {

std::string_view json_type(const doc::Value& value) {
  switch (value.type()) {
    case doc::Type::null:
      return "null";
    case doc::Type::boolean:
      return "boolean";
    case doc::Type::integer:
      return "integer";
    case doc::Type::number:
      return "number";
    case doc::Type::string:
      return "string";
    case doc::Type::array:
      return "array";
    case doc::Type::object:
      return "object";
  }
  return "";
}

bool is_whole(double number) { return std::isfinite(number) && number == std::floor(number); }

std::int64_t code_points(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

// As Go prints a float64; of a whole number's bound, an int64.
std::string plain(double number, bool whole) {
  std::array<char, 64> text{};
  const auto format = std::abs(number) >= 1e6 || (number != 0 && std::abs(number) < 1e-4)
                          ? std::chars_format::scientific
                          : std::chars_format::fixed;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number,
                                 whole && std::abs(number) < 1e18 ? std::chars_format::fixed : format);
  return {text.data(), end.ptr};
}

// What one schema says of one value. `matches` counts what fitted: of several schemas that do not fit, the problems of
// the one that fits best are told.
class Outcome {
 public:
  bool is_valid() const { return problems_.empty(); }
  void fits() { ++matches_; }
  int matches() const { return matches_; }
  // `sentence` tells problems apart: the same one is told once.
  void add(Problem problem, const std::string& sentence) {
    if (said_.insert(sentence).second) problems_.emplace_back(std::move(problem), sentence);
  }
  void merge(Outcome other) {
    matches_ += other.matches_;
    for (auto& [problem, sentence] : other.problems_) add(std::move(problem), sentence);
  }
  Problems problems() && {
    Problems all;
    for (auto& [problem, sentence] : problems_) all.push_back(std::move(problem));
    return all;
  }

 private:
  std::vector<std::pair<Problem, std::string>> problems_;
  std::unordered_set<std::string> said_;
  int matches_ = 0;
};

class ValueCheck {
 public:
  explicit ValueCheck(const std::string& where) : where_(where) {}

  // Of a member or an element: what did not change is not held against it.
  Outcome visit_child(const Node& node, const doc::Value& value, const Correlated& before) {
    Outcome outcome = visit(node, value, before);
    if (!outcome.is_valid() && before.exists() && before.is_unchanged()) return {};
    return outcome;
  }

  Outcome visit(const Node& node, const doc::Value& value, const Correlated& before) {
    Outcome outcome;
    check_type(outcome, node, value);
    if (value.is_null()) {
      check_enumeration(outcome, node, value);
      return outcome;
    }
    if (!node.types.empty() || node.check_format) outcome.fits();
    check_logic(outcome, node, value);
    outcome.fits();
    if (value.is_string()) {
      check_text(outcome, node, value.as_string());
      check_format(outcome, node, value.as_string());
      outcome.fits();
    } else if (value.is_number()) {
      check_number(outcome, node, value);
      outcome.fits();
    } else if (value.is_array()) {
      check_array(outcome, node, value, before);
      outcome.fits();
    }
    check_enumeration(outcome, node, value);
    outcome.fits();
    if (value.is_object()) {
      check_object(outcome, node, value, before);
      outcome.fits();
    }
    outcome.fits();
    return outcome;
  }

 private:
  std::string field() const { return field_of(path_.text()); }
  // A path of a problem: `where_` and the path, which may begin with a dot.
  std::string field_of(std::string_view path) const {
    if (path.starts_with('.')) path.remove_prefix(1);
    if (path.empty()) return where_.empty() ? "<nil>" : where_;
    return where_.empty() ? std::string(path) : where_ + "." + std::string(path);
  }
  std::string in_body() const { return path_.text() + " in body "; }

  void add_invalid(Outcome& outcome, const doc::Value& value, const std::string& sentence) const {
    outcome.add(validation::invalid(field(), value, sentence), sentence);
  }
  // Logic has no field of its own.
  void add_composite(Outcome& outcome, const std::string& sentence) const {
    outcome.add(validation::invalid(where_.empty() ? "<nil>" : where_, "", sentence), sentence);
  }

  void add_mistyped(Outcome& outcome, const std::string& wanted, std::string_view given) const {
    const std::string sentence = in_body() + "must be of type " + wanted + ": " + patch::go_quoted(given);
    outcome.add(validation::type_invalid(field(), given, sentence), sentence);
  }

  static std::string joined(const std::vector<std::string>& types) {
    std::string text;
    for (const std::string& type : types) text += (text.empty() ? "" : ",") + type;
    return text;
  }

  static bool wants(const Node& node, std::string_view type) {
    return std::ranges::find(node.types, type) != node.types.end();
  }

  void check_type(Outcome& outcome, const Node& node, const doc::Value& value) {
    const std::string_view given = json_type(value);
    if (value.is_null()) {
      if (!node.types.empty() && !node.nullable) {
        add_mistyped(outcome, joined(node.types), given);
      } else {
        outcome.fits();
      }
      return;
    }
    if (node.types.empty() && node.format.empty()) return;
    const bool whole_number =
        value.type() == doc::Type::number && is_whole(value.as_double()) && wants(node, "integer");
    const bool number = value.is_int() && wants(node, "number");
    const bool fits = wants(node, given) || whole_number || number;
    if (!node.format.empty() && !value.is_string() && !value.is_array() && !fits) {
      return add_mistyped(outcome, node.format, value.is_int() ? "int64" : value.is_number() ? "float64" : "");
    }
    const bool numeric = wants(node, "number") || wants(node, "integer");
    if (!fits && !(!numeric && !node.format.empty() && (value.is_string() || value.is_array())))
      return add_mistyped(outcome, joined(node.types), given);
    outcome.fits();
  }

  void check_text(Outcome& outcome, const Node& node, const std::string& text) const {
    const std::int64_t length = node.max_length || node.min_length ? code_points(text) : 0;
    if (node.max_length && length > *node.max_length) {
      outcome.add(validation::too_long(field(), *node.max_length),
                  in_body() + "should be at most " + std::to_string(*node.max_length) + " chars long");
    } else if (node.min_length && length < *node.min_length) {
      add_invalid(outcome, text, in_body() + "should be at least " + std::to_string(*node.min_length) + " chars long");
    } else if (node.pattern && !node.pattern->is_found_in(text)) {
      add_invalid(outcome, text, in_body() + "should match '" + node.pattern_text + "'");
    }
  }

  void check_format(Outcome& outcome, const Node& node, const std::string& text) const {
    if (!node.check_format || node.check_format(text)) return;
    const std::string sentence = in_body() + "must be of type " + node.format + ": " + patch::go_quoted(text);
    outcome.add(validation::type_invalid(field(), text, sentence), sentence);
  }

  void check_number(Outcome& outcome, const Node& node, const doc::Value& value) const {
    // Of whole numbers, bounds are whole numbers too.
    const bool whole = value.is_int();
    const auto bound = [&](double number) { return whole ? std::trunc(number) : number; };
    const double number = value.as_double();
    if (node.multiple_of) {
      const double factor = bound(*node.multiple_of);
      if (factor <= 0) {
        add_invalid(outcome, "",
                    "factor MultipleOf declared for " + path_.text() + " must be positive: " + plain(factor, whole));
      } else if (whole ? std::fmod(number, factor) != 0
                       : !is_whole(factor < 1 ? 1 / factor * number : number / factor)) {
        add_invalid(outcome, value, in_body() + "should be a multiple of " + plain(factor, whole));
      }
    }
    if (node.minimum) {
      const double least = bound(*node.minimum);
      if (node.exclusive_minimum ? number <= least : number < least) {
        add_invalid(outcome, value,
                    in_body() + "should be greater than " + (node.exclusive_minimum ? "" : "or equal to ") +
                        plain(least, whole));
      }
    }
    if (node.maximum) {
      const double most = bound(*node.maximum);
      if (node.exclusive_maximum ? number >= most : number > most) {
        add_invalid(
            outcome, value,
            in_body() + "should be less than " + (node.exclusive_maximum ? "" : "or equal to ") + plain(most, whole));
      }
    }
  }

  void check_array(Outcome& outcome, const Node& node, const doc::Value& value, const Correlated& before) {
    const doc::Array& array = value.as_array();
    const auto size = static_cast<std::int64_t>(array.size());
    for (std::size_t i = 0; node.items && i < array.size(); ++i) {
      const auto step = path_.index(i);
      outcome.merge(visit_child(*node.items, array[i], before.index(i)));
    }
    if (node.min_items && size < *node.min_items) {
      add_invalid(outcome, size, in_body() + "should have at least " + std::to_string(*node.min_items) + " items");
    }
    if (node.max_items && size > *node.max_items) {
      outcome.add(validation::too_many(field(), size, *node.max_items),
                  in_body() + "should have at most " + std::to_string(*node.max_items) + " items");
    }
    if (!node.unique_items) return;
    for (std::size_t i = 1; i < array.size(); ++i) {
      if (std::find(array.begin(), array.begin() + static_cast<std::ptrdiff_t>(i), array[i]) !=
          array.begin() + static_cast<std::ptrdiff_t>(i))
        return add_invalid(outcome, "", in_body() + "shouldn't contain duplicates");
    }
  }

  void check_enumeration(Outcome& outcome, const Node& node, const doc::Value& value) const {
    if (node.enumeration.empty()) return;
    if (!value.is_null() && std::ranges::find(node.enumeration, value) != node.enumeration.end()) return;
    std::vector<std::string> supported;
    for (const doc::Value& one : node.enumeration)
      supported.push_back(one.is_string() ? one.as_string() : patch::go_json(one));
    const std::vector<std::string_view> views(supported.begin(), supported.end());
    outcome.add(validation::not_supported(field(), value, views), in_body() + "should be one of");
  }

  void check_object(Outcome& outcome, const Node& node, const doc::Value& value, const Correlated& before) {
    const doc::Object& object = value.as_object();
    const auto size = static_cast<std::int64_t>(object.size());
    if (node.min_properties && size < *node.min_properties) {
      add_invalid(outcome, size,
                  in_body() + "should have at least " + std::to_string(*node.min_properties) + " properties");
    }
    if (node.max_properties && size > *node.max_properties) {
      outcome.add(validation::too_many(field(), size, *node.max_properties),
                  in_body() + "should have at most " + std::to_string(*node.max_properties) + " properties");
    }
    for (const auto& [key, member] : object) {
      if (node.properties.contains(key)) continue;
      if (node.no_additional) {
        add_invalid(outcome, key, path_.text() + "." + key + " in body is a forbidden property");
      } else if (node.additional) {
        const Path::Step step(path_, path_.text() + "." + key);
        outcome.merge(visit_child(*node.additional, member, before.key(key)));
      }
    }
    for (const auto& [key, member] : object) {
      const auto property = node.properties.find(key);
      if (property == node.properties.end()) continue;
      const bool names_the_kind = path_.text().empty() && where_.empty() && (key == "apiVersion" || key == "kind");
      const Correlated child = names_the_kind ? Correlated{} : before.key(key);
      const auto step = path_.child(key);
      outcome.merge(visit_child(*property->second, member, child));
    }
    for (const std::string& key : node.required) {
      if (object.contains(key)) continue;
      const std::string path = path_.text() + "." + key;
      outcome.add(validation::required(field_of(path)), path + " in body is required");
    }
  }

  // What did not change is held against it here.
  void check_logic(Outcome& outcome, const Node& node, const doc::Value& value) {
    const std::string name = patch::go_quoted(path_.text());
    if (!node.any_of.empty()) check_any_of(outcome, node, value, name);
    if (!node.one_of.empty()) check_one_of(outcome, node, value, name);
    if (!node.all_of.empty()) {
      std::size_t valid = 0;
      for (const Node* schema : node.all_of) {
        Outcome one = visit(*schema, value, {});
        valid += one.is_valid() ? 1U : 0U;
        outcome.merge(std::move(one));
      }
      if (valid != node.all_of.size())
        add_composite(outcome,
                      name + " must validate all the schemas (allOf)" + (valid == 0 ? ". None validated" : ""));
    }
    if (node.none_of && visit(*node.none_of, value, {}).is_valid())
      add_composite(outcome, name + " must not validate the schema (not)");
    outcome.fits();
  }

  void check_any_of(Outcome& outcome, const Node& node, const doc::Value& value, const std::string& name) {
    std::optional<Outcome> best;
    for (const Node* schema : node.any_of) {
      Outcome one = visit(*schema, value, {});
      if (one.is_valid()) return outcome.merge(std::move(one));
      if (!best || one.matches() > best->matches()) best = std::move(one);
    }
    add_composite(outcome, name + " must validate at least one schema (anyOf)");
    outcome.merge(std::move(*best));
  }

  void check_one_of(Outcome& outcome, const Node& node, const doc::Value& value, const std::string& name) {
    std::optional<Outcome> best;
    std::optional<Outcome> fitting;
    int valid = 0;
    for (const Node* schema : node.one_of) {
      Outcome one = visit(*schema, value, {});
      if (one.is_valid()) {
        ++valid;
        best.reset();
        if (!fitting) fitting = std::move(one);
      } else if (valid == 0 && (!best || one.matches() > best->matches())) {
        best = std::move(one);
      }
    }
    if (valid == 1) return outcome.merge(std::move(*fitting));
    add_composite(outcome,
                  name + " must validate one and only one schema (oneOf). " +
                      (valid == 0 ? "Found none valid" : "Found " + std::to_string(valid) + " valid alternatives"));
    if (best) outcome.merge(std::move(*best));
  }

  const std::string& where_;
  Path path_;
};

}  // namespace

Problems check_value(const doc::Value& value, const Node& node, const doc::Value* old, const std::string& where) {
  ValueCheck check(where);
  return check.visit_child(node, value, Correlated{&node, &value, old}).problems();
}

}  // namespace slipway::objects::crd
