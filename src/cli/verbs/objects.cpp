#include <iostream>

#include "cli/client.hpp"
#include "cli/verbs.hpp"
#include "core/world/real.hpp"
#include "net/http.hpp"
#include "objects/kinds.hpp"

namespace slipway::cli {
namespace {

std::string collection_path(const objects::Kind& kind, const std::string& ns) {
  std::string path = kind.group.empty() ? "/api/" + std::string(kind.version) : "/apis/" + kind.api_version();
  if (kind.namespaced && !ns.empty()) path += "/namespaces/" + net::url_encode(ns);
  return path + "/" + std::string(kind.plural);
}

struct ApplyOptions {
  Common common;
  std::vector<std::string> files;
  std::string ns;
};

// What `apply` sends: every object of every file, or every problem of every file and nothing is sent.
Result<std::vector<objects::Object>> read_manifests(const std::vector<std::string>& paths) {
  core::Files& files = core::real_files();
  std::vector<objects::Object> all;
  std::vector<core::Error> problems;
  const auto read = [&](const std::string& path) {
    auto text = read_input(path);
    if (!text) return problems.push_back(text.error());
    auto parsed = objects::parse_manifest(*text, path);
    if (!parsed) return problems.push_back(parsed.error());
    for (objects::Object& object : *parsed) all.push_back(std::move(object));
  };
  for (const std::string& path : paths) {
    auto names = files.list(path);
    if (!names) {
      read(path);
      continue;
    }
    for (const std::string& name : *names) {
      if (name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json")) read(path + "/" + name);
    }
  }
  if (!problems.empty()) return fail(core::join(std::move(problems)));
  if (all.empty()) return fail(Code::invalid_argument, "there is no object in those files");
  return all;
}

int apply(const ApplyOptions& options) {
  const Format format = options.common.format();
  auto list = read_manifests(options.files);
  if (!list) return print_error(list.error(), format);
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  doc::Array items;
  for (objects::Object& object : *list) items.push_back(std::move(object.document()));
  auto answer = call(*connection, "POST", "/api/slipway/v1/apply",
                     doc::Object{{"items", std::move(items)}, {"namespace", options.ns}});
  if (!answer) return print_error(answer.error(), format);
  if (format != Format::table) return print_value(*answer, format), ExitCode::ok;
  for (const doc::Value& line : (*answer)["applied"].as_array()) std::cout << line.string_or("") << "\n";
  return ExitCode::ok;
}

struct GetOptions {
  Common common;
  std::string resource, name, ns;
  bool all = false;
};

int get(const GetOptions& options) {
  const Format format = options.common.format();
  auto kind = objects::kinds::find_by_resource(options.resource);
  if (!kind) return print_error(kind.error(), format);
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  std::string path = collection_path(*kind, options.ns);
  if (!options.name.empty()) {
    if (kind->namespaced && options.ns.empty()) {
      return print_error(
          core::Error(Code::invalid_argument, "a " + std::string(kind->kind) + " has a namespace", "add -n NAMESPACE"),
          format);
    }
    path += "/" + net::url_encode(options.name);
  }
  auto answer = call(*connection, "GET", path);
  if (!answer) return print_error(answer.error(), format);
  if (format != Format::table) return print_value(*answer, format), ExitCode::ok;
  std::vector<std::vector<std::string>> rows;
  const doc::Array one{*answer};
  for (const doc::Value& item : (*answer)["items"].is_array() ? (*answer)["items"].as_array() : one) {
    std::string state = item["status"]["phase"].string_or("");
    for (const doc::Value& condition :
         item["status"]["conditions"].is_array() ? item["status"]["conditions"].as_array() : doc::Array{}) {
      if (condition["type"].string_or("") != "Ready" || condition["status"].string_or("") == "True") continue;
      const std::string why = condition["message"].string_or("").empty() ? condition["reason"].string_or("")
                                                                         : condition["message"].string_or("");
      if (!why.empty() && why != "PodCompleted") state += " (" + why + ")";
    }
    rows.push_back({item["metadata"]["namespace"].string_or(""), item["metadata"]["name"].string_or(""), state,
                    without_fraction(item["metadata"]["creationTimestamp"].string_or(""))});
  }
  if (rows.empty()) return std::cout << "no " << kind->plural << "\n", ExitCode::ok;
  print_table({"NAMESPACE", "NAME", "STATUS", "CREATED"}, rows);
  return ExitCode::ok;
}

struct LogsOptions {
  Common common;
  std::string pod, ns, container;
  std::int64_t tail = 0;
};

}  // namespace

Command apply_command() {
  auto options = std::make_shared<ApplyOptions>();
  std::vector<Option> list{
      {"-f,--file", "FILE|DIR", "a manifest, or a directory of them; may be given again", &options->files, true},
      {"-n,--namespace", "NAMESPACE", "of objects that name none (default: default)", &options->ns}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "apply",
          .summary = "create or change objects from manifests",
          .details = "All files are checked before anything is changed.",
          .examples = {"slipway apply -f environments/", "slipway apply -f deploy/production/traffic.yaml",
                       "slipway apply -n shop -f pods.yaml"},
          .options = std::move(list),
          .run = [options] { return apply(*options); },
          .state = options};
}

Command get_command() {
  auto options = std::make_shared<GetOptions>();
  std::vector<Option> list{{"resource", "KIND", "pods, rollouts, environments, ...", &options->resource, true},
                           {"name", "NAME", "one object", &options->name},
                           {"-n,--namespace", "NAMESPACE", "default: all", &options->ns}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "get",
          .summary = "show objects",
          .examples = {"slipway get pods", "slipway get rollout support-assistant -n production -o yaml"},
          .options = std::move(list),
          .run = [options] { return get(*options); },
          .state = options};
}

Command logs_command() {
  auto options = std::make_shared<LogsOptions>();
  std::vector<Option> list{{"pod", "POD", "the Pod's name", &options->pod, true},
                           {"-n,--namespace", "NAMESPACE", "its namespace", &options->ns, true},
                           {"-c,--container", "CONTAINER", "default: the first", &options->container},
                           {"--tail", "LINES", "only the last lines; 0 means all", &options->tail}};
  for (Option& option : common_options(options->common, false)) list.push_back(std::move(option));
  return {.name = "logs",
          .summary = "print a Pod's log",
          .examples = {"slipway logs -n production support-assistant-x7k2p-9c4fd"},
          .options = std::move(list),
          .run =
              [options] {
                auto connection = connect(options->common);
                if (!connection) return print_error(connection.error());
                std::string path = "/api/v1/namespaces/" + net::url_encode(options->ns) + "/pods/" +
                                   net::url_encode(options->pod) + "/log?";
                if (!options->container.empty()) path += "container=" + net::url_encode(options->container) + "&";
                if (options->tail > 0) path += "tailLines=" + std::to_string(options->tail);
                auto text = fetch_text(*connection, path);
                if (!text) return print_error(text.error());
                std::cout << *text;
                return static_cast<int>(ExitCode::ok);
              },
          .state = options};
}

}  // namespace slipway::cli
