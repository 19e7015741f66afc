#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>

#include "cli/command.hpp"
#include "cli/completion.hpp"
#include "cli/output.hpp"
#include "core/number.hpp"

namespace slipway::cli {
namespace {

// No number of this command line may be negative. The empty string is CLI11's "fine".
template <class Number>
std::string complaint_about(const std::string& text) {
  const auto number = core::parse_number<Number>(text);
  if (number && *number >= 0) return {};
  return "\"" + text + "\" is not a " + (std::is_integral_v<Number> ? "whole " : "") + "number of 0 or more";
}

void add_option(CLI::App& app, const Option& option) {
  CLI::Option* added = std::visit(
      [&](auto* target) -> CLI::Option* {
        if constexpr (std::is_same_v<decltype(target), bool*>) {
          return app.add_flag(option.names, *target, option.help);
        } else {
          return app.add_option(option.names, *target, option.help);
        }
      },
      option.target);
  if (!std::holds_alternative<bool*>(option.target)) {
    added->type_name(option.value.empty() ? "" : option.value);
    if (const auto* number = std::get_if<std::int64_t*>(&option.target)) added->default_val(**number);
    if (const auto* number = std::get_if<double*>(&option.target)) added->default_val(**number);
    if (const auto* text = std::get_if<std::string*>(&option.target); text && !(*text)->empty())
      added->default_val(**text);
    if (std::holds_alternative<std::vector<std::string>*>(option.target)) {
      added->allow_extra_args(!option.names.starts_with('-'));  // "-p a=1 FILE" must not swallow FILE
      added->take_all();
    }
  }
  if (option.required) added->required();
  if (std::holds_alternative<std::int64_t*>(option.target))
    added->check(CLI::Validator(complaint_about<std::int64_t>, ""));
  if (std::holds_alternative<double*>(option.target)) added->check(CLI::Validator(complaint_about<double>, ""));
  if (!option.choices.empty()) added->check(CLI::IsMember(option.choices));
}

std::string footer_of(const Command& command) {
  std::string text;
  if (!command.details.empty()) text += command.details + "\n";
  if (!command.examples.empty()) {
    text += "\nExamples:\n";
    for (const std::string& example : command.examples) text += "  " + example + "\n";
  }
  return text;
}

void build(CLI::App& app, const Command& command, int& result) {
  app.footer(footer_of(command));
  app.set_help_flag("-h,--help", "print this and exit");
  for (const Option& option : command.options) add_option(app, option);
  for (const Command& child : command.children) {
    CLI::App* sub = app.add_subcommand(child.name, child.summary);
    if (child.hidden) sub->group("");
    build(*sub, child, result);
  }
  if (!command.children.empty() && !command.run) app.require_subcommand(1);
  if (command.run) app.callback([&command, &result] { result = command.run(); });
}

// CLI11's "The following argument was not expected: stauts" with the nearest known verb of the group it was given to.
std::string with_hint(const Command& root, const std::string& message, int argc, char** argv) {
  const Command* group = &root;
  for (int i = 1; i < argc && !group->children.empty(); ++i) {
    const std::string given = argv[i];
    if (given.starts_with('-')) return message;
    const auto child = std::ranges::find(group->children, given, &Command::name);
    if (child != group->children.end()) {
      group = &*child;
      continue;
    }
    std::vector<std::string> verbs;
    for (const Command& known : group->children) {
      if (!known.hidden) verbs.push_back(known.name);
    }
    const std::string near = core::nearest(given, verbs);
    return "unknown verb \"" + given + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?");
  }
  return message;
}

// The format that errors are to be told in, of a command line that could not be parsed.
Format wanted_format(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    std::string_view value;
    if (word == "-o" || word == "--output")
      value = i + 1 < argc ? argv[i + 1] : "";
    else if (word.starts_with("--output="))
      value = word.substr(9);
    else if (word.starts_with("-o"))
      value = word.substr(2);
    if (value == "json") return Format::json;
    if (value == "yaml") return Format::yaml;
  }
  return Format::table;
}

// "slipway runs list": the verb that was reached.
std::string path_of(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app.get_name() : app.get_name() + " " + path_of(*chosen.front());
}

}  // namespace

int run_command_line(const Command& root, int argc, char** argv) {
  if (argc >= 2 && std::string_view(argv[1]) == "__complete") {  // asked by the scripts of `slipway completion`
    print_completions(complete(root, std::vector<std::string>(argv + 2, argv + argc)));
    return ExitCode::ok;
  }
  CLI::App app(root.summary, root.name);
  app.set_version_flag("--version", std::string("slipway ") + SLIPWAY_VERSION);
  int result = ExitCode::ok;
  build(app, root, result);
  if (argc < 2) {
    std::cout << app.help();
    return ExitCode::usage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return ExitCode::ok;
  } catch (const CLI::CallForVersion&) {
    std::cout << "slipway " << SLIPWAY_VERSION << "\n";
    return ExitCode::ok;
  } catch (const CLI::ParseError& error) {
    const std::string message = with_hint(root, error.what(), argc, argv);
    const std::string help = path_of(app) + " --help";
    if (const Format format = wanted_format(argc, argv); format != Format::table)
      return print_error(core::Error(Code::invalid_argument, message, "see: " + help), format);
    std::cerr << "slipway: " << message << "\nSee: " << help << "\n";
    return ExitCode::usage;
  }
  return result;
}

}  // namespace slipway::cli
