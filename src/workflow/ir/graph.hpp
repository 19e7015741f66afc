#pragma once
// The typed graph that every workflow dialect is lowered to: groups of steps and leaves that run as Pods, what they
// wait for, their conditions, retries, parameters and artifacts. Values only; what happens to it is engine/'s business,
// and what its texts mean is the dialect's.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/doc.hpp"
#include "core/time.hpp"
#include "expr/ast.hpp"
#include "expr/cel/program.hpp"

namespace slipway::workflow::ir {

enum class DialectName : std::uint8_t { actions, kfp };
std::string_view name_of(DialectName dialect);  // "actions", "kfp"

using Index = std::size_t;  // of a step in Graph::steps
inline constexpr Index nowhere = static_cast<Index>(-1);
inline constexpr Index root = 0;

enum class ValueType : std::uint8_t { text, integer, number, boolean, list, structure };
std::string_view name_of(ValueType type);

// A text of the file that may hold expressions (actions) or placeholders (kfp).
struct Text {
  std::string text;
  core::Mark mark;
};

// Where an input's value comes from, or a group's output.
struct Binding {
  enum class From : std::uint8_t {
    constant,  // `constant`; a text may hold placeholders of the same step
    input,     // input `name` of the enclosing group
    output,    // output `name` of `step`: a sibling, or for a group's own outputs a child
  };
  From from = From::constant;
  core::doc::Value constant;
  Index step = nowhere;
  std::string name;
};

struct Parameter {
  std::string name;
  ValueType type = ValueType::text;
  bool optional = false;
  std::vector<std::string> choices;  // the texts it may be; empty: any
  std::optional<core::doc::Value> fallback;
  std::optional<Binding> binding;
};

struct Artifact {
  std::string name;
  std::string schema_title = "system.Artifact";
  std::string schema_version;
  bool optional = false;
  std::optional<Binding> binding;
};

// Of a leaf: what its program makes. Of a group: where it is taken from.
struct Outputs {
  std::vector<Parameter> parameters;
  std::vector<Artifact> artifacts;
};

enum class Trigger : std::uint8_t {
  all_succeeded,  // skipped as soon as something it needs did not succeed
  all_finished,   // its condition decides
};

struct Retry {
  int limit = 0;  // further attempts after a failed one
  core::Duration backoff{};
  double factor = 2;
  core::Duration longest = std::chrono::hours(1);
};

// What a leaf runs.
struct Leaf {
  enum class Runs : std::uint8_t {
    command,           // `command` as it is
    script,            // `script` by `shell`
    python_component,  // `function` of the module `script`, by runtime/kfp_executor.py
    checkout,          // the repository at the run's commit into `directory`
  };
  Runs runs = Runs::command;
  std::vector<Text> command;  // with its arguments
  Text script;
  std::string shell;
  Text directory;  // relative to the workspace
  std::string function;
  std::vector<std::string> packages;  // Python packages the component asks for
  std::string image;                  // recorded; this machine runs processes
  core::doc::Value resources;         // {cpu, memory, ...} as written, recorded in the Pod
};

struct Step {
  std::string key;   // unique in the run, "/" between groups and their steps: "build/2", "condition-1/publish"
  std::string name;  // for people
  std::string id;    // by which other steps name it: an Actions step's id, a KFP task's name; may be empty
  Index parent = nowhere;
  std::vector<Index> children;
  std::vector<Index> needs;       // siblings that must have finished
  std::vector<Index> dependents;  // siblings that need this one
  Trigger trigger = Trigger::all_succeeded;
  std::string condition_text;
  std::variant<std::monostate, expr::Node, expr::cel::Program> condition;  // in the dialect's language; none: always
  bool continue_on_error = false;
  core::Duration timeout{};  // zero: none
  Retry retry;
  bool cacheable = false;
  std::vector<std::pair<std::string, Text>> environment;  // of a group: of everything inside it
  std::vector<Parameter> parameters;
  std::vector<Artifact> artifacts;
  Outputs outputs;
  std::optional<Leaf> leaf;  // none: a group
  core::Mark mark;

  bool is_group() const { return !leaf; }
};

struct Graph {
  DialectName dialect = DialectName::actions;
  std::string name;
  std::string description;
  std::vector<Step> steps;  // steps[root] is the group around everything; parents come before children

  Index find(std::string_view key) const;                    // nowhere when absent
  Index find_child(Index group, std::string_view id) const;  // by Step::id
  Index add(Step step, Index parent);                        // fills parent and children; the key must be new
  void require(Index step, Index needed);                    // once

 private:
  std::map<std::string, Index, std::less<>> by_key_;
};

// invalid_argument naming the steps of a circle of needs.
core::Result<> check_acyclic(const Graph& graph);

// The graph as text, one line a step, for golden tests and for people: `slipway lint --graph`.
std::string render(const Graph& graph);

}  // namespace slipway::workflow::ir
