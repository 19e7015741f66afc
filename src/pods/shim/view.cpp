#include "pods/shim/view.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/world/descriptor.hpp"

namespace slipway::pods::shim {
namespace {

using core::Descriptor;

constexpr int most_links = 40;  // as the kernel has it

std::unexpected<Error> refused(const std::string& what) {
  const int why = errno;
  return fail(why == EPERM || why == EACCES ? Code::permission_denied : Code::internal,
              "cannot " + what + ": " + std::strerror(why));
}

bool write_file(const char* path, const std::string& text) {
  const Descriptor fd(::open(path, O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Who may not make a mount namespace may still do so inside a user namespace of his own, where he stays who he is.
Result<> unshare_mounts() {
  if (::unshare(CLONE_NEWNS) != 0) {
    const std::string user = std::to_string(::geteuid());
    const std::string group = std::to_string(::getegid());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return refused("make a mount namespace");
    if (!write_file("/proc/self/setgroups", "deny") || !write_file("/proc/self/uid_map", user + " " + user + " 1") ||
        !write_file("/proc/self/gid_map", group + " " + group + " 1")) {
      return refused("map the user into a user namespace");
    }
  }
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return refused("make mounts private");
  return {};
}

// A name of its own is a courtesy: without it everything works.
void take_host_name(const std::string& name) {
  if (name.empty() || ::unshare(CLONE_NEWUTS) != 0) return;
  [[maybe_unused]] const int named = ::sethostname(name.data(), std::min<std::size_t>(name.size(), HOST_NAME_MAX));
}

Result<> mount_memory(const std::string& at) {
  if (::mount("slipway", at.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64m") != 0)
    return refused("mount a file system in memory at " + at);
  // Else the machine's tree, which holds this place, would be copied into itself.
  if (::mount(nullptr, at.c_str(), nullptr, MS_UNBINDABLE, nullptr) != 0) return refused("seal " + at);
  return {};
}

Result<> set_read_only(int directory, const std::string& path, bool wanted, bool with_all_below) {
  mount_attr attributes{};
  (wanted ? attributes.attr_set : attributes.attr_clr) = MOUNT_ATTR_RDONLY;
  const unsigned flags = (path.empty() ? AT_EMPTY_PATH : 0) | (with_all_below ? AT_RECURSIVE : 0);
  if (::mount_setattr(directory, path.c_str(), flags, &attributes, sizeof attributes) != 0)
    return refused("make " + (path.empty() ? "a volume" : path) + " read-only");
  return {};
}

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (std::string part = path.substr(at, end - at); !part.empty() && part != ".") parts.push_back(std::move(part));
    at = end + 1;
  }
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string path;
  for (const auto& part : parts) path += "/" + part;
  return path;
}

// Where `path` leads inside `root`, through its symbolic links ("/var/run" is "/run"); what is not there stays as it
// is.
Result<std::vector<std::string>> resolve(const std::string& root, const std::string& path) {
  std::vector<std::string> rest = split(path);
  std::ranges::reverse(rest);
  std::vector<std::string> found;
  int links = 0;
  while (!rest.empty()) {
    const std::string part = std::move(rest.back());
    rest.pop_back();
    if (part == "..") {
      if (!found.empty()) found.pop_back();
      continue;
    }
    found.push_back(part);
    std::string target(4096, '\0');
    const ssize_t size = ::readlink((root + joined(found)).c_str(), target.data(), target.size());
    if (size < 0) continue;
    if (++links > most_links) return fail(Code::invalid_argument, path + " has too many symbolic links");
    target.resize(static_cast<std::size_t>(size));
    found.pop_back();
    if (target.starts_with('/')) found.clear();
    std::vector<std::string> parts = split(target);
    for (auto it = parts.rbegin(); it != parts.rend(); ++it) rest.push_back(*it);
  }
  return found;
}

// Mount points, as a tree of names. A leaf is a mount point.
struct Place {
  std::map<std::string, Place> inside;
  bool is_file = false;
};

bool is_below(const std::string& path, const std::string& directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

Result<Place> places_of(const Confinement& confinement) {
  Place root;
  for (const Mount& mount : confinement.mounts) {
    const bool is_inside_another = std::ranges::any_of(confinement.mounts, [&](const Mount& other) {
      return other.target != mount.target && is_below(mount.target, other.target);
    });
    if (is_inside_another) continue;  // its mount point is that volume's affair
    TRY_ASSIGN(const auto parts, resolve(confinement.root, mount.target));
    Place* place = &root;
    for (const auto& part : parts) place = &place->inside[part];
    struct stat source{};
    place->is_file = ::stat((mount.source + "/" + mount.sub_path).c_str(), &source) == 0
                         ? !S_ISDIR(source.st_mode)
                         : ::stat(mount.source.c_str(), &source) == 0 && !S_ISDIR(source.st_mode);
  }
  return root;
}

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}
bool is_there(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

// Whether every mount point below is there already.
bool is_complete(const std::string& from, const Place& place) {
  return std::ranges::all_of(place.inside, [&](const auto& entry) {
    const std::string path = from + "/" + entry.first;
    return is_there(path) && is_complete(path, entry.second);
  });
}

Result<> touch(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return refused("make " + path);
  return {};
}

Result<> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return refused("make " + path);
  return {};
}

// As open as the directory that it stands for, and no more.
Result<> make_like(const std::string& from, const std::string& to) {
  struct stat status{};
  if (::stat(from.c_str(), &status) != 0) return refused("look at " + from);
  TRY(make_directory(to));
  // Without other users' rights it stays ours, with theirs.
  if (::lchown(to.c_str(), status.st_uid, status.st_gid) != 0 && errno != EPERM && errno != EINVAL)
    return refused("give away " + to);
  if (::chmod(to.c_str(), status.st_mode & 07777) != 0) return refused("set the mode of " + to);
  return {};
}

// Shows at `to` what is at `from`, whatever that is.
Result<> show(const std::string& from, const std::string& to) {
  struct stat status{};
  if (::lstat(from.c_str(), &status) != 0) return {};  // it went meanwhile
  if (S_ISLNK(status.st_mode)) {
    std::string target(4096, '\0');
    const ssize_t size = ::readlink(from.c_str(), target.data(), target.size());
    if (size >= 0) target.resize(static_cast<std::size_t>(size));
    if (size < 0 || ::symlink(target.c_str(), to.c_str()) != 0) return refused("copy the link " + from);
    return {};
  }
  TRY(S_ISDIR(status.st_mode) ? make_directory(to) : touch(to));
  if (::mount(from.c_str(), to.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) return refused("show " + from);
  return {};
}

Result<> make_places(const std::string& at, const Place& place) {
  if (place.inside.empty()) return place.is_file ? touch(at) : make_directory(at);
  TRY(make_directory(at));
  for (const auto& [name, below] : place.inside) TRY(make_places(at + "/" + name, below));
  return {};
}

using IsWanted = bool (*)(std::string_view name);
bool is_anything(std::string_view) { return true; }
bool is_not_dev(std::string_view name) { return name != "dev"; }

// A directory of our own with what `from` has and is wanted, and the mount points that it lacks.
Result<> mirror(const std::string& from, const std::string& to, const Place& place, IsWanted is_wanted = is_anything) {
  const std::unique_ptr<DIR, decltype([](DIR* directory) { ::closedir(directory); })> directory(
      ::opendir(from.c_str()));
  if (!directory) return refused("read " + from);
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || place.inside.contains(name) || !is_wanted(name)) continue;
    TRY(show(from + "/" + name, to + "/" + name));
  }
  for (const auto& [name, below] : place.inside) {
    const std::string here = from + "/" + name;
    const std::string there = to + "/" + name;
    if (!is_there(here)) {
      TRY(make_places(there, below));
    } else if (is_directory(here) && !is_complete(here, below)) {
      TRY(make_like(here, there));
      TRY(mirror(here, there, below));
    } else {
      TRY(show(here, there));
    }
  }
  return {};
}

// What a container runtime gives, and the processors that models run on.
bool is_usual_device(std::string_view name) {
  constexpr std::array<std::string_view, 14> usual{"null", "zero",   "full", "random", "urandom", "tty",    "ptmx",
                                                   "pts",  "mqueue", "shm",  "fd",     "stdin",   "stdout", "stderr"};
  return std::ranges::find(usual, name) != usual.end() || name.starts_with("nvidia") || name == "dri" || name == "kfd";
}

// The root of an image, which others have too, at `at`: what is written there goes into `layer`.
Result<> mount_layer_over(const std::string& root, const std::string& layer, const std::string& at) {
  TRY(make_directory(layer));
  for (const char* part : {"/changes", "/work"}) TRY(make_like(root, layer + part));
  const Descriptor lower(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Descriptor upper(::open((layer + "/changes").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Descriptor work(::open((layer + "/work").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto path_of = [](const Descriptor& fd) { return "/proc/self/fd/" + std::to_string(fd.get()); };  // no commas
  const std::string options =
      "userxattr,lowerdir=" + path_of(lower) + ",upperdir=" + path_of(upper) + ",workdir=" + path_of(work);
  if (::mount("slipway", at.c_str(), "overlay", MS_NODEV, options.c_str()) != 0)
    return refused("lay a layer of its own over the image, which readOnlyRootFilesystem does without");
  if (::mount(nullptr, at.c_str(), nullptr, MS_UNBINDABLE, nullptr) != 0) return refused("seal " + at);
  return {};
}

// An image has no devices: it gets some of the machine's, in a directory of its own.
Result<> show_devices(const Confinement& confinement, const std::string& at, const Place& places) {
  TRY(make_directory(at));
  TRY(mount_memory(at));
  return mirror("/dev", at, places, confinement.all_devices ? is_anything : is_usual_device);
}

Result<> show_image(const Confinement& confinement, const std::string& scratch, Place places) {
  const bool has_layer = confinement.keeps_root && !confinement.read_only_root;
  if (has_layer) {
    TRY(mount_layer_over(confinement.root, scratch + ".layer", scratch));
  } else {
    TRY(mount_memory(scratch));
  }
  const auto is_at_dev = [](const Mount& mount) { return mount.target == "/dev"; };
  const bool brings_devices = std::ranges::any_of(confinement.mounts, is_at_dev);
  Place devices;
  if (!brings_devices) devices = std::exchange(places.inside["dev"], {}), places.inside.erase("dev");
  if (!has_layer) {
    TRY(mirror(confinement.root, scratch, places, brings_devices ? is_anything : is_not_dev));
  }
  return brings_devices ? Result<>() : show_devices(confinement, scratch + "/dev", devices);
}

Result<> show_machine(const std::string& scratch, const Place& places) {
  TRY(mount_memory(scratch));
  return mirror("/", scratch, places);
}

Descriptor open_in(int root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return Descriptor(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
}

constexpr mode_t usual_mode = 0755;

// Opens `path` inside `root`, whatever links are on the way, and makes it when it is not there, directories with
// `mode`.
Result<Descriptor> open_or_make(int root, const std::string& path, bool as_directory, mode_t mode = usual_mode) {
  if (auto found = open_in(root, path.empty() ? "." : path)) return found;
  if (errno != ENOENT) return refused("open " + path);
  std::vector<std::string> parts = split(path);
  if (parts.empty()) return refused("open " + path);
  const std::string name = std::move(parts.back());
  parts.pop_back();
  TRY_ASSIGN(const Descriptor parent, open_or_make(root, joined(parts), true, mode));
  if (as_directory) {
    const bool is_made = ::mkdirat(parent.get(), name.c_str(), 0700) == 0;
    if (!is_made && errno != EEXIST) return refused("make " + path);
    if (is_made && ::fchmodat(parent.get(), name.c_str(), mode, 0) != 0) return refused("set the mode of " + path);
  } else if (::mknodat(parent.get(), name.c_str(), S_IFREG | 0644, 0) != 0 && errno != EEXIST) {
    return refused("make " + path);
  }
  auto made = open_in(root, path);
  if (!made) return refused("open " + path);
  return made;
}

Result<> attach(int root, const Mount& mount) {
  Descriptor source(::open(mount.source.c_str(), O_PATH | O_CLOEXEC));
  if (!source) return refused("open " + mount.source);
  struct stat status{};
  if (::fstat(source.get(), &status) != 0) return refused("open " + mount.source);
  if (!mount.sub_path.empty()) {  // as open as its volume, else only root could write to it
    TRY_ASSIGN(source, open_or_make(source.get(), mount.sub_path, true, status.st_mode & 07777));
    if (::fstat(source.get(), &status) != 0) return refused("open " + mount.sub_path);
  }
  TRY_ASSIGN(const Descriptor target, open_or_make(root, mount.target, S_ISDIR(status.st_mode)));
  const auto path_of = [](const Descriptor& fd) { return "/proc/self/fd/" + std::to_string(fd.get()); };
  if (::mount(path_of(source).c_str(), path_of(target).c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
    return refused("mount a volume at " + mount.target);
  if (!mount.read_only) return {};
  const Descriptor mounted = open_in(root, mount.target);  // what is on top there by now
  if (!mounted) return refused("open " + mount.target);
  return set_read_only(mounted.get(), "", true, true);
}

// Devices, processes and what the kernel tells stay as they are; /dev may be a directory of ours with mounts in it.
Result<> make_root_read_only(const std::string& root) {
  TRY(set_read_only(AT_FDCWD, root, true, true));
  for (const char* name : {"/dev", "/dev/shm", "/dev/mqueue", "/dev/pts", "/proc"}) {
    if (!set_read_only(AT_FDCWD, root + name, false, true)) [[maybe_unused]]
      auto at_least_itself = set_read_only(AT_FDCWD, root + name, false, false);
  }
  return {};
}

Result<> pivot_to(const std::string& root) {
  if (::chdir(root.c_str()) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0) return refused("change the root");
  if (::umount2(".", MNT_DETACH) != 0 || ::chdir("/") != 0) return refused("leave the old root");
  return {};
}

}  // namespace

Result<> take_own_view(const Confinement& confinement, const std::string& scratch) {
  TRY(unshare_mounts());
  take_host_name(confinement.host_name);
  TRY(make_directory(scratch));
  TRY_ASSIGN(const Place places, places_of(confinement));
  TRY(confinement.root.empty() ? show_machine(scratch, places) : show_image(confinement, scratch, places));
  if (confinement.read_only_root) TRY(make_root_read_only(scratch));
  std::vector<Mount> mounts = confinement.mounts;
  std::ranges::sort(mounts, {}, &Mount::target);  // what is inside another comes after it
  const Descriptor root(::open(scratch.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return refused("open " + scratch);
  for (const Mount& mount : mounts) TRY(attach(root.get(), mount));
  return pivot_to(scratch);
}

Result<> try_own_view() {
  TRY(unshare_mounts());
  TRY(mount_memory("/tmp"));
  if (::mkdir("/tmp/proc", 0755) != 0 || ::mount("/proc", "/tmp/proc", nullptr, MS_BIND | MS_REC, nullptr) != 0)
    return refused("bind a directory");
  return set_read_only(AT_FDCWD, "/tmp/proc", true, false);
}

}  // namespace slipway::pods::shim
