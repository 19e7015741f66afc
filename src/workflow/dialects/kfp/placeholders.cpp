#include "workflow/dialects/kfp/placeholders.hpp"

#include <array>

#include "workflow/dialects/kfp/values.hpp"

namespace slipway::workflow::kfp {
namespace {

using core::doc::Value;
using What = Placeholder::What;

struct Plain {
  std::string_view text;
  What what;
};
constexpr std::array<Plain, 14> plain = {{{"$", What::executor_input},
                                          {"$.outputs.output_file", What::output_file},
                                          {"$.outputMetadataUri", What::output_file},
                                          {"$.pipeline_job_name", What::job_name},
                                          {"$.pipeline_job_resource_name", What::job_name},
                                          {"$.pipeline_job_uuid", What::job_id},
                                          {"$.pipeline_task_name", What::task_name},
                                          {"$.pipeline_task_uuid", What::task_id},
                                          {"$.pipeline_root", What::pipeline_root},
                                          {"$.pipeline_job_create_time_utc", What::create_time},
                                          {"$.pipeline_job_schedule_time_utc", What::schedule_time},
                                          {"$.workspace_path", What::workspace_path},
                                          {"$.pipeline_job_id", What::job_id},
                                          {"$.pipeline_task_id", What::task_id}}};

struct Keyed {
  std::string_view head;
  std::string_view tail;
  What what;
};
constexpr std::array<Keyed, 6> keyed = {{{"$.inputs.parameters", "", What::input_parameter},
                                         {"$.inputs.artifacts", ".uri", What::input_uri},
                                         {"$.inputs.artifacts", ".path", What::input_uri},
                                         {"$.outputs.artifacts", ".uri", What::output_uri},
                                         {"$.outputs.artifacts", ".path", What::output_uri},
                                         {"$.outputs.parameters", ".output_file", What::output_parameter}}};

// Words of a Concat or an IfPresent branch.
core::Result<std::vector<std::string>> words_of(const Value& structure, const Lookup& lookup, int depth);

core::Result<std::vector<std::string>> words_of_all(const Value& items, const Lookup& lookup, int depth) {
  if (!items.is_array()) return words_of(items, lookup, depth);
  std::vector<std::string> words;
  for (const auto& item : items.as_array()) {
    TRY_ASSIGN(auto more, words_of(item, lookup, depth));
    words.insert(words.end(), more.begin(), more.end());
  }
  return words;
}

core::Result<std::vector<std::string>> words_of(const Value& structure, const Lookup& lookup, int depth) {
  if (depth > 20) return fail(Code::invalid_argument, "Concat and IfPresent are nested more than 20 levels deep");
  if (structure.is_string()) return resolve_word(structure.as_string(), lookup);
  if (const auto& items = structure["Concat"]; items.is_array()) {
    TRY_ASSIGN(auto words, words_of_all(items, lookup, depth + 1));
    std::string text;
    for (const auto& word : words) text += word;
    return std::vector<std::string>{text};
  }
  if (const auto& choice = structure["IfPresent"]; choice.is_object()) {
    Placeholder input{What::input_parameter, choice["InputName"].string_or("")};
    auto present = lookup(input);
    if (present && !*present) present = lookup({What::input_uri, input.name});
    if (!present) return std::unexpected(std::move(present).error());
    const auto& branch = choice[*present ? "Then" : "Else"];
    if (branch.is_null()) return std::vector<std::string>{};
    return words_of_all(branch, lookup, depth + 1);
  }
  return std::vector<std::string>{text_of(structure)};
}

}  // namespace

core::Result<Placeholder> parse_placeholder(std::string_view content) {
  for (const auto& known : plain) {
    if (content == known.text) return Placeholder{known.what, {}};
  }
  for (const auto& known : keyed) {
    if (!content.starts_with(known.head) || !content.ends_with(known.tail)) continue;
    auto key = content.substr(known.head.size(), content.size() - known.head.size() - known.tail.size());
    if (key.size() < 5 || key.front() != '[' || key.back() != ']') continue;
    key = key.substr(1, key.size() - 2);
    if ((key.front() != '\'' && key.front() != '"') || key.back() != key.front()) continue;
    key = key.substr(1, key.size() - 2);
    if (key.find_first_of("'\"[]") != std::string_view::npos) continue;
    return Placeholder{known.what, std::string(key)};
  }
  return fail(Code::unimplemented, "the placeholder \"{{" + std::string(content) + "}}\" is not supported");
}

void each_placeholder(std::string_view text,
                      const std::function<void(const Placeholder&, std::size_t, std::size_t)>& use,
                      const std::function<void(Error, std::size_t, std::size_t)>& problem) {
  for (auto at = text.find("{{$"); at != std::string_view::npos; at = text.find("{{$", at)) {
    const auto end = text.find("}}", at);
    if (end == std::string_view::npos) return;  // a text like any other
    const auto length = end + 2 - at;
    auto parsed = parse_placeholder(text.substr(at + 2, end - at - 2));
    if (parsed) {
      use(*parsed, at, length);
    } else {
      problem(std::move(parsed).error(), at, length);
    }
    at += length;
  }
}

core::Result<std::string> resolve(std::string_view text, const Lookup& lookup) {
  std::string result;
  std::size_t done = 0;
  std::optional<Error> failure;
  each_placeholder(
      text,
      [&](const Placeholder& placeholder, std::size_t offset, std::size_t length) {
        auto value = lookup(placeholder);
        if (!value) {
          if (!failure) failure = std::move(value).error();
          return;
        }
        result += text.substr(done, offset - done);
        result += value->value_or("");
        done = offset + length;
      },
      [&](Error problem, std::size_t, std::size_t) {
        if (!failure) failure = std::move(problem);
      });
  if (failure) return fail(std::move(*failure));
  return result + std::string(text.substr(done));
}

core::Result<std::vector<std::string>> resolve_word(const std::string& text, const Lookup& lookup) {
  if (text.starts_with("{\"Concat\"") || text.starts_with("{\"IfPresent\"")) {
    if (const auto structure = core::doc::parse_json(text)) return words_of(*structure, lookup, 0);
  }
  TRY_ASSIGN(auto word, resolve(text, lookup));
  return std::vector<std::string>{std::move(word)};
}

core::Result<Value> resolve_constant(const Context& context, ir::Index step, const std::string& text) {
  if (text.find("{{$") == std::string::npos) return Value(text);
  const Lookup lookup = [&](const Placeholder& placeholder) -> core::Result<std::optional<std::string>> {
    if (placeholder.what == What::job_name) return std::optional(context.facts.id);
    if (placeholder.what == What::job_id) return std::optional(context.facts.id);
    if (placeholder.what == What::create_time) return std::optional(core::render_rfc3339(context.facts.created));
    for (const auto& input : context.graph.steps[step].parameters) {
      if (placeholder.what != What::input_parameter || input.name != placeholder.name) continue;
      // The lowering refused constants that name themselves or each other.
      TRY_ASSIGN(auto value, parameter_value(context, step, input));
      return value ? std::optional(text_of(*value)) : std::nullopt;
    }
    return fail(Code::invalid_argument,
                "a constant names \"" + placeholder.name + "\", which is not an input of its task");
  };
  TRY_ASSIGN(auto resolved, resolve(text, lookup));
  return Value(std::move(resolved));
}

}  // namespace slipway::workflow::kfp
