#pragma once
// Placeholders of compiled pipelines: `{{$}}`, `{{$.inputs.parameters['k']}}` and their kind, and the Concat and
// IfPresent structures that stand as JSON in commands. Inside dialects/kfp only.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/dialects/dialect.hpp"

namespace slipway::workflow::kfp {

struct Placeholder {
  enum class What : std::uint8_t {
    executor_input,    // {{$}}
    input_parameter,   // name
    input_uri,         // name; uri and path are the same on this machine
    output_uri,        // name
    output_parameter,  // name: the file it is written to
    output_file,       // executor_output.json
    job_name,
    job_id,
    task_name,
    task_id,
    pipeline_root,
    create_time,
    schedule_time,
    workspace_path,
  };
  What what = What::executor_input;
  std::string name;
};

// The content between "{{" and "}}". invalid_argument or unimplemented without a position.
core::Result<Placeholder> parse_placeholder(std::string_view content);

// Calls `use` for each placeholder of a text with its offset; problems go to `problem`.
void each_placeholder(std::string_view text,
                      const std::function<void(const Placeholder&, std::size_t offset, std::size_t length)>& use,
                      const std::function<void(Error, std::size_t offset, std::size_t length)>& problem);

// The value of one placeholder; nullopt when it names an optional input that is not given.
using Lookup = std::function<core::Result<std::optional<std::string>>(const Placeholder&)>;

// A text with its placeholders replaced; absent inputs become "".
core::Result<std::string> resolve(std::string_view text, const Lookup& lookup);
// A word of a command: none, one or several words after Concat and IfPresent.
core::Result<std::vector<std::string>> resolve_word(const std::string& text, const Lookup& lookup);

// A constant of a task's input, which may name other inputs of the same task.
core::Result<core::doc::Value> resolve_constant(const Context& context, ir::Index step, const std::string& text);

}  // namespace slipway::workflow::kfp
