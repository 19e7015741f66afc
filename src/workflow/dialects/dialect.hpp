#pragma once
// Dialect: what the engine asks of a workflow language. Everything here is a pure function of the graph, the state and
// the run's facts, except collect(), which reads the files that a step left. Two implementations: actions/ and kfp/.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/world/world.hpp"
#include "workflow/engine/state.hpp"
#include "workflow/ir/graph.hpp"
#include "workflow/run.hpp"

namespace slipway::workflow {

// What is fixed for one run.
struct Facts {
  std::string id;
  std::int64_t number = 1;
  std::string directory;  // of this run
  core::Time created{};
  Submission submission;                                         // with parameters complete and typed
  std::string python;                                            // executable for Python components
  std::string runtime_directory;                                 // where kfp_executor.py is
  std::vector<std::pair<std::string, std::string>> environment;  // every step's, PATH included

  // Where one attempt's files are: made before its Pod.
  std::string attempt_directory(const std::string& key, int attempt) const;
};

struct Context {
  const ir::Graph& graph;
  const State& state;
  const Facts& facts;
};

// Everything that a Pod of a step needs.
struct Launch {
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;  // complete
  std::string directory;
  struct File {
    std::string path;
    std::string bytes;
    int mode = 0600;
  };
  std::vector<File> files;               // made first
  std::vector<std::string> directories;  // made before the files
};

// A step's exit, as the Pod's status tells it.
struct StepExit {
  int code = 0;
  std::string log_tail;  // the log's last line that is not empty, may be empty
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  // The submission's parameters completed with defaults and converted to their types. invalid_argument, all at once.
  virtual core::Result<core::doc::Object> bind_parameters(const ir::Graph& graph,
                                                          const core::doc::Object& given) const = 0;
  // Whether the step starts, once everything it needs has finished; `false` skips it. An error fails the step.
  virtual core::Result<bool> condition(const Context& context, ir::Index step) const = 0;
  // Of a leaf that is not a checkout.
  virtual core::Result<Launch> launch(const Context& context, ir::Index step) const = 0;
  // Where a checkout leaf wants the repository.
  virtual core::Result<std::string> checkout_directory(const Context& context, ir::Index step) const = 0;
  // The outputs of a leaf that ended, as Event::outputs; an error fails the step. `exit.code` may be anything.
  virtual core::Result<core::doc::Value> collect(const Context& context, ir::Index step, const StepExit& exit,
                                                 const core::Files& files) const = 0;
  // The outputs of a group whose children have finished.
  virtual core::Result<core::doc::Value> close(const Context& context, ir::Index group) const = 0;
  // What the step's outputs are a function of, canonical; null when it is not to be cached.
  virtual core::doc::Value cache_key(const Context& context, ir::Index step) const = 0;
};

const Dialect& dialect_of(ir::DialectName name);

// Tells the dialect from the text when `dialect` is empty, and lowers it. All problems at once, with positions.
core::Result<ir::Graph> lower(const std::string& text, const std::string& source_name, const std::string& dialect);

}  // namespace slipway::workflow
