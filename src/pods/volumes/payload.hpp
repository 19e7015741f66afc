#pragma once
// The files of volumes that are made of objects: configMap, secret, downwardAPI, projected. Pure but for what `find`
// reads and `token` issues.

#include <functional>

#include "pods/environment_sources.hpp"
#include "pods/volumes/disk.hpp"

namespace slipway::pods::volumes {

struct PayloadSources {
  const FindSource& find;
  std::string pod_ip;
  // Of a serviceAccountToken projection.
  std::function<Result<std::string>(const doc::Value& projection)> token;
  bool is_token_private = true;  // its reader owns the files; else whoever the containers run as must read them
};

bool is_payload(const doc::Value& volume);
// not_found in the kubelet's words: what is named is not there and not optional; invalid_argument: a field means
// nothing.
Result<Payload> payload_of(const objects::Object& pod, const doc::Value& volume, const PayloadSources& sources);

}  // namespace slipway::pods::volumes
