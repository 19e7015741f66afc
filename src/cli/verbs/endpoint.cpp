#include <iostream>

#include "cli/client.hpp"
#include "cli/verbs.hpp"
#include "core/world/real.hpp"
#include "server/layout.hpp"

namespace slipway::cli {
namespace {

struct EndpointOptions {
  Common common;
  std::string face, user, server;
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
  std::cout << (*made)["kubeconfig"].string_or("");
  return ExitCode::ok;
}

int print_kubeconfig_path(const Common& common) {
  const server::Layout layout{data_directory(common)};
  core::Files& files = core::real_files();
  if (files.exists(layout.cluster())) {
    return print_error(core::Error(Code::failed_precondition, "the Kubernetes API of this platform is a cluster's",
                                   "use the kubeconfig of that cluster; " + layout.cluster() + " says which it is"));
  }
  std::string path = layout.kubeconfig();
  if (!common.as.empty()) {
    // Refuses who has no token here.
    if (auto connection = connect(common); !connection) return print_error(connection.error());
    path = layout.kubeconfigs() + "/" + common.as;
  }
  std::cout << path << "\n";
  return ExitCode::ok;
}

int endpoint(const EndpointOptions& options) {
  if (options.face == "kubeconfig") {
    if (!options.user.empty()) return print_kubeconfig(options);
    return print_kubeconfig_path(options.common);
  }
  auto endpoints = read_endpoints(data_directory(options.common));
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
      {"--days", "N", "how long that certificate is good; at most 365", &options->days},
      {"--server", "URL", "the address in it, when it is not the one that --listen was given", &options->server}};
  for (Option& option : common_options(options->common, false)) list.push_back(std::move(option));
  return {.name = "endpoint",
          .summary = "print the address of one face of the platform",
          .details = "With SLIPWAY_URL, of the platform that it leads to.",
          .examples = {"git push \"$(slipway endpoint git)/my-models.git\" main",
                       "curl -H 'Host: support.example.com' \"$(slipway endpoint gateway)/v1/models\"",
                       "KUBECONFIG=\"$(slipway endpoint kubeconfig)\" kubectl get pods -A",
                       "KUBECONFIG=\"$(slipway endpoint kubeconfig --as grace@example.com)\" kubectl auth whoami",
                       "slipway endpoint kubeconfig --user ada@example.com > ada.kubeconfig"},
          .options = std::move(list),
          .run = [options] { return endpoint(*options); },
          .state = options};
}

}  // namespace slipway::cli
