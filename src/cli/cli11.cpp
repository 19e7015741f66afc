#include <CLI/CLI.hpp>

#include <iostream>

#include "cli/command.hpp"

namespace slipway::cli {
namespace {

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

// CLI11's "The following argument was not expected: stauts" with the nearest known verb.
std::string with_hint(const Command& root, const std::string& message, int argc, char** argv) {
  if (argc < 2) return message;
  std::vector<std::string> verbs;
  for (const Command& child : root.children) {
    if (!child.hidden) verbs.push_back(child.name);
  }
  const std::string given = argv[1];
  if (given.starts_with('-') || std::find(verbs.begin(), verbs.end(), given) != verbs.end()) return message;
  const std::string near = core::nearest(given, verbs);
  return "unknown verb \"" + given + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?");
}

}  // namespace

int run_command_line(const Command& root, int argc, char** argv) {
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
    CLI::App* innermost = &app;
    while (!innermost->get_subcommands().empty()) innermost = innermost->get_subcommands().front();
    std::cout << innermost->help();
    return ExitCode::ok;
  } catch (const CLI::CallForVersion&) {
    std::cout << "slipway " << SLIPWAY_VERSION << "\n";
    return ExitCode::ok;
  } catch (const CLI::ParseError& error) {
    std::cerr << "slipway: " << with_hint(root, error.what(), argc, argv) << "\n";
    CLI::App* innermost = &app;
    while (!innermost->get_subcommands().empty()) innermost = innermost->get_subcommands().front();
    std::cerr << "See: slipway" << (innermost == &app ? "" : " " + innermost->get_name()) << " --help\n";
    return ExitCode::usage;
  }
  return result;
}

}  // namespace slipway::cli
