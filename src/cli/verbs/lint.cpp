#include <algorithm>
#include <filesystem>
#include <iostream>
#include <set>

#include "cli/client.hpp"
#include "cli/verbs.hpp"
#include "core/world/real.hpp"
#include "objects/object.hpp"
#include "server/lint.hpp"

namespace slipway::cli {
namespace {

struct LintOptions {
  std::vector<std::string> paths;
  std::string output = "table";
};

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void print_table(const server::LintReport& report) {
  for (const core::Error& problem : report.problems) {
    std::string text = problem.render();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    std::cerr << text << "\n";
  }
  for (const std::string& object : report.unchecked) std::cout << "not checked, another tool's: " << object << "\n";
  const std::size_t files = report.checked.size();
  const std::string unchecked =
      report.unchecked.empty() ? "" : "; " + counted(report.unchecked.size(), "object") + " not checked";
  if (report.problems.empty()) {
    const std::string fine = files == 1 ? " is fine" : " are fine";
    std::cout << (files == 0 ? "no file to check" : counted(files, "file") + fine) << unchecked << "\n";
    return;
  }
  std::set<std::string> wrong;
  for (const core::Error& problem : report.problems) wrong.insert(problem.mark.source ? problem.mark.source->name : "");
  std::cerr << counted(report.problems.size(), "problem") << " in "
            << (files <= 1 ? "1 file" : std::to_string(wrong.size()) + " of " + counted(files, "file")) << unchecked
            << "\n";
}

void print_document(const server::LintReport& report, Format format) {
  doc::Array problems, unchecked;
  for (const core::Error& problem : report.problems)
    problems.push_back(doc::Object{{"where", problem.mark.render()},
                                   {"message", problem.message},
                                   {"hint", problem.hint},
                                   {"object", problem.object}});
  for (const std::string& object : report.unchecked) unchecked.emplace_back(object);
  print_value(doc::Object{{"files", static_cast<std::int64_t>(report.checked.size())},
                          {"problems", std::move(problems)},
                          {"notChecked", std::move(unchecked)}},
              format);
}

int lint(const LintOptions& options) {
  const Format format = parse_format(options.output).value_or(Format::table);
  server::LintReport all;
  for (const std::string& path : options.paths.empty() ? std::vector<std::string>{"."} : options.paths) {
    auto report = server::lint_path(path);
    if (!report) return print_error(matter_of_usage(report.error()), format);
    for (core::Error& problem : report->problems) all.problems.push_back(std::move(problem));
    for (std::string& file : report->checked) all.checked.push_back(std::move(file));
    for (std::string& object : report->unchecked) all.unchecked.push_back(std::move(object));
  }
  if (format == Format::table)
    print_table(all);
  else
    print_document(all, format);
  return all.problems.empty() ? ExitCode::ok : ExitCode::failed;
}

}  // namespace

Command lint_command() {
  auto options = std::make_shared<LintOptions>();
  return {
      .name = "lint",
      .summary = "check every file of a models repository",
      .details =
          "Workflows, pipelines, manifests, the team, prompts: whatever Slipway would refuse later it refuses here, "
          "with file, line and\n"
          "column. Needs no platform. Exit code 1 when something is wrong.",
      .examples = {"slipway lint", "slipway lint deploy/production pipelines/evaluate.yaml", "slipway lint . -o json"},
      .options = {{"paths", "PATH", "files or directories (default: this one)", &options->paths},
                  {"-o,--output", "FORMAT", "table, json or yaml", &options->output, false, {"table", "json", "yaml"}}},
      .run = [options] { return lint(*options); },
      .state = options};
}

Command init_command() {
  auto directory = std::make_shared<std::string>();
  return {.name = "init",
          .summary = "make a models repository: a copy of the example",
          .examples = {"slipway init my-models"},
          .options = {{"directory", "DIR", "made; must not exist", directory.get(), true}},
          .run =
              [directory] {
                if (std::filesystem::exists(*directory))
                  return print_error(core::Error(Code::already_exists, *directory + " exists already"));
                if (auto made = server::make_models_repository(std::filesystem::absolute(*directory).string()); !made)
                  return print_error(made.error());
                std::cout << "made " << *directory
                          << ": a workflow, a pipeline, environments, deployments, traffic rules and an objective\n"
                          << "next: cd " << *directory << " && git init -b main && slipway lint\n";
                return static_cast<int>(ExitCode::ok);
              },
          .state = directory};
}

}  // namespace slipway::cli
