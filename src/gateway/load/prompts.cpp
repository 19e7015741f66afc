#include "gateway/load/load.hpp"

namespace slipway::gateway::load {

Result<std::vector<Prompt>> parse_prompts(std::string_view jsonl, const std::string& source_name) {
  std::vector<Prompt> prompts;
  std::vector<Error> problems;
  const auto source = std::make_shared<core::Source>(core::Source{source_name, std::string(jsonl)});
  std::uint32_t number = 0;
  while (!jsonl.empty()) {
    const std::size_t end = jsonl.find('\n');
    const std::string_view line = jsonl.substr(0, end);
    jsonl = end == std::string_view::npos ? std::string_view() : jsonl.substr(end + 1);
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Mark mark{source, number, 1, static_cast<std::uint32_t>(line.size())};
    auto value = core::doc::parse_json(line, source_name);
    if (!value) {
      problems.push_back(Error(Code::invalid_argument, value.error().message).at(mark));
      continue;
    }
    doc::Decoder d(*value, "prompt");
    Prompt prompt;
    prompt.prompt = d.required_string("prompt");
    prompt.max_tokens = static_cast<int>(d.integer("max_tokens", 64, {1, 1'000'000}));
    prompt.user = d.string("user");
    prompt.weight = d.number("weight", 1);
    if (!(prompt.weight >= 0)) d.add("weight", "weight must not be negative");
    if (auto done = d.finish(); !done) {
      problems.push_back(Error(Code::invalid_argument, done.error().message, done.error().hint).at(mark));
      continue;
    }
    prompts.push_back(std::move(prompt));
  }
  if (!problems.empty()) return fail(core::join(std::move(problems)));
  if (prompts.empty())
    return fail(Code::invalid_argument, source_name + " has no prompts",
                "one JSON object a line: {\"prompt\": \"...\", \"max_tokens\": 64}");
  return prompts;
}

}  // namespace slipway::gateway::load
