#include "pods/environment.hpp"

#include "pods/downward.hpp"

namespace slipway::pods {
namespace {

const std::string* find(const Variables& variables, std::string_view name) {
  for (auto it = variables.rbegin(); it != variables.rend(); ++it) {
    if (it->first == name) return &it->second;
  }
  return nullptr;
}

void set(Variables& variables, const std::string& name, std::string value) {
  for (auto& [known, current] : variables) {
    if (known == name) {
      current = std::move(value);
      return;
    }
  }
  variables.emplace_back(name, std::move(value));
}

// nullopt: optional, and not there.
Result<std::optional<std::string>> value_from(const objects::Object& pod, const doc::Value& container,
                                              const std::string& name, const doc::Value& from,
                                              const std::string& pod_ip, EnvironmentSources& sources) {
  if (from["fieldRef"].is_object()) return field_value(pod, from["fieldRef"]["fieldPath"].string_or(""), pod_ip);
  if (from["resourceFieldRef"].is_object()) return resource_value(container, from["resourceFieldRef"]);
  if (from["configMapKeyRef"].is_object()) return sources.value(from["configMapKeyRef"], false);
  if (from["secretKeyRef"].is_object()) return sources.value(from["secretKeyRef"], true);
  return fail(Code::invalid_argument, "env " + name + ": this kind of valueFrom is not supported");
}

}  // namespace

std::string expand(std::string_view text, const Variables& variables) {
  std::string out;
  while (!text.empty()) {
    const auto dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {  // "$$" is one "$", and takes the meaning from what follows
      out += '$';
      text.remove_prefix(1);
      continue;
    }
    const auto close = text.starts_with('(') ? text.find(')') : std::string_view::npos;
    const std::string* value = close == std::string_view::npos ? nullptr : find(variables, text.substr(1, close - 1));
    if (value == nullptr) {
      out += '$';
      continue;
    }
    out += *value;
    text.remove_prefix(close + 1);
  }
  return out;
}

bool wants_shell(const doc::Value& container) {
  return container["stdin"].bool_or(false) && container["command"].size() == 0 && container["args"].size() == 0;
}

namespace {

// `kubectl debug -i` says nothing of it, and waits for the end: without a terminal the end of what is typed is the only
// way to come to one.
bool is_for_one_conversation(const objects::Object& pod, const doc::Value& container) {
  if (container["tty"].bool_or(false)) return container["stdinOnce"].bool_or(false);
  const doc::Value& debuggers = pod.spec()["ephemeralContainers"];
  for (std::size_t i = 0; i < debuggers.size(); ++i) {
    if (debuggers[i]["name"] == container["name"]) return true;
  }
  return container["stdinOnce"].bool_or(false);
}

Result<std::vector<std::string>> argv_of(const doc::Value& container, const Variables& variables) {
  if (wants_shell(container)) return std::vector<std::string>{"sh"};
  if (container["command"].size() == 0) {
    return fail(Code::invalid_argument, "container " + container["name"].string_or("") + " has no command",
                "images are not unpacked: say what to run in command");
  }
  std::vector<std::string> argv;
  for (const char* part : {"command", "args"}) {
    const doc::Value& words = container[part];
    for (std::size_t i = 0; i < words.size(); ++i) argv.push_back(expand(words[i].string_or(""), variables));
  }
  return argv;
}

}  // namespace

Result<ContainerStart> container_start(const objects::Object& pod, const doc::Value& container,
                                       const std::string& pod_ip, const Variables& base, const FindSource& find,
                                       Absent absent) {
  Variables variables;  // what $(VAR) may name: the Pod's own, in order
  set(variables, "POD_IP", pod_ip);
  set(variables, "POD_NAME", pod.name().name);
  set(variables, "POD_NAMESPACE", pod.name().ns);
  EnvironmentSources sources(find, pod.name().ns, absent);
  const doc::Value& whole = container["envFrom"];
  for (std::size_t i = 0; i < whole.size(); ++i) {
    TRY_ASSIGN(auto all, sources.all(whole[i]));
    for (auto& [name, value] : all) set(variables, name, std::move(value));
  }
  const doc::Value& declared = container["env"];
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const doc::Value& variable = declared[i];
    const std::string name = variable["name"].string_or("");
    if (name.empty() || name.find('=') != std::string::npos) {
      return fail(
          Error(Code::invalid_argument, "env[" + std::to_string(i) + "] has no usable name").at(variable.mark()));
    }
    if (variable["valueFrom"].is_null()) {
      set(variables, name, expand(variable["value"].string_or(""), variables));
      continue;
    }
    TRY_ASSIGN(auto value, value_from(pod, container, name, variable["valueFrom"], pod_ip, sources));
    if (value) set(variables, name, std::move(*value));
  }

  ContainerStart start;
  TRY_ASSIGN(start.argv, argv_of(container, variables));
  start.directory = container["workingDir"].string_or("");
  start.has_input = container["stdin"].bool_or(false);
  start.input_once = is_for_one_conversation(pod, container);
  start.terminal = container["tty"].bool_or(false);
  start.environment = base;
  if (start.terminal) set(start.environment, "TERM", "xterm");
  for (auto& [name, value] : variables) set(start.environment, name, std::move(value));
  return start;
}

}  // namespace slipway::pods
