#include <algorithm>
#include <cmath>
#include <set>

#include "core/doc.hpp"
#include "core/doc_scalar.hpp"
#include "core/text.hpp"
#include "core/time.hpp"

namespace slipway::core::doc {

namespace {

const Value& null_value() {
  static const Value null;
  return null;
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// What stands there, for people: `the string "three"`, `an object`.
std::string described(const Value& value) {
  constexpr std::size_t longest = 60;
  switch (value.type()) {
    case Type::null:
      return "nothing";
    case Type::array:
      return "an array";
    case Type::object:
      return "an object";
    case Type::string: {
      const std::string& text = value.as_string();
      return "the string " + (text.size() > longest ? quoted(text.substr(0, longest) + "...") : quoted(text));
    }
    default:
      return "the " + std::string(name_of(value.type())) + " " + text_as_written(value);
  }
}

bool is_yaml_1_1_boolean(std::string_view text, bool& meaning) {
  const std::string word = in_lower(text);
  meaning = word == "yes" || word == "on" || word == "y" || word == "true";
  return meaning || word == "no" || word == "off" || word == "n" || word == "false";
}

bool before(const Error& a, const Error& b) {
  return std::pair(a.mark.line, a.mark.column) < std::pair(b.mark.line, b.mark.column);
}

}  // namespace

struct Decoder::State {
  const Value& value;
  std::string path;
  std::vector<std::string> known;
  std::set<std::string, std::less<>> known_index;
  std::vector<Error> problems;

  void know(std::string_view key) {
    if (known_index.emplace(key).second) known.emplace_back(key);
  }

  // The member when it is there and not null.
  const Value* member(std::string_view key) {
    know(key);
    if (!value.is_object()) return nullptr;
    const Value* found = value.as_object().find(key);
    return found && !found->is_null() ? found : nullptr;
  }

  std::string field(std::string_view key) const { return quoted(key) + (path.empty() ? "" : " in " + path); }

  void problem(const Value& at, std::string message, std::string hint = {}) {
    problems.push_back(Error(Code::invalid_argument, std::move(message), std::move(hint)).at(at.mark()));
  }

  void wrong_type(std::string_view key, const Value& found, std::string_view wanted, std::string hint = {}) {
    problem(found, field(key) + " must be " + std::string(wanted) + ", not " + described(found), std::move(hint));
  }

  // A string, or the hint that fits what stands there.
  bool check_string(std::string_view name, const Value& found) {
    if (found.is_string()) return true;
    const bool scalar = !found.is_array() && !found.is_object() && !found.is_null();
    problem(found, std::string(name) + " must be a string, not " + described(found),
            scalar ? "quote it: " + quoted(text_as_written(found)) : "");
    return false;
  }
};

Decoder::Decoder(const Value& value, std::string path) : state_(new State{value, std::move(path), {}, {}, {}}) {
  if (value.is_object() || value.is_null()) return;
  state_->problem(value,
                  (state_->path.empty() ? "this" : state_->path) + " must be an object, not " + described(value));
}

Decoder::~Decoder() = default;

std::string Decoder::required_string(std::string_view key) {
  const Value* found = state_->member(key);
  if (!found) {
    if (state_->value.is_object() || state_->value.is_null()) {
      const Value* null = state_->value.is_object() ? state_->value.as_object().find(key) : nullptr;
      state_->problem(null ? *null : state_->value, "missing " + state_->field(key));
    }
    return "";
  }
  if (!state_->check_string(state_->field(key), *found)) return "";
  if (found->as_string().empty()) state_->problem(*found, state_->field(key) + " must not be empty");
  return found->as_string();
}

std::string Decoder::string(std::string_view key, std::string_view fallback) {
  const Value* found = state_->member(key);
  if (!found || !state_->check_string(state_->field(key), *found)) return std::string(fallback);
  return found->as_string();
}

std::string Decoder::scalar_text(std::string_view key, std::string_view fallback) {
  const Value* found = state_->member(key);
  if (!found) return std::string(fallback);
  if (found->is_array() || found->is_object()) {
    state_->wrong_type(key, *found, "a text, a number or a boolean");
    return std::string(fallback);
  }
  return text_as_written(*found);
}

std::int64_t Decoder::integer(std::string_view key, std::int64_t fallback, Range range) {
  const Value* found = state_->member(key);
  if (!found) return fallback;
  // 1e3 is a whole number too; the fallback cannot tell, so two are tried.
  const bool whole = found->is_int() || (found->is_number() && found->int_or(0) == found->int_or(1));
  if (!whole) {
    const bool unquote = found->is_string() && resolve_plain(found->as_string()).is_int();
    state_->wrong_type(key, *found, "an integer", unquote ? "remove the quotes" : "");
    return fallback;
  }
  const std::int64_t number = found->int_or(0);
  if (number >= range.low && number <= range.high) return number;
  std::string allowed = "between " + std::to_string(range.low) + " and " + std::to_string(range.high);
  if (range.high == INT64_MAX) allowed = "at least " + std::to_string(range.low);
  if (range.low == INT64_MIN) allowed = "at most " + std::to_string(range.high);
  state_->problem(*found, state_->field(key) + " must be " + allowed + ", not " + std::to_string(number));
  return fallback;
}

double Decoder::number(std::string_view key, double fallback) {
  const Value* found = state_->member(key);
  if (!found) return fallback;
  if (found->is_number()) return found->as_double();
  const bool unquote = found->is_string() && resolve_plain(found->as_string()).is_number();
  state_->wrong_type(key, *found, "a number", unquote ? "remove the quotes" : "");
  return fallback;
}

bool Decoder::boolean(std::string_view key, bool fallback) {
  const Value* found = state_->member(key);
  if (!found) return fallback;
  if (found->is_bool()) return found->as_bool();
  std::string hint;
  bool meaning = false;
  if (found->is_string() && is_yaml_1_1_boolean(found->as_string(), meaning)) {
    const std::string word = meaning ? "true" : "false";
    const std::string& text = found->as_string();
    hint = text == word
               ? "remove the quotes"
               : "write " + word + ": only YAML 1.1 read " + text + " as a boolean; quote it where you mean the text";
  }
  state_->wrong_type(key, *found, "true or false", std::move(hint));
  return fallback;
}

std::chrono::microseconds Decoder::duration(std::string_view key, std::chrono::microseconds fallback) {
  const Value* found = state_->member(key);
  if (!found) return fallback;
  if (!found->is_string() && !found->is_number()) {
    state_->wrong_type(key, *found, "a duration", "write it like 30s or 1h30m");
    return fallback;
  }
  auto parsed = parse_duration(text_as_written(*found));
  if (parsed) return *parsed;
  Error problem = std::move(parsed).error();
  problem.message = state_->field(key) + ": " + problem.message;
  problem.mark = found->mark();
  state_->problems.push_back(std::move(problem));
  return fallback;
}

std::string Decoder::one_of(std::string_view key, const std::vector<std::string>& allowed, std::string_view fallback) {
  const Value* found = state_->member(key);
  if (!found || !state_->check_string(state_->field(key), *found)) return std::string(fallback);
  const std::string& text = found->as_string();
  if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return text;
  std::string list;
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    list += (i == 0 ? "" : i + 1 == allowed.size() ? " or " : ", ") + allowed[i];
  }
  const std::string near = nearest(text, allowed);
  state_->problem(*found, state_->field(key) + " must be " + list + ", not " + quoted(text),
                  near.empty() ? "" : "did you mean " + quoted(near) + "?");
  return std::string(fallback);
}

std::map<std::string, std::string> Decoder::string_map(std::string_view key) {
  std::map<std::string, std::string> out;
  const Value& found = object(key);
  if (!found.is_object()) return out;
  for (const auto& [name, value] : found.as_object()) {
    if (state_->check_string(
            quoted(name) + " in " + (state_->path.empty() ? "" : state_->path + ".") + std::string(key), value)) {
      out.emplace(name, value.as_string());
    }
  }
  return out;
}

std::vector<std::string> Decoder::string_list(std::string_view key) {
  std::vector<std::string> out;
  const Value& found = array(key);
  if (!found.is_array()) return out;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (state_->check_string("element " + std::to_string(i + 1) + " of " + state_->field(key), found[i])) {
      out.push_back(found[i].as_string());
    }
  }
  return out;
}

const Value& Decoder::object(std::string_view key) {
  const Value* found = state_->member(key);
  if (!found) return null_value();
  if (found->is_object()) return *found;
  state_->wrong_type(key, *found, "an object");
  return null_value();
}

const Value& Decoder::array(std::string_view key) {
  const Value* found = state_->member(key);
  if (!found) return null_value();
  if (found->is_array()) return *found;
  state_->wrong_type(key, *found, "an array");
  return null_value();
}

const Value& Decoder::any(std::string_view key) {
  state_->know(key);
  return state_->value[key];
}

bool Decoder::has(std::string_view key) const {
  state_->know(key);
  return state_->value.is_object() && state_->value.as_object().contains(key);
}

void Decoder::ignore(std::string_view key) { state_->know(key); }
void Decoder::add(Error problem) { state_->problems.push_back(std::move(problem)); }

void Decoder::add(std::string_view key, std::string message, std::string hint) {
  const Value* found = state_->value.is_object() ? state_->value.as_object().find(key) : nullptr;
  state_->know(key);
  state_->problem(found ? *found : state_->value, std::move(message), std::move(hint));
}

Result<> Decoder::finish() {
  State& state = *state_;
  if (state.value.is_object()) {
    for (const auto& [key, value] : state.value.as_object()) {
      if (state.known_index.contains(key)) continue;
      const std::string near = nearest(key, state.known);
      Error problem(Code::invalid_argument, "unknown field " + state.field(key),
                    near.empty() ? "" : "did you mean " + quoted(near) + "?");
      const Mark key_mark = value.key_mark();
      state.problems.push_back(std::move(problem).at(key_mark.known() ? key_mark : value.mark()));
    }
  }
  if (state.problems.empty()) return {};
  if (state.problems.size() == 1) return fail(std::move(state.problems.front()));
  Error all = join(std::move(state.problems));
  std::stable_sort(all.causes.begin(), all.causes.end(), before);
  return fail(std::move(all));
}

}  // namespace slipway::core::doc
