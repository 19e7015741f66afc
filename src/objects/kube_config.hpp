#pragma once
// KubeConfig: where a Kubernetes API server is and how to prove who we are, read as kubectl reads it. Not the requests:
// kubernetes_store.hpp. Secrets stay in the fields below: no error text of these functions repeats what a file says.
// https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
//
// Thread: any. Blocks on reading files.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/doc.hpp"
#include "core/world/world.hpp"

namespace slipway::objects {

using Variables = std::vector<std::pair<std::string, std::string>>;  // a process's environment

// A program that prints credentials: https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
struct ExecPlugin {
  std::string api_version;  // client.authentication.k8s.io/v1 or v1beta1
  std::string command;      // absolute, or looked up in PATH
  std::vector<std::string> args;
  Variables environment;  // on top of ours
  std::string install_hint;
  bool wants_cluster_info = false;
  doc::Value cluster_config;  // the cluster's extension for plugins
};

// One context, whole: cluster, user, namespace.
struct KubeConfig {
  std::string context, cluster, user;  // their names, for messages
  std::string server;                  // https://host:port, without a slash at the end
  std::string ns;                      // of the context; may be empty
  core::TlsSettings tls;               // whom to trust; our own certificate is below

  std::string token;
  std::string token_file;  // read again while running; wins over `token`
  std::string username, password;
  std::string certificate, key;  // PEM
  std::string certificate_file, key_file;
  std::string impersonated_user, impersonated_uid;
  std::vector<std::string> impersonated_groups;
  std::optional<ExecPlugin> exec;
  Variables environment;  // what a plugin inherits
};

struct KubeFile {
  std::string path;  // absolute: what the file names is relative to its directory
  std::string text;
};

// The context of that name, or the current one. Of several files the first that names a thing wins. invalid_argument
// with file, line and column; unimplemented for what is known and not supported (proxy-url, auth-provider).
Result<KubeConfig> parse_kube_config(std::span<const KubeFile> files, std::string_view context = {});

// `path` when it is given; else the files of KUBECONFIG, else HOME/.kube/config, else what a Pod finds in itself.
// not_found when there is none of these.
Result<KubeConfig> load_kube_config(const core::Files& files, const Variables& environment,
                                    const std::string& path = {}, std::string_view context = {});

// Of the service account that this Pod runs as. failed_precondition outside of a cluster.
Result<KubeConfig> in_cluster_config(const core::Files& files, const Variables& environment);

}  // namespace slipway::objects
