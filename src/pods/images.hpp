#pragma once
// What stands for an image on a machine that pulls none: a program of the machine, perhaps in a directory that is its
// root file system, or the image itself in an archive (images/image_store.hpp unpacks it). Pure.

#include <string>
#include <utility>
#include <vector>

#include "core/doc.hpp"

namespace slipway::pods {

struct ImageRuntime {
  std::string match;                 // "vllm/vllm-openai:*"; a "*" is any text
  std::vector<std::string> command;  // as the image's ENTRYPOINT, with $(VAR) as in a Pod
  std::vector<std::string> args;     // and its CMD
  std::vector<std::pair<std::string, std::string>> environment;
  std::string root;     // absolute; empty: the machine's own "/"
  std::string archive;  // an absolute path; the rest is then the image's own where it is empty here

  // What only unpacked images have.
  std::string id = {};         // the digest of its config
  std::string directory = {};  // where its program starts
  struct User {
    std::int64_t user = 0;
    std::int64_t group = 0;
    bool is_by_name = false;
    bool operator==(const User&) const = default;
  };
  std::optional<User> user = {};  // whom it runs as
};

// "docker.io/library/nginx" and "nginx" are both "nginx:latest".
std::string plain_image_name(std::string image);

// The first that matches; nullptr when none does. "nginx" is docker.io/library/nginx:latest, as everywhere.
const ImageRuntime* find_image(const std::vector<ImageRuntime>& images, const std::string& image);

// The container with the command and args that it runs by: its own, or those of `image`, which may be null.
doc::Value with_image(const doc::Value& container, const ImageRuntime* image);

}  // namespace slipway::pods
