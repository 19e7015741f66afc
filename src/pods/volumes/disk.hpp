#pragma once
// VolumeDisk: where the directories of volumes are. Two implementations: this machine, and one over core::Files for a
// simulated machine, which has neither links nor owners.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/result.hpp"

namespace slipway::core {
class Files;
}

namespace slipway::pods::volumes {

struct PayloadFile {
  std::string bytes;
  int mode = 0644;
  bool operator==(const PayloadFile&) const = default;
};
using Payload = std::map<std::string, PayloadFile>;  // by path inside the volume

// Absent: as the node.
struct Owner {
  std::optional<std::int64_t> user, group;
};

enum class FileKind { absent, directory, file, socket, character_device, block_device, other };

// Of a file system, in bytes.
struct Room {
  std::uint64_t free = 0;  // for who is not root
  std::uint64_t total = 0;
};

class VolumeDisk {
 public:
  virtual ~VolumeDisk() = default;
  virtual FileKind kind_of(const std::string& path) const = 0;
  // With everything on the way (0700). One that is there keeps what it is.
  virtual Result<> make_directory(const std::string& path, int mode, const Owner& owner) = 0;
  virtual Result<> make_file(const std::string& path, int mode) = 0;
  // The same below a Pod's directory, and without waiting for the disk: a shim does, before its program runs.
  virtual Result<> make_directory_of_pod(const std::string& path, int mode, const Owner& owner) = 0;
  virtual Result<> make_file_of_pod(const std::string& path, int mode) = 0;
  // In place: who has the file mounted sees what it says now.
  virtual Result<> rewrite_file(const std::string& path, const std::string& bytes, int mode) = 0;
  // A directory that nobody else can write to, at a place where others may have put something before:
  // failed_precondition then.
  virtual Result<> make_private(const std::string& path) = 0;
  virtual bool is_private(const std::string& path) const = 0;
  // The first `most` bytes of a file that a program may have made into anything: "" unless it is a plain file.
  virtual std::string read_first(const std::string& path, std::size_t most) const = 0;
  // Makes the directory show exactly these files, all of them at once, as a kubelet does: each name is a link through
  // "..data", which is swapped. Nothing happens when it shows them already.
  virtual Result<> publish(const std::string& directory, const Payload& payload, const Owner& owner) = 0;
  // What the files below take, in bytes. Thread-safe, and slow: for the background.
  virtual std::uint64_t usage(const std::string& path) const = 0;
  // Of the file system that has `directory`; nullopt: nobody can tell.
  virtual std::optional<Room> room(const std::string& directory) const = 0;
};

std::unique_ptr<VolumeDisk> make_real_disk();
std::unique_ptr<VolumeDisk> make_simulated_disk(core::Files& files);

}  // namespace slipway::pods::volumes
