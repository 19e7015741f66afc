#include "pods/images/unpack.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/number.hpp"
#include "pods/images/streams.hpp"

namespace slipway::pods::images {
namespace {

using core::Descriptor;

constexpr std::string_view whiteout = ".wh.";
constexpr std::string_view opaque = ".wh..wh..opq";
constexpr int deepest = 256;                 // directories in each other that are removed
constexpr std::size_t most_users = 1 << 20;  // bytes of /etc/passwd

std::unexpected<Error> refused(const std::string& what) {
  return fail(errno == ENOSPC ? Code::resource_exhausted : Code::internal,
              "cannot unpack " + what + ": " + std::strerror(errno));
}

// Inside `root`, whatever links are on the way.
Descriptor open_in(int root, const std::string& path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return Descriptor(
      static_cast<int>(::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how)));
}

std::pair<std::string, std::string> split_last(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

Result<> remove_at(int parent, const std::string& name, int depth);

Result<> remove_inside(int directory, int depth) {
  if (depth > deepest) return fail(Code::data_loss, "a broken image: its directories are too deep");
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, decltype([](DIR* open) { ::closedir(open); })> open(copy < 0 ? nullptr
                                                                                          : ::fdopendir(copy));
  if (!open) return refused("what a layer takes away");
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") TRY(remove_at(directory, name, depth));
  }
  return {};
}

// Absent is fine.
Result<> remove_at(int parent, const std::string& name, int depth) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return refused(name);
  {
    const Descriptor directory(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) return refused(name);
    TRY(remove_inside(directory.get(), depth + 1));
  }
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0) return refused(name);
  return {};
}

class Unpacker {
 public:
  explicit Unpacker(int root) : root_(root), is_root_(::geteuid() == 0) {}

  // What the layer takes away of those below, and that it is what it should be: nothing of it is written before.
  Result<> take_away(const Layer& layer, const std::stop_token& stop) {
    const auto packed = std::make_shared<core::Hasher>();
    const auto contents = std::make_shared<core::Hasher>();
    TRY_ASSIGN(const ReadBytes read, open_layer(layer, packed, contents));
    TRY(for_each_entry(read, stop, [](TarReader&, const TarEntry&) { return Result<>(); }));
    TRY(drain(read));
    if (layer.digest && packed->finish() != *layer.digest)
      return fail(Code::data_loss, "a broken image: layer " + layer.digest->text() + " has other contents");
    if (contents->finish() != layer.contents)
      return fail(Code::data_loss, "a broken image: layer " + layer.contents.text() + " has other contents");
    TRY_ASSIGN(const ReadBytes again, open_layer(layer, nullptr, nullptr));
    return for_each_entry(again, stop, [this](TarReader&, const TarEntry& entry) { return take_away(entry); });
  }

  Result<> add(const Layer& layer, const std::stop_token& stop) {
    TRY_ASSIGN(const ReadBytes read, open_layer(layer, nullptr, nullptr));
    return for_each_entry(read, stop, [this](TarReader& tar, const TarEntry& entry) { return add(tar, entry); });
  }

 private:
  // Its digests go into the hashers, where there are any.
  static Result<ReadBytes> open_layer(const Layer& layer, const std::shared_ptr<core::Hasher>& packed,
                                      const std::shared_ptr<core::Hasher>& contents) {
    std::array<char, 4> magic{};
    const ReadBytes look =
        read_part(layer.blob.file->get(), layer.blob.begin, std::min<std::uint64_t>(layer.blob.size, 4));
    TRY_ASSIGN([[maybe_unused]] const std::size_t got, look(magic));
    const std::string_view begins(magic.data(), magic.size());
    ReadBytes read = read_part(layer.blob.file->get(), layer.blob.begin, layer.blob.size);
    if (packed) read = hashed(std::move(read), packed);
    if (begins == "\x28\xb5\x2f\xfd")
      return fail(Code::invalid_argument, "its layers are compressed by zstd, which is not read: use gzip");
    if (begins.starts_with("\x1f\x8b")) read = unzipped(std::move(read));
    if (contents) read = hashed(std::move(read), contents);
    return read;
  }

  template <class Visit>
  static Result<> for_each_entry(const ReadBytes& read, const std::stop_token& stop, Visit visit) {
    TarReader tar(read);
    while (true) {
      if (stop.stop_requested()) return fail(Code::cancelled, "unpacking was stopped");
      TRY_ASSIGN(const auto entry, tar.next());
      if (!entry) return {};
      TRY(visit(tar, *entry));
    }
  }

  Result<> take_away(const TarEntry& entry) {
    const auto [parent, name] = split_last(entry.path);
    if (!name.starts_with(whiteout)) return {};
    const std::string gone = name.substr(whiteout.size());
    if (gone.empty() || gone == "." || gone == "..")
      return fail(Code::data_loss, "a broken image: a whiteout of nothing");
    const Descriptor directory = open_in(root_, parent, O_RDONLY | O_DIRECTORY);
    if (!directory) return {};  // of a directory that no layer has
    if (name == opaque) return remove_inside(directory.get(), 0);
    return remove_at(directory.get(), gone, 0);
  }

  Result<Descriptor> parent_of(const std::string& path) {
    if (auto found = open_in(root_, path, O_PATH | O_DIRECTORY)) return found;
    if (errno != ENOENT || path.empty()) return refused(path);
    const auto [above, name] = split_last(path);
    TRY_ASSIGN(const Descriptor parent, parent_of(above));
    if (::mkdirat(parent.get(), name.c_str(), 0755) != 0 && errno != EEXIST) return refused(path);
    auto made = open_in(root_, path, O_PATH | O_DIRECTORY);
    if (!made) return refused(path);
    return made;
  }

  Result<> add(TarReader& tar, const TarEntry& entry) {
    const auto [above, name] = split_last(entry.path);
    if (name.starts_with(whiteout)) return {};
    if (name.empty()) return dress(root_, ".", entry);
    TRY_ASSIGN(const Descriptor parent, parent_of(above));
    if (entry.kind != TarEntry::Kind::directory) TRY(remove_at(parent.get(), name, 0));
    switch (entry.kind) {
      case TarEntry::Kind::directory:
        return add_directory(parent.get(), name, entry);
      case TarEntry::Kind::file:
        return add_file(parent.get(), name, tar, entry);
      case TarEntry::Kind::symbolic_link:
        if (entry.target.empty() || ::symlinkat(entry.target.c_str(), parent.get(), name.c_str()) != 0)
          return refused(entry.path);
        return dress(parent.get(), name, entry);
      case TarEntry::Kind::hard_link:
        return add_hard_link(parent.get(), name, entry);
      case TarEntry::Kind::fifo:
        if (::mknodat(parent.get(), name.c_str(), S_IFIFO | 0600, 0) != 0) return refused(entry.path);
        return dress(parent.get(), name, entry);
      case TarEntry::Kind::device:
        break;
    }
    if (above == "dev" || above.starts_with("dev/")) return {};  // containers get a /dev of their own
    return fail(Code::invalid_argument, "it has a device at /" + entry.path + ", which no container here may have");
  }

  Result<> add_directory(int parent, const std::string& name, const TarEntry& entry) {
    if (::mkdirat(parent, name.c_str(), 0755) != 0) {
      struct stat status{};
      if (errno != EEXIST || ::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return refused(entry.path);
      if (!S_ISDIR(status.st_mode)) {
        TRY(remove_at(parent, name, 0));
        if (::mkdirat(parent, name.c_str(), 0755) != 0) return refused(entry.path);
      }
    }
    return dress(parent, name, entry);
  }

  Result<> add_file(int parent, const std::string& name, TarReader& tar, const TarEntry& entry) {
    const Descriptor file(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return refused(entry.path);
    while (true) {
      TRY_ASSIGN(const std::size_t got, tar.read(buffer_));
      if (got == 0) break;
      for (std::size_t at = 0; at < got;) {
        const ssize_t written = ::write(file.get(), buffer_.data() + at, got - at);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return refused(entry.path);
        at += static_cast<std::size_t>(written);
      }
    }
    return dress(parent, name, entry);
  }

  Result<> add_hard_link(int parent, const std::string& name, const TarEntry& entry) {
    TRY_ASSIGN(const std::string target, plain_path(entry.target));
    const auto [above, last] = split_last(target);
    const Descriptor directory = open_in(root_, above, O_PATH | O_DIRECTORY);
    if (!directory || last.empty() || ::linkat(directory.get(), last.c_str(), parent, name.c_str(), 0) != 0)
      return fail(Code::data_loss, "a broken image: /" + entry.path + " is a link to what is not there");
    return {};
  }

  // Owner, mode and time. A directory stays one that its owner can go into, if that is not root.
  Result<> dress(int parent, const std::string& name, const TarEntry& entry) {
    const bool is_link = entry.kind == TarEntry::Kind::symbolic_link;
    unsigned mode = entry.mode;
    if (is_root_) {
      if (::fchownat(parent, name.c_str(), static_cast<uid_t>(entry.user), static_cast<gid_t>(entry.group),
                     AT_SYMLINK_NOFOLLOW) != 0)
        return refused(entry.path);
    } else {
      mode &= ~06000U;
      if (entry.kind == TarEntry::Kind::directory) mode |= 0700;
    }
    if (!is_link && ::fchmodat(parent, name.c_str(), mode, 0) != 0) return refused(entry.path);
    timespec time{};
    time.tv_sec = static_cast<time_t>(entry.changed_at);
    const std::array<timespec, 2> times{time, time};
    [[maybe_unused]] const int set = ::utimensat(parent, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
    return {};
  }

  int root_;
  bool is_root_;
  std::array<char, 256 * 1024> buffer_;
};

// The fields of the line that begins with `name`, or has it as its number, of a file such as /etc/passwd.
std::optional<std::vector<std::string>> entry_of(const std::string& text, const std::string& name, bool by_number) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::vector<std::string> fields;
    for (std::size_t begin = at; begin <= end;) {
      const std::size_t colon = std::min(text.find(':', begin), end);
      fields.push_back(text.substr(begin, colon - begin));
      begin = colon + 1;
    }
    at = end + 1;
    if (fields.size() >= 4 && fields[by_number ? 2 : 0] == name) return fields;
    if (fields.size() == 3 && !by_number && fields[0] == name) return fields;
  }
  return std::nullopt;
}

std::string read_in(int root, const std::string& path) {
  const Descriptor file = open_in(root, path, O_RDONLY | O_NONBLOCK);
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  std::string text(most_users, '\0');
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

}  // namespace

Result<> unpack(const Image& image, const std::string& directory, const std::stop_token& stop) {
  if (::mkdir(directory.c_str(), 0755) != 0 || ::chmod(directory.c_str(), 0755) != 0) return refused(directory);
  const Descriptor root(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return refused(directory);
  const auto unpacker = std::make_unique<Unpacker>(root.get());
  for (const Layer& layer : image.layers) {
    TRY(unpacker->take_away(layer, stop));
    TRY(unpacker->add(layer, stop));
  }
  if (::syncfs(root.get()) != 0) return refused(directory);
  return {};
}

Result<ImageRuntime::User> user_in(const std::string& directory, const std::string& user) {
  ImageRuntime::User found;
  if (user.empty()) return found;
  const Descriptor root(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return refused(directory);
  const std::size_t colon = std::min(user.find(':'), user.size());
  const std::string name = user.substr(0, colon);
  const auto number = core::parse_number<std::uint32_t>(name);
  const auto entry = entry_of(read_in(root.get(), "etc/passwd"), name, number.has_value());
  found.is_by_name = !number;
  if (!number && !entry) return fail(Code::not_found, "its user \"" + name + "\" is not in its /etc/passwd");
  found.user = number ? *number : core::parse_number<std::uint32_t>((*entry)[2]).value_or(0);
  if (entry) found.group = core::parse_number<std::uint32_t>((*entry)[3]).value_or(0);
  if (colon == user.size()) return found;
  const std::string group = user.substr(colon + 1);
  const auto group_number = core::parse_number<std::uint32_t>(group);
  const auto group_entry = entry_of(read_in(root.get(), "etc/group"), group, false);
  if (!group_number && !group_entry)
    return fail(Code::not_found, "its group \"" + group + "\" is not in its /etc/group");
  found.group = group_number ? *group_number : core::parse_number<std::uint32_t>((*group_entry)[2]).value_or(0);
  return found;
}

}  // namespace slipway::pods::images
