#include "objects/kube_config.hpp"

#include <filesystem>
#include <map>

#include "core/digest.hpp"
#include "core/text.hpp"

namespace slipway::objects {
namespace {

constexpr std::string_view plugin_extension = "client.authentication.k8s.io/exec";

// A place without the text around it: a line of a kubeconfig may be a secret.
Mark place_of(const doc::Value& value) {
  auto mark = value.mark();
  if (mark.source) mark.source = std::make_shared<core::Source>(core::Source{mark.source->name, {}});
  return mark;
}

Error without_excerpts(Error error) {
  if (error.mark.source) error.mark.source = std::make_shared<core::Source>(core::Source{error.mark.source->name, {}});
  for (auto& cause : error.causes) cause = without_excerpts(std::move(cause));
  return error;
}

std::unexpected<Error> problem(const doc::Value& at, std::string message, std::string hint = {}) {
  return fail(Error(Code::invalid_argument, std::move(message), std::move(hint)).at(place_of(at)));
}

// An entry of one of the lists, with the directory that its paths are relative to.
struct Entry {
  doc::Value value;  // what stands under "cluster", "user" or "context"
  std::string directory;

  std::string path(const std::string& text) const {
    if (text.empty() || text.front() == '/') return text;
    return (std::filesystem::path(directory) / text).lexically_normal().string();
  }
};
using Entries = std::map<std::string, Entry, std::less<>>;

struct Merged {
  Entries clusters, users, contexts;
  doc::Value current;
};

Result<std::string> text_of(const doc::Value& object, std::string_view key, std::string_view where) {
  const auto& value = object[key];
  if (value.is_null()) return std::string();
  if (value.is_string()) return value.as_string();
  return problem(
      value,
      std::string(where) + "." + std::string(key) + " must be a string, not " + std::string(doc::name_of(value.type())),
      "quote it");
}

Result<bool> flag_of(const doc::Value& object, std::string_view key, std::string_view where) {
  const auto& value = object[key];
  if (value.is_null()) return false;
  if (value.is_bool()) return value.as_bool();
  return problem(value, std::string(where) + "." + std::string(key) + " must be true or false");
}

Result<std::string> bytes_of(const doc::Value& object, std::string_view key, std::string_view where) {
  TRY_ASSIGN(const auto text, text_of(object, key, where));
  if (text.empty()) return std::string();
  if (auto bytes = core::from_base64(text)) return std::move(*bytes);
  return problem(object[key], std::string(where) + "." + std::string(key) + " is not base64");
}

Result<> merge_list(const doc::Value& document, std::string_view list, std::string_view member,
                    const std::string& directory, Entries& into) {
  const auto& items = document[list];
  if (items.is_null()) return {};
  if (!items.is_array()) return problem(items, std::string(list) + " must be a list");
  Entries own;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto where = std::string(list) + "[" + std::to_string(i) + "]";
    if (!items[i].is_object()) return problem(items[i], where + " must be an object");
    TRY_ASSIGN(const auto name, text_of(items[i], "name", where));
    const auto& value = items[i][member];
    if (!value.is_null() && !value.is_object()) {
      return problem(value, where + "." + std::string(member) + " must be an object");
    }
    if (!own.emplace(name, Entry{value.is_null() ? doc::Value(doc::Object{}) : value, directory}).second) {
      return problem(items[i], "duplicate name \"" + name + "\" in " + std::string(list));
    }
  }
  into.merge(own);
  return {};
}

Result<> merge_file(const KubeFile& file, Merged& merged) {
  auto documents = doc::parse_yaml_all(file.text, file.path);
  if (!documents) return fail(without_excerpts(std::move(documents).error()));
  if (documents->empty()) return {};
  const auto& document = documents->front();
  if (documents->size() > 1) return problem((*documents)[1], "a kubeconfig is one YAML document");
  if (!document.is_object())
    return problem(document, "a kubeconfig must be an object with clusters, users and contexts");
  TRY_ASSIGN(const auto version, text_of(document, "apiVersion", "kubeconfig"));
  TRY_ASSIGN(const auto kind, text_of(document, "kind", "kubeconfig"));
  if ((!version.empty() && version != "v1") || (!kind.empty() && kind != "Config")) {
    return problem(document["kind"].is_null() ? document["apiVersion"] : document["kind"],
                   "a kubeconfig has apiVersion v1 and kind Config");
  }
  const auto directory = std::filesystem::path(file.path).parent_path().string();
  TRY(merge_list(document, "clusters", "cluster", directory, merged.clusters));
  TRY(merge_list(document, "users", "user", directory, merged.users));
  TRY(merge_list(document, "contexts", "context", directory, merged.contexts));
  TRY_ASSIGN(const auto current, text_of(document, "current-context", "kubeconfig"));
  if (merged.current.string_or("").empty() && !current.empty()) merged.current = document["current-context"];
  return {};
}

Result<std::vector<std::string>> texts_of(const doc::Value& object, std::string_view key, std::string_view where) {
  std::vector<std::string> texts;
  const auto& list = object[key];
  if (list.is_null()) return texts;
  const auto wrong = std::string(where) + "." + std::string(key) + " must be a list of strings";
  if (!list.is_array()) return problem(list, wrong);
  for (const auto& item : list.as_array()) {
    if (!item.is_string()) return problem(item, wrong);
    texts.push_back(item.as_string());
  }
  return texts;
}

Result<> read_cluster(const Entry& entry, KubeConfig& config) {
  const auto& value = entry.value;
  const std::string where = "cluster \"" + config.cluster + "\"";
  TRY_ASSIGN(config.server, text_of(value, "server", where));
  while (config.server.ends_with('/')) config.server.pop_back();
  if (!config.server.starts_with("https://") && !config.server.starts_with("http://")) {
    return problem(value["server"].is_null() ? value : value["server"],
                   where + " needs a server that begins with https:// or http://");
  }
  if (config.server.find('@') != std::string::npos || config.server.find_first_of("?#") != std::string::npos) {
    return problem(value["server"], where + ": the server's URL must not have credentials, a query or a fragment");
  }
  TRY_ASSIGN(const auto proxy, text_of(value, "proxy-url", where));
  if (!proxy.empty()) {
    return fail(Error(Code::unimplemented, where + " is behind a proxy (proxy-url), which is not supported",
                      "use a network from which the API server can be reached directly")
                    .at(place_of(value["proxy-url"])));
  }
  TRY_ASSIGN(config.tls.ca, bytes_of(value, "certificate-authority-data", where));
  TRY_ASSIGN(const auto ca_file, text_of(value, "certificate-authority", where));
  if (config.tls.ca.empty()) config.tls.ca_file = entry.path(ca_file);
  TRY_ASSIGN(config.tls.server_name, text_of(value, "tls-server-name", where));
  TRY_ASSIGN(config.tls.insecure_skip_verify, flag_of(value, "insecure-skip-tls-verify", where));
  if (config.tls.insecure_skip_verify && !(config.tls.ca.empty() && config.tls.ca_file.empty())) {
    return problem(value["insecure-skip-tls-verify"],
                   where + " names a certificate authority and skips its verification", "keep one of the two");
  }
  return {};
}

Result<ExecPlugin> read_plugin(const doc::Value& value, const Entry& user, const Entry& cluster,
                               const std::string& where) {
  ExecPlugin plugin;
  TRY_ASSIGN(plugin.api_version, text_of(value, "apiVersion", where));
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    return problem(value["apiVersion"].is_null() ? value : value["apiVersion"],
                   where + " needs apiVersion client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1");
  }
  TRY_ASSIGN(plugin.command, text_of(value, "command", where));
  if (plugin.command.empty()) return problem(value, where + " needs a command");
  if (plugin.command.find('/') != std::string::npos) plugin.command = user.path(plugin.command);
  TRY_ASSIGN(plugin.args, texts_of(value, "args", where));
  TRY_ASSIGN(plugin.install_hint, text_of(value, "installHint", where));
  TRY_ASSIGN(plugin.wants_cluster_info, flag_of(value, "provideClusterInfo", where));
  TRY_ASSIGN(const auto interactive, text_of(value, "interactiveMode", where));
  if (interactive.empty() && plugin.api_version.ends_with("/v1")) {
    return problem(value, where + " needs interactiveMode: Never or IfAvailable");
  }
  if (interactive == "Always") {
    return problem(value["interactiveMode"], where + " wants to ask a person, and there is nobody at a terminal",
                   "use credentials that need no answer, such as a service account's");
  }
  const auto& variables = value["env"];
  if (!variables.is_null() && !variables.is_array()) return problem(variables, where + ".env must be a list");
  for (std::size_t i = 0; i < variables.size(); ++i) {
    if (!variables[i].is_object()) return problem(variables[i], where + ".env has an entry that is not an object");
    TRY_ASSIGN(auto name, text_of(variables[i], "name", where + ".env"));
    TRY_ASSIGN(auto text, text_of(variables[i], "value", where + ".env"));
    if (name.empty() || name.find('=') != std::string::npos) {
      return problem(variables[i], where + ".env has an entry without a legal name");
    }
    plugin.environment.emplace_back(std::move(name), std::move(text));
  }
  const auto& extensions = cluster.value["extensions"];
  for (std::size_t i = 0; i < extensions.size(); ++i) {
    if (extensions[i]["name"].string_or("") == plugin_extension) plugin.cluster_config = extensions[i]["extension"];
  }
  return plugin;
}

Result<> read_user(const Entry& entry, const Entry& cluster, KubeConfig& config) {
  const auto& value = entry.value;
  const std::string where = "user \"" + config.user + "\"";
  TRY_ASSIGN(config.token, text_of(value, "token", where));
  TRY_ASSIGN(const auto token_file, text_of(value, "tokenFile", where));
  config.token_file = entry.path(token_file);
  TRY_ASSIGN(config.username, text_of(value, "username", where));
  TRY_ASSIGN(config.password, text_of(value, "password", where));
  TRY_ASSIGN(config.certificate, bytes_of(value, "client-certificate-data", where));
  TRY_ASSIGN(config.key, bytes_of(value, "client-key-data", where));
  TRY_ASSIGN(const auto certificate_file, text_of(value, "client-certificate", where));
  TRY_ASSIGN(const auto key_file, text_of(value, "client-key", where));
  if (config.certificate.empty()) config.certificate_file = entry.path(certificate_file);
  if (config.key.empty()) config.key_file = entry.path(key_file);
  TRY_ASSIGN(config.impersonated_user, text_of(value, "as", where));
  TRY_ASSIGN(config.impersonated_uid, text_of(value, "as-uid", where));
  TRY_ASSIGN(config.impersonated_groups, texts_of(value, "as-groups", where));
  if (config.token.find_first_of("\r\n") != std::string::npos)
    return problem(value["token"], where + ".token has a line break");
  const bool has_certificate = !config.certificate.empty() || !config.certificate_file.empty();
  const bool has_key = !config.key.empty() || !config.key_file.empty();
  if (has_certificate != has_key) {
    return problem(value, where + (has_key ? " has a client key without its certificate"
                                           : " has a client certificate without its key"));
  }
  if (!value["auth-provider"].is_null()) {
    return fail(
        Error(Code::unimplemented, where + " uses an auth-provider, which Kubernetes has removed", "use an exec plugin")
            .at(place_of(value["auth-provider"])));
  }
  const bool has_token = !config.token.empty() || !config.token_file.empty();
  const auto& exec = value["exec"];
  if (has_token && !config.username.empty()) {
    return problem(value, where + " has a token and a username; only one is allowed");
  }
  if (exec.is_null()) return {};
  if (!exec.is_object()) return problem(exec, where + ".exec must be an object");
  if (has_token || !config.username.empty()) {
    return problem(exec, where + " has an exec plugin and other credentials; only one is allowed");
  }
  TRY_ASSIGN(config.exec, read_plugin(exec, entry, cluster, where + ".exec"));
  return {};
}

std::string names_of(const Entries& entries) {
  std::string list;
  for (const auto& [name, entry] : entries) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  return list.empty() ? "there are none" : "there are " + list;
}

Result<const Entry*> entry_of(const Entries& entries, const std::string& name, std::string_view what,
                              const doc::Value& named_at) {
  const auto found = entries.find(name);
  if (found != entries.end()) return &found->second;
  return problem(named_at, "there is no " + std::string(what) + " \"" + name + "\"", names_of(entries));
}

std::string_view variable(const Variables& environment, std::string_view name) {
  for (const auto& [key, value] : environment) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

Result<KubeConfig> parse_kube_config(std::span<const KubeFile> files, std::string_view context) {
  Merged merged;
  for (const auto& file : files) TRY(merge_file(file, merged));
  KubeConfig config;
  config.context = context.empty() ? merged.current.string_or("") : std::string(context);
  if (config.context.empty()) {
    return fail(Code::invalid_argument,
                (files.empty() ? std::string("the kubeconfig") : files.front().path) + " names no current-context",
                names_of(merged.contexts));
  }
  TRY_ASSIGN(const auto* chosen,
             entry_of(merged.contexts, config.context, "context", context.empty() ? merged.current : doc::Value()));
  const std::string where = "context \"" + config.context + "\"";
  TRY_ASSIGN(config.cluster, text_of(chosen->value, "cluster", where));
  TRY_ASSIGN(config.user, text_of(chosen->value, "user", where));
  TRY_ASSIGN(config.ns, text_of(chosen->value, "namespace", where));
  TRY_ASSIGN(const auto* cluster, entry_of(merged.clusters, config.cluster, "cluster", chosen->value));
  TRY(read_cluster(*cluster, config));
  if (config.user.empty()) return config;
  TRY_ASSIGN(const auto* user, entry_of(merged.users, config.user, "user", chosen->value));
  TRY(read_user(*user, *cluster, config));
  return config;
}

Result<KubeConfig> load_kube_config(const core::Files& files, const Variables& environment, const std::string& path,
                                    std::string_view context) {
  std::vector<std::string> paths;
  const std::string listed(variable(environment, "KUBECONFIG"));
  if (!path.empty()) {
    paths.push_back(path);
  } else if (!listed.empty()) {
    for (std::size_t begin = 0; begin <= listed.size();) {
      const auto end = std::min(listed.find(':', begin), listed.size());
      if (end > begin) paths.push_back(listed.substr(begin, end - begin));
      begin = end + 1;
    }
  } else if (const auto home = variable(environment, "HOME"); !home.empty()) {
    paths.push_back(std::string(home) + "/.kube/config");
  }
  std::vector<KubeFile> found;
  for (const auto& each : paths) {
    const auto absolute = std::filesystem::absolute(each).lexically_normal().string();
    if (path.empty() && !files.exists(absolute)) continue;
    TRY_ASSIGN(auto text, files.read(absolute));
    found.push_back({absolute, std::move(text)});
  }
  if (found.empty() && listed.empty() && !variable(environment, "KUBERNETES_SERVICE_HOST").empty()) {
    return in_cluster_config(files, environment);
  }
  if (found.empty()) {
    return fail(
        Code::not_found, "there is no kubeconfig",
        listed.empty() ? "set KUBECONFIG, or put one at ~/.kube/config" : "none of the files of KUBECONFIG is there");
  }
  TRY_ASSIGN(auto config, parse_kube_config(found, context));
  config.environment = environment;
  return config;
}

Result<KubeConfig> in_cluster_config(const core::Files& files, const Variables& environment) {
  const std::string directory = "/var/run/secrets/kubernetes.io/serviceaccount/";
  const auto host = variable(environment, "KUBERNETES_SERVICE_HOST");
  const auto port = variable(environment, "KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty() || !files.exists(directory + "token")) {
    return fail(Code::failed_precondition, "this is not a Pod of a cluster",
                "KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT and the token of a service account are set there");
  }
  KubeConfig config;
  config.context = config.cluster = config.user = "in-cluster";
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  config.server = "https://" + (is_ipv6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::string(port);
  config.token_file = directory + "token";
  config.tls.ca_file = directory + "ca.crt";
  if (auto ns = files.read(directory + "namespace")) config.ns = core::trimmed(*ns, " \t\r\n");
  config.environment = environment;
  return config;
}

}  // namespace slipway::objects
