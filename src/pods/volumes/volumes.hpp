#pragma once
// Volumes: makes the directories and files of a Pod's volumes, and says where a container has them. Not for how they
// come to be there in the container's view: that is the shim's (shim/view.hpp).
//
// Thread: the control loop only.

#include <map>

#include "objects/pod_token.hpp"
#include "objects/store.hpp"
#include "pods/environment_sources.hpp"
#include "pods/runtime.hpp"
#include "pods/volumes/disk.hpp"

namespace slipway::pods::volumes {

// Where a volume is on the machine.
struct Place {
  std::string path;
  bool read_only = false;
  bool operator==(const Place&) const = default;
};
using Places = std::map<std::string, Place>;  // by the volume's name

struct Limit {
  std::string volume;
  std::string path;
  std::uint64_t bytes = 0;
  std::string text;  // as the spec has it
};

class Volumes {
 public:
  // World, store and disk outlive it. `memory_directory` is in a file system that is memory; empty: there is none.
  Volumes(core::World& world, objects::Store& store, VolumeDisk& disk, objects::IssueToken issue_token,
          std::string memory_directory);

  // Makes what is not there, and brings what is made of objects up to date. Of a Pod's directory, that is; the volumes
  // are in "volumes" below it. unavailable: something is not there yet, and the message is a FailedMount Event's;
  // invalid_argument or unimplemented: it never will be.
  Result<Places> prepare(const objects::Object& pod, const std::string& pod_directory, const std::string& pod_ip);
  // When to prepare() again although nobody changed anything: for ConfigMaps and Secrets nobody told us about, and
  // before tokens run out. nullopt: never.
  static std::optional<Duration> renewal(const objects::Object& pod);
  // emptyDirs with a sizeLimit.
  std::vector<Limit> limits(const objects::Object& pod, const std::string& pod_directory) const;
  VolumeDisk& disk() const { return disk_; }

  // What is not below the Pod's directory.
  Result<> remove(const std::string& pod_uid);
  // Of Pods that are gone: everything that is kept in memory and not of `alive`.
  void sweep(const std::function<bool(const std::string& pod_uid)>& is_alive);

 private:
  struct Token {
    std::string text;
    Time renew_at{};
  };
  Result<Place> make(const objects::Object& pod, const doc::Value& volume, const std::string& pod_directory,
                     const std::string& pod_ip);
  Result<Place> make_empty(const objects::Object& pod, const doc::Value& volume, const std::string& pod_directory);
  Result<Place> check_host_path(const doc::Value& host_path);
  // `made_for`: the uid of the Pod whose own it must be; "" is anybody's.
  Result<Place> find_claim(const objects::Object& pod, const std::string& name, const std::string& made_for);
  Result<Place> find_own_claim(const objects::Object& pod, const std::string& volume);
  // `directory`: of the volume.
  Result<std::string> token_for(const objects::Object& pod, const std::string& volume, const std::string& directory,
                                const doc::Value& projection);
  std::optional<Token> published_token(const std::string& file, const std::string& pod_uid) const;
  // Where what is made of objects is shown.
  std::string path_of_payload(const objects::Object& pod, const doc::Value& volume, const std::string& pod_directory);
  bool is_shown(const std::string& path) const;  // a payload, to a program perhaps
  std::string path_in_memory(const objects::Object& pod, const doc::Value& volume) const;
  std::string path_of_empty(const objects::Object& pod, const doc::Value& volume,
                            const std::string& pod_directory) const;

  core::World& world_;
  objects::Store& store_;
  VolumeDisk& disk_;
  objects::IssueToken issue_token_;
  std::string memory_directory_;
  FindSource find_;
  std::map<std::string, Token> tokens_;  // by Pod's uid, volume and path
};

// Of volumeMounts. `variables` are what subPathExpr may name. invalid_argument.
Result<std::vector<Mount>> mounts_of(const doc::Value& container, const Places& places, const Variables& variables);

}  // namespace slipway::pods::volumes
