#include "core/number.hpp"
#include "core/world/world.hpp"
#include "pods/volumes/disk.hpp"

namespace slipway::pods::volumes {
namespace {

class SimulatedDisk final : public VolumeDisk {
 public:
  explicit SimulatedDisk(core::Files& files) : files_(files) {}

  FileKind kind_of(const std::string& path) const override {
    if (files_.list(path)) return FileKind::directory;
    return files_.exists(path) ? FileKind::file : FileKind::absent;
  }
  Result<> make_directory(const std::string& path, int mode, const Owner&) override {
    return files_.make_directories(path, mode);
  }
  Result<> make_private(const std::string& path) override { return files_.make_directories(path, 0700); }
  bool is_private(const std::string& path) const override { return kind_of(path) == FileKind::directory; }
  std::string read_first(const std::string& path, std::size_t most) const override {
    return files_.read(path).value_or("").substr(0, most);
  }
  Result<> make_file(const std::string& path, int mode) override { return files_.write_derived(path, "", mode); }
  Result<> rewrite_file(const std::string& path, const std::string& bytes, int mode) override {
    TRY(files_.make_directories(path.substr(0, path.rfind('/'))));
    return files_.write_derived(path, bytes, mode);
  }
  Result<> make_directory_of_pod(const std::string& path, int mode, const Owner& owner) override {
    return make_directory(path, mode, owner);
  }
  Result<> make_file_of_pod(const std::string& path, int mode) override { return make_file(path, mode); }

  Result<> publish(const std::string& directory, const Payload& payload, const Owner&) override {
    TRY(files_.make_directories(directory));
    TRY_ASSIGN(const auto names, files_.list(directory));
    for (const auto& name : names) {
      if (!payload.contains(name)) TRY(files_.remove_tree(directory + "/" + name));
    }
    for (const auto& [path, file] : payload) {
      TRY(files_.make_directories((directory + "/" + path).substr(0, (directory + "/" + path).rfind('/'))));
      TRY(files_.write_derived(directory + "/" + path, file.bytes, file.mode));
    }
    return {};
  }

  std::uint64_t usage(const std::string& path) const override {
    if (auto bytes = files_.read(path)) return bytes->size();
    std::uint64_t sum = 0;
    if (auto names = files_.list(path)) {
      for (const auto& name : *names) sum += usage(path + "/" + name);
    }
    return sum;
  }

  // As the file ".room" says: "FREE TOTAL".
  std::optional<Room> room(const std::string& directory) const override {
    const std::string text = files_.read(directory + "/.room").value_or("1000000 1000000");
    const std::size_t space = text.find(' ');
    return Room{core::parse_number<std::uint64_t>(text.substr(0, space)).value_or(0),
                core::parse_number<std::uint64_t>(text.substr(space + 1)).value_or(0)};
  }

 private:
  core::Files& files_;
};

}  // namespace

std::unique_ptr<VolumeDisk> make_simulated_disk(core::Files& files) { return std::make_unique<SimulatedDisk>(files); }

}  // namespace slipway::pods::volumes
