#include "server/backup_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "core/error.hpp"

namespace slipway::server {
namespace {

namespace fs = std::filesystem;

Result<> make_private_directory(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail(core::from_errno(errno, "make " + path.string()));
}

// False when it vanished.
Result<bool> copy_entry(const fs::path& from, const fs::path& to, CopyMode mode) {
  std::error_code problem;
  if (fs::is_symlink(fs::symlink_status(from, problem))) {
    fs::copy_symlink(from, to, problem);
  } else {
    if (mode == CopyMode::link && ::link(from.c_str(), to.c_str()) == 0) return true;
    fs::copy_file(from, to, fs::copy_options::overwrite_existing, problem);
  }
  if (!problem) return true;
  std::error_code gone;
  if (!fs::exists(fs::symlink_status(from, gone))) return false;
  return fail(core::from_errno(problem.value(), "copy " + from.string() + " to " + to.string()));
}

}  // namespace

Result<Copied> copy_tree(const std::string& from, const std::string& to, CopyMode mode,
                         const std::function<bool(const std::string&)>& wants) {
  Copied copied;
  std::error_code problem;
  if (!fs::exists(from, problem)) return copied;
  TRY(make_private_directory(to));
  fs::recursive_directory_iterator walk(from, fs::directory_options::none, problem);
  for (; !problem && walk != fs::recursive_directory_iterator(); walk.increment(problem)) {
    const auto relative = walk->path().lexically_relative(from);
    std::error_code vanished;
    const auto status = walk->symlink_status(vanished);
    if (wants && !wants(relative.string())) {
      if (fs::is_directory(status)) walk.disable_recursion_pending();
    } else if (fs::is_directory(status)) {
      TRY(make_private_directory(fs::path(to) / relative));
    } else if (fs::is_regular_file(status) || fs::is_symlink(status)) {
      TRY_ASSIGN(const bool is_there, copy_entry(walk->path(), fs::path(to) / relative, mode));
      if (!is_there) continue;
      ++copied.files;
      copied.bytes += fs::is_regular_file(status) ? fs::file_size(fs::path(to) / relative, vanished) : 0;
    }
  }
  if (problem) return fail(core::from_errno(problem.value(), "read " + from));
  return copied;
}

Result<> sync_file_system(const std::string& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return fail(core::from_errno(errno, "open " + directory));
  const int result = ::syncfs(descriptor);
  const int problem = errno;
  ::close(descriptor);
  if (result != 0) return fail(core::from_errno(problem, "write " + directory + " to the disk"));
  return {};
}

}  // namespace slipway::server
