#pragma once
// Command: one verb of the command line as data. The tree of commands is what --help, completion and the parser
// (cli11.cpp, the only file that knows CLI11) are made from.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/result.hpp"

namespace slipway::cli {

// What the process answers. Documented in --help and docs/cli.md.
enum ExitCode : int {
  ok = 0,
  failed = 1,       // the thing was done and its verdict is bad: a run failed, a rollout was rolled back
  usage = 2,        // unknown verb, flag or value; a bad file
  refused = 3,      // not allowed, not approved, conflict, precondition
  unavailable = 4,  // no platform is running, or it cannot be reached
  interrupted = 130,
};
int exit_code_of(const core::Error& error);

struct Option {
  std::string names;  // "-p,--param", or "file" for a positional
  std::string value;  // what --help calls the value: "NAME=VALUE"
  std::string help;
  std::variant<bool*, std::string*, std::int64_t*, double*, std::vector<std::string>*> target;
  bool required = false;
  std::vector<std::string> choices = {};
};

struct Command {
  std::string name;
  std::string summary;       // one line
  std::string details = {};  // more, wrapped as written
  std::vector<std::string> examples = {};
  std::vector<Option> options = {};
  std::function<int()> run = {};  // empty for a group
  std::vector<Command> children = {};
  std::shared_ptr<void> state = {};  // what the options point into
  bool hidden = false;
};

// Parses argv against the tree, runs the chosen command and returns its exit code. Prints help and usage errors.
int run_command_line(const Command& root, int argc, char** argv);

// A completion script for "bash", "zsh" or "fish".
Result<std::string> completion_script(const Command& root, std::string_view shell);

}  // namespace slipway::cli
