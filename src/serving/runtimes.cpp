#include "serving/runtimes.hpp"

namespace slipway::serving {
namespace {

doc::Value probe(const Spec& spec, int period_seconds, int timeout_seconds, int failures) {
  doc::Object get{{"path", "/health"}, {"port", spec.port}};
  doc::Object result;
  result.set("httpGet", std::move(get));
  result.set("periodSeconds", period_seconds);
  result.set("timeoutSeconds", timeout_seconds);
  result.set("failureThreshold", failures);
  return doc::Value(std::move(result));
}

doc::Value strings(const std::vector<std::string>& list) { return doc::Value(doc::Array(list.begin(), list.end())); }

}  // namespace

Result<std::string> RuntimeCatalog::choose(const Spec& spec) const {
  const auto& name = spec.runtime.empty() ? options_.default_runtime : spec.runtime;
  if (name == "llama-server" && !options_.why_no_llama_server.empty())
    return fail(Code::failed_precondition, options_.why_no_llama_server);
  if (name == "llama-server" || name == "simulated") return name;
  const auto near = core::nearest(name, {"llama-server", "simulated"});
  return fail(Code::invalid_argument, "spec.runtime.name: no runtime is called \"" + name + "\"",
              near.empty() ? "use llama-server or simulated" : "did you mean \"" + near + "\"?");
}

std::vector<std::string> RuntimeCatalog::llama_server_command(const Spec& spec, const std::string& weights_path) const {
  auto command = options_.llama_server;
  const auto threads = std::to_string(options_.llama_server_threads);
  // -c is the total, which llama-server splits over its -np slots.
  const auto context = std::to_string(std::int64_t{spec.max_sequence_length} * spec.batch_size);
  for (auto text : {std::string("-m"),        weights_path,
                    std::string("--host"),    std::string("$(POD_IP)"),
                    std::string("--port"),    std::to_string(spec.port),
                    std::string("-t"),        threads,
                    std::string("-tb"),       threads,
                    std::string("-np"),       std::to_string(spec.batch_size),
                    std::string("-c"),        context,
                    std::string("--alias"),   spec.model_name,
                    std::string("--metrics"), std::string("--slots"),
                    std::string("--no-ui"),   std::string("--cache-ram"),
                    std::string("0"),         std::string("--offline")}) {
    command.push_back(std::move(text));
  }
  return command;
}

std::vector<std::string> RuntimeCatalog::simulated_command(const Spec& spec) const {
  std::vector<std::string> command{options_.slipway, "model-server",
                                   "--model",        spec.model_name,
                                   "--host",         "$(POD_IP)",
                                   "--port",         std::to_string(spec.port),
                                   "--context",      std::to_string(spec.max_sequence_length),
                                   "--parallel",     std::to_string(spec.batch_size)};
  command.insert(command.end(), options_.simulated_arguments.begin(), options_.simulated_arguments.end());
  return command;
}

doc::Value RuntimeCatalog::container(const std::string& runtime, const Spec& spec,
                                     const std::string& weights_path) const {
  auto command = runtime == "simulated" ? simulated_command(spec) : llama_server_command(spec, weights_path);
  command.insert(command.end(), spec.runtime_arguments.begin(), spec.runtime_arguments.end());
  doc::Object port{{"name", "http"}, {"containerPort", spec.port}};
  doc::Array ports;
  ports.emplace_back(std::move(port));
  doc::Object container{{"name", "model"}, {"image", "slipway.dev/runtimes/" + runtime}};
  container.set("command", strings(command));
  container.set("ports", std::move(ports));
  // Loading may take minutes on a cold disk: only then does the liveness probe begin to count, and a busy server is
  // slow to answer without being dead.
  container.set("startupProbe", probe(spec, 1, 5, 900));
  container.set("readinessProbe", probe(spec, 1, 5, 5));
  container.set("livenessProbe", probe(spec, 10, 10, 6));
  return doc::Value(std::move(container));
}

}  // namespace slipway::serving
