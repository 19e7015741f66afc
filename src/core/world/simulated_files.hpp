#pragma once
// SimulatedFiles: a file system in memory with the real one's errors, and a disk that can be full. Inside the
// simulated world only.

#include <map>
#include <set>

#include "core/world/simulated.hpp"
#include "core/world/simulated_queue.hpp"

namespace slipway::core {

class SimulatedFiles final : public Files {
 public:
  SimulatedFiles(const Faults& faults, SeededRandom& luck) : faults_(faults), luck_(luck) {}

  Result<std::string> read(const std::string& path) const override;
  Result<> write_atomic(const std::string& path, std::string_view bytes, int mode) override;
  Result<> write_derived(const std::string& path, std::string_view bytes, int mode) override {
    return write_atomic(path, bytes, mode);
  }
  bool exists(const std::string& path) const override;
  Result<std::vector<std::string>> list(const std::string& directory) const override;
  Result<> make_directories(const std::string& path, int mode) override;
  Result<> remove_tree(const std::string& path) override;

  // What a process does to its log. The file is made when absent.
  Result<> append(const std::string& path, std::string_view bytes);
  bool is_directory(const std::string& path) const;

 private:
  const Faults& faults_;
  SeededRandom& luck_;
  std::map<std::string, std::string> files_;
  std::set<std::string> directories_ = {"/", "/tmp"};
};

}  // namespace slipway::core
