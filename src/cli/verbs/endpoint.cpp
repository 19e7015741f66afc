#include <filesystem>
#include <iostream>

#include "cli/client.hpp"
#include "cli/verbs.hpp"
#include "core/world/real.hpp"
#include "server/layout.hpp"

namespace slipway::cli {
namespace {

struct EndpointOptions {
  Common common;
  std::string face, user, server, output;
  std::int64_t days = 90;
};

// A kubeconfig for somebody, with a client certificate that the platform makes.
int print_kubeconfig(const EndpointOptions& options) {
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error());
  doc::Object wanted{{"person", options.user}, {"days", options.days}};
  if (!options.server.empty()) wanted.append("server", options.server);
  const auto made = call(*connection, "POST", "/api/slipway/v1/kubeconfigs", std::move(wanted));
  if (!made) return print_error(made.error());
  const std::string kubeconfig = (*made)["kubeconfig"].string_or("");
  if (options.output.empty()) return std::cout << kubeconfig, ExitCode::ok;
  // It has a private key in it: nobody else may read the file, whatever the umask says.
  const std::string path = std::filesystem::absolute(options.output).string();
  if (auto written = core::real_files().write_atomic(path, kubeconfig, 0600); !written)
    return print_error(matter_of_usage(written.error()));
  std::cout << "wrote " << options.output << ": a kubeconfig of " << options.user << ", good until "
            << (*made)["expires"].string_or("") << "\n";
  return ExitCode::ok;
}

int print_kubeconfig_path(const Common& common) {
  auto connection = connect(common);  // refuses who has no token here, and when nothing runs
  if (!connection) return print_error(connection.error());
  if (connection->data.empty()) {
    return print_error(core::Error(Code::failed_precondition,
                                   "SLIPWAY_URL leads to a platform whose files are not asked for here",
                                   "have it make one: slipway endpoint kubeconfig --user PERSON --output FILE"));
  }
  const server::Layout layout{connection->data};
  core::Files& files = core::real_files();
  if (files.exists(layout.cluster())) {
    return print_error(core::Error(Code::failed_precondition, "the Kubernetes API of this platform is a cluster's",
                                   "use the kubeconfig of that cluster; " + layout.cluster() + " says which it is"));
  }
  std::string path = layout.kubeconfig();
  if (!common.as.empty()) path = layout.kubeconfigs() + "/" + common.as;
  std::cout << path << "\n";
  return ExitCode::ok;
}

// The faces of the platform that $SLIPWAY_URL leads to: those behind that address, and what listens beside it when it
// is on this machine.
Result<doc::Value> faces_of(const Connection& connection) {
  const std::string url = connection.url.substr(0, connection.url.find_last_not_of('/') + 1);
  TRY_ASSIGN(const doc::Value status, call(connection, "GET", "/api/slipway/v1/status"));
  const std::size_t scheme = url.find("://");
  const std::string host = scheme == std::string::npos ? url : url.substr(scheme + 3);
  const bool is_here = host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
  doc::Value faces = is_here && status["endpoints"].is_object() ? status["endpoints"] : doc::Value(doc::Object{});
  doc::Object& list = faces.as_object();
  for (const char* face : {"api", "registry", "kfp"}) list.set(face, url);
  list.set("ui", url + "/");
  list.set("git", url + "/git");
  if (url.starts_with("https://")) list.set("kubernetes", url);
  return faces;
}

Result<doc::Value> faces(const Common& common) {
  TRY_ASSIGN(const Connection connection, connect(common));
  return connection.data.empty() ? faces_of(connection) : read_endpoints(connection.data);
}

int endpoint(const EndpointOptions& options) {
  if (!options.output.empty() && options.user.empty())
    return print_error(core::Error(Code::invalid_argument, "--output is for a kubeconfig that is made with --user",
                                   "slipway endpoint kubeconfig --user PERSON --output FILE"));
  if (options.face == "kubeconfig") {
    if (!options.user.empty()) return print_kubeconfig(options);
    return print_kubeconfig_path(options.common);
  }
  auto endpoints = faces(options.common);
  if (!endpoints) return print_error(endpoints.error());
  const std::string url = (*endpoints)[options.face].string_or("");
  std::string known;
  for (const auto& [name, value] : endpoints->as_object()) known += (known.empty() ? "" : ", ") + name;
  if (url.empty()) {
    return print_error(
        core::Error(Code::not_found, "there is no \"" + options.face + "\"", "there are: " + known + ", kubeconfig"));
  }
  std::cout << url << "\n";
  return ExitCode::ok;
}

}  // namespace

Command endpoint_command() {
  auto options = std::make_shared<EndpointOptions>();
  std::vector<Option> list{
      {"face", "FACE",
       "api, registry, kfp, git, gateway, prometheus, ui, kubernetes, shared (what --listen opened), or kubeconfig (a "
       "path)",
       &options->face, true},
      {"--user", "PERSON", "with kubeconfig: print one for that person, with a client certificate", &options->user},
      {"--output", "FILE", "write that one to FILE, for its owner alone (0600), instead of printing it",
       &options->output},
      {"--days", "N", "how long that certificate is good; at most 365", &options->days},
      {"--server", "URL", "the address in it, when it is not the one that --listen was given", &options->server}};
  for (Option& option : common_options(options->common, false)) list.push_back(std::move(option));
  return {
      .name = "endpoint",
      .summary = "print the address of one face of the platform",
      .details = "With SLIPWAY_URL, of the platform that it leads to.",
      .examples = {"git push \"$(slipway endpoint git)/my-models.git\" main",
                   "curl -H 'Host: support.example.com' \"$(slipway endpoint gateway)/v1/models\"",
                   "KUBECONFIG=\"$(slipway endpoint kubeconfig)\" kubectl get pods -A",
                   "KUBECONFIG=\"$(slipway endpoint kubeconfig --as grace@example.com)\" kubectl auth whoami",
                   "slipway endpoint kubeconfig --as grace@example.com --user ada@example.com --output ada.kubeconfig"},
      .options = std::move(list),
      .run = [options] { return endpoint(*options); },
      .state = options};
}

}  // namespace slipway::cli
