#include "workflow/dialects/kfp/lightweight.hpp"

#include <algorithm>

namespace slipway::workflow::kfp {
namespace {

// The single-quoted words of the lines that call pip: 'numpy==1.26.0', but not 'kfp==2.16.1' and options.
std::vector<std::string> packages_of(const std::string& bootstrap) {
  std::vector<std::string> packages;
  for (auto at = bootstrap.find("pip install"); at != std::string::npos; at = bootstrap.find("pip install", at + 1)) {
    auto end = bootstrap.find("&&", at);
    if (end == std::string::npos) end = bootstrap.size();
    for (auto open = bootstrap.find('\'', at); open < end; open = bootstrap.find('\'', open)) {
      const auto close = bootstrap.find('\'', open + 1);
      if (close == std::string::npos) break;
      const auto word = bootstrap.substr(open + 1, close - open - 1);
      const bool of_the_sdk = word.starts_with("kfp==") || word == "kfp" || word.starts_with("kfp[") ||
                              word.starts_with("typing-extensions") || word.starts_with("--");
      if (!of_the_sdk && std::ranges::find(packages, word) == packages.end()) packages.push_back(word);
      open = close + 1;
    }
  }
  return packages;
}

}  // namespace

std::optional<LightweightComponent> recognise(const std::vector<std::string>& command,
                                              const std::vector<std::string>& arguments) {
  // sh -c BOOTSTRAP sh -ec PROGRAM SOURCE, or without the bootstrap.
  const auto program = std::ranges::find_if(command, [](const std::string& word) {
    return word.find("-m kfp.dsl.executor_main") != std::string::npos &&
           word.find("ephemeral_component.py") != std::string::npos;
  });
  if (program == command.end() || program + 2 != command.end()) return std::nullopt;
  LightweightComponent component;
  component.source = *(program + 1);
  for (std::size_t i = 0; i + 1 < arguments.size(); i++) {
    if (arguments[i] == "--function_to_execute") component.function = arguments[i + 1];
    if (arguments[i] == "--executor_input" && arguments[i + 1] != "{{$}}") return std::nullopt;
  }
  if (component.function.empty()) return std::nullopt;
  for (auto word = command.begin(); word != program; ++word) {
    const auto more = packages_of(*word);
    component.packages.insert(component.packages.end(), more.begin(), more.end());
  }
  return component;
}

}  // namespace slipway::workflow::kfp
