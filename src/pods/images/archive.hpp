#pragma once
// An image as it lies on this machine: a directory in the OCI layout, a tar of one, or what `docker save` and `podman
// save` write. Its own words only (index, manifest, config), each checked against its digest; layers are unpack.hpp's.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/digest.hpp"
#include "core/doc.hpp"
#include "core/world/descriptor.hpp"
#include "pods/images/tar.hpp"

namespace slipway::pods::images {

// What the image says of the program in it.
struct ImageConfig {
  std::vector<std::string> entrypoint, command;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string directory;
  std::string user;  // "1000", "app", "1000:1000"; "" is root
  bool operator==(const ImageConfig&) const = default;
};

// A part of a file that is open.
struct Blob {
  std::shared_ptr<const core::Descriptor> file;
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
};

struct Layer {
  Blob blob;
  std::optional<core::Digest> digest;  // of the blob, where the format has one
  core::Digest contents;               // of the tar that it is, decompressed
};

struct Image {
  core::Digest id;  // of its config
  ImageConfig config;
  std::vector<Layer> layers;  // the lowest first
};

// `name` tells which, where there are several. not_found: there is nothing at `path`, or no such image in it;
// invalid_argument: it is none, or for another machine; data_loss: it is broken.
Result<Image> open_image(const std::string& path, const std::string& name);

// Of the config's JSON text. invalid_argument, data_loss.
Result<std::pair<ImageConfig, std::vector<core::Digest>>> parse_config(std::string_view json);

}  // namespace slipway::pods::images
