#pragma once
// ImageStore: the images of archives, unpacked once each into a directory named by their digest, and kept there for
// all who run them. Not for which image a container gets: images.hpp.
//
// Thread: the control loop only; the unpacking is beside it.

#include <map>

#include "core/world/background.hpp"
#include "pods/images.hpp"
#include "pods/images/archive.hpp"

namespace slipway::pods::images {

class ImageStore {
 public:
  // World outlives it. `directory` is made with the first image.
  ImageStore(core::World& world, std::string directory);

  // As it was last unpacked from there; nullptr: never. `name` is the image's in an archive of several.
  const ImageRuntime* find(const std::string& archive, const std::string& name);
  // Whether the archive is still what was unpacked.
  bool is_current(const std::string& archive, const std::string& name);

  struct Pull {
    bool is_running = false;
    int failures = 0;  // in a row
    std::string problem;
    Instant again_at{};  // after a problem
    Duration took{};     // the last one that went well
  };
  // Begins when there is nothing under way and its time has come. `changed` runs on the loop when it has ended.
  Pull pull(const std::string& archive, const std::string& name, std::function<void()> changed);

 private:
  using Key = std::pair<std::string, std::string>;  // archive, name
  struct Source {
    std::string digest;
    std::string stamp;  // of the archive when it was read
  };
  void load();
  void finish(const Key& key, const std::string& stamp, Instant began, Result<ImageRuntime> unpacked);
  Result<> save_sources();

  core::World& world_;
  std::string directory_;
  bool is_loaded_ = false;
  std::map<Key, Source> sources_;
  std::map<std::string, ImageRuntime> images_;  // by digest
  std::map<Key, Pull> pulls_;
  std::map<Key, std::vector<std::function<void()>>> waiting_;
  core::BackgroundTasks background_;
};

}  // namespace slipway::pods::images
