#include "workflow/dialects/actions/triggers.hpp"

#include <algorithm>
#include <array>

namespace slipway::workflow::actions {
namespace {

using core::doc::Decoder;
using core::doc::Value;

constexpr std::array<std::string_view, 21> events = {"push",
                                                     "workflow_dispatch",
                                                     "pull_request",
                                                     "pull_request_target",
                                                     "schedule",
                                                     "release",
                                                     "create",
                                                     "delete",
                                                     "issues",
                                                     "issue_comment",
                                                     "workflow_run",
                                                     "repository_dispatch",
                                                     "merge_group",
                                                     "deployment",
                                                     "deployment_status",
                                                     "label",
                                                     "fork",
                                                     "page_build",
                                                     "watch",
                                                     "registry_package",
                                                     "check_run"};

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.starts_with("**")) {
    for (std::size_t taken = 0; taken <= name.size(); taken++) {
      if (matches(pattern.substr(2), name.substr(taken))) return true;
    }
    return false;
  }
  if (pattern.front() == '*') {
    for (std::size_t taken = 0; taken <= name.size(); taken++) {
      if (matches(pattern.substr(1), name.substr(taken))) return true;
      if (taken < name.size() && name[taken] == '/') return false;
    }
    return false;
  }
  return !name.empty() && pattern.front() == name.front() && matches(pattern.substr(1), name.substr(1));
}

class Reader {
 public:
  core::Result<Triggers> run(const Value& on) {
    if (on.is_string()) {
      event(on.as_string(), Value(), on);
    } else if (on.is_array()) {
      for (const auto& name : on.as_array()) event(name.string_or(""), Value(), name);
    } else if (on.is_object()) {
      for (const auto& [name, content] : on.as_object()) event(name, content, content);
    } else {
      problems_.push_back(
          Error(Code::invalid_argument, "a workflow needs \"on\": the events that start it", "on: push").at(on.mark()));
    }
    if (!problems_.empty()) return fail(core::join(std::move(problems_)));
    return std::move(triggers_);
  }

 private:
  void event(const std::string& name, const Value& content, const Value& where) {
    if (std::ranges::find(events, name) == events.end()) {
      const auto near = core::nearest(name, {events.begin(), events.end()});
      const auto code = name == "workflow_call" ? Code::unimplemented : Code::invalid_argument;
      problems_.push_back(Error(code,
                                name == "workflow_call" ? "reusable workflows (workflow_call) are not supported yet"
                                                        : "unknown event \"" + name + "\"",
                                near.empty() || code == Code::unimplemented ? "" : "did you mean \"" + near + "\"?")
                              .at(where.mark()));
    }
    if (name == "push") push(content);
    if (name == "workflow_dispatch") dispatch(content);
  }

  std::vector<std::string> patterns(Decoder& decoder, const char* key) {
    std::vector<std::string> list;
    const auto& value = decoder.any(key);
    const auto add = [&](const Value& item) {
      auto text = item.string_or("");
      if (text.find_first_of("?+[]") != std::string::npos) {
        problems_.push_back(
            Error(Code::unimplemented, "the pattern \"" + text + "\" uses ?, + or [], which are not supported yet")
                .at(item.mark()));
      }
      if (std::ranges::count(text, '*') > 8) {
        problems_.push_back(
            Error(Code::invalid_argument, "the pattern \"" + text + "\" has too many stars").at(item.mark()));
      }
      list.push_back(std::move(text));
    };
    if (value.is_array()) {
      for (const auto& item : value.as_array()) add(item);
    } else if (!value.is_null()) {
      add(value);
    }
    return list;
  }

  void push(const Value& content) {
    triggers_.push.emplace();
    if (content.is_null()) return;
    Decoder decoder(content, "on.push");
    triggers_.push->branches = patterns(decoder, "branches");
    triggers_.push->branches_ignore = patterns(decoder, "branches-ignore");
    const bool names_tags = decoder.has("tags") || decoder.has("tags-ignore");
    triggers_.push->only_tags =
        names_tags && triggers_.push->branches.empty() && triggers_.push->branches_ignore.empty();
    decoder.ignore("tags");
    decoder.ignore("tags-ignore");
    for (const auto key : {"paths", "paths-ignore"}) {
      if (decoder.has(key)) decoder.add(key, "filters by path are not supported yet");
      decoder.ignore(key);
    }
    finish(decoder);
  }

  void dispatch(const Value& content) {
    triggers_.dispatch = true;
    if (content.is_null()) return;
    Decoder decoder(content, "on.workflow_dispatch");
    const auto& inputs = decoder.object("inputs");
    finish(decoder);
    if (!inputs.is_object()) return;
    for (const auto& [name, definition] : inputs.as_object()) input(name, definition);
  }

  void input(const std::string& name, const Value& definition) {
    ir::Parameter parameter{.name = name};
    if (!definition.is_null()) {
      Decoder decoder(definition, "on.workflow_dispatch.inputs." + name);
      const auto type = decoder.one_of("type", {"string", "boolean", "number", "choice", "environment"}, "string");
      parameter.type = type == "boolean"  ? ir::ValueType::boolean
                       : type == "number" ? ir::ValueType::number
                                          : ir::ValueType::text;
      parameter.optional = !decoder.boolean("required", false);
      if (type == "choice") parameter.choices = decoder.string_list("options");
      if (const auto& fallback = decoder.any("default"); !fallback.is_null()) parameter.fallback = fallback;
      decoder.ignore("description");
      decoder.ignore("deprecationMessage");
      finish(decoder);
    } else {
      parameter.optional = true;
    }
    triggers_.inputs.push_back(std::move(parameter));
  }

  void finish(Decoder& decoder) {
    if (auto result = decoder.finish(); !result) problems_.push_back(std::move(result).error());
  }

  Triggers triggers_;
  std::vector<Error> problems_;
};

}  // namespace

bool matches_patterns(const std::vector<std::string>& patterns, std::string_view name) {
  bool matched = false;
  for (const std::string_view pattern : patterns) {
    if (pattern.starts_with('!')) {
      if (matches(pattern.substr(1), name)) matched = false;
    } else if (matches(pattern, name)) {
      matched = true;
    }
  }
  return matched;
}

bool PushFilter::matches(std::string_view ref) const {
  constexpr std::string_view heads = "refs/heads/";
  if (!ref.starts_with(heads) || only_tags) return false;
  const auto branch = ref.substr(heads.size());
  if (!branches.empty()) return matches_patterns(branches, branch);
  return branches_ignore.empty() || !matches_patterns(branches_ignore, branch);
}

core::Result<Triggers> read_triggers(const Value& document) { return Reader().run(document["on"]); }

}  // namespace slipway::workflow::actions
