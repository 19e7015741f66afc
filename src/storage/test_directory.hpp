#pragma once
// A directory of one test, removed at its end. For tests.

#include <sys/mount.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace slipway::storage {

class TestDirectory {
 public:
  TestDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "slipway-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TestDirectory() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  const std::string& path() const { return path_; }

  // Makes it a file system of that size ("1m"); false when this user may not.
  bool mount_tmpfs(const std::string& size) {
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    return mounted_;
  }

 private:
  std::string path_;
  bool mounted_ = false;
};

}  // namespace slipway::storage
