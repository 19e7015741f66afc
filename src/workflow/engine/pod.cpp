#include "workflow/engine/pod.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "objects/kinds.hpp"

namespace slipway::workflow {
namespace {

using core::doc::Array;
using core::doc::Object;
using core::doc::Value;

// Kubernetes expands $(NAME) in commands and variables; a step's texts are meant as they are.
std::string literal(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '$') escaped += '$';
    escaped += c;
  }
  return escaped;
}

}  // namespace

std::string pod_name(const std::string& run, const std::string& step, int attempt) {
  std::string slug = step;
  std::ranges::replace(slug, '/', '-');
  const auto slash = step.find('/');
  // "build/2" reads as "build-2"; whatever could stand for another step too gets a hash.
  const bool plain = core::is_dns_label(slug) && (slash == std::string::npos ||
                                                  step.find_first_not_of("0123456789", slash + 1) == std::string::npos);
  if (!plain) slug += "-" + core::short_hash(step).substr(0, 5);
  return core::to_dns_label(run + "-" + slug + "-" + std::to_string(attempt));
}

objects::Object make_pod(const objects::Name& name, const std::string& run, const ir::Step& step, int attempt,
                         const Launch& launch) {
  auto pod = objects::Object::make(objects::kinds::pod, name);
  pod.set_label(run_label, run);
  pod.set_label(attempt_label, std::to_string(attempt));
  pod.set_annotation(step_annotation, step.key);
  pod.set_annotation("slipway.dev/exit-once", "true");
  Array command;
  for (const auto& word : launch.command) command.emplace_back(literal(word));
  Array environment;
  for (const auto& [variable, value] : launch.environment)
    environment.emplace_back(Object{{"name", variable}, {"value", literal(value)}});
  Object container{{"name", "main"},
                   {"image", step.leaf->image.empty() ? "local" : step.leaf->image},
                   {"command", std::move(command)},
                   {"env", std::move(environment)},
                   {"workingDir", launch.directory}};
  Object spec{{"restartPolicy", "Never"},
              {"hostNetwork", true},
              {"terminationGracePeriodSeconds", 10},
              {"containers", Array{std::move(container)}}};
  pod.spec() = Value(std::move(spec));
  if (!step.leaf->resources.is_null())
    pod.set_annotation("slipway.dev/resources", core::doc::render_json(step.leaf->resources));
  return pod;
}

std::optional<PodEnd> end_of(const objects::Object& pod) {
  const auto& status = pod.status();
  const auto& terminated = status["containerStatuses"][std::size_t{0}]["state"]["terminated"];
  const auto phase = status["phase"].string_or("");
  if (!terminated.is_object() && phase != "Succeeded" && phase != "Failed") return std::nullopt;
  PodEnd end;
  end.exit_code = static_cast<int>(terminated["exitCode"].int_or(phase == "Succeeded" ? 0 : 1));
  auto reason = terminated["reason"].string_or("");
  if (status["reason"].is_string()) reason = status["reason"].as_string();
  end.lost = reason == "ShimLost" || reason == "NodeRebooted" || reason == "NodeLost";
  end.message = terminated["message"].string_or("");
  if (end.message.empty()) end.message = status["message"].string_or("");
  if (end.message.empty() && end.lost) end.message = "its process was lost without an exit code (" + reason + ")";
  return end;
}

}  // namespace slipway::workflow
