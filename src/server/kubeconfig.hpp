#pragma once
// Kubeconfigs for kubectl and the libraries: what is in them, and what stays in a file that others write to as well.

#include <string>
#include <string_view>
#include <vector>

#include "core/doc.hpp"

namespace slipway::server {

// Before a person's id: the name of his user and context in a kubeconfig of several people.
inline constexpr std::string_view person_prefix = "slipway-";

// How somebody proves who he is: {"token": ...}, or {"client-certificate-data": ..., "client-key-data": ...}.
struct KubeUser {
  std::string name;     // of the user's entry
  std::string context;  // of the context by which he is chosen; the first user's is the current one
  doc::Object credentials;
};

// One cluster, "slipway", and a context for each user. `authority`: PEM.
doc::Value kubeconfig_of(const std::string& server, const std::string& authority, const std::vector<KubeUser>& users);

// `ours` put into a kubeconfig that is there, as YAML: entries of the same names are replaced, everything else stays,
// and so do the namespace of our contexts and a current context that still is one. Entries that an earlier start wrote
// for people who are not among `ours` any more go. What cannot be read as a kubeconfig is invalid_argument.
Result<std::string> merge_kubeconfig(std::string_view there, std::string_view path, const doc::Value& ours);

}  // namespace slipway::server
