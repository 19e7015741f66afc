#pragma once
// Runs the real git on one repository, in an environment that no configuration file of the machine reaches.

#include <string>
#include <vector>

#include "core/world/world.hpp"
#include "forge/forge.hpp"

namespace slipway::forge {

struct GitCall {
  std::string repository;              // a checked name; its path is appended where `arguments` say "{repository}"
  std::vector<std::string> arguments;  // after "git": "cat-file", ...
  std::vector<std::pair<std::string, std::string>> environment;  // added to the safe one
  std::string input;                                             // stdin...
  std::string input_file;                                        // ...or, when not empty, from this file
  std::string directory;                                         // working directory; "" = the repository's
  Duration timeout = std::chrono::seconds(60);
  std::size_t max_output = 64u * 1024 * 1024;
};

class Git {
 public:
  Git(core::World world, ForgeOptions options) : world_(world), options_(std::move(options)) {}

  // Directories and the hook that protects refs.
  Result<> prepare();
  std::string path_of(const std::string& repository) const {
    return options_.directory + "/repos/" + repository + ".git";
  }
  std::string scratch_path();  // a new name for a temporary file

  // Hands over whatever git printed and its exit code.
  void run_raw(GitCall call, Then<core::RunOutput> done);
  // Standard output of a successful run; a failed one is not_found with git's own last line.
  void run(GitCall call, Then<std::string> done);

 private:
  core::World world_;
  ForgeOptions options_;
};

// A moved or standing ref as git knows it.
struct Ref {
  std::string name;
  std::string object;  // what the ref names: a commit, or an annotated tag
  std::string commit;  // the commit behind it
  std::string author, subject;
};
void list_refs(Git& git, const std::string& repository, Then<std::vector<Ref>> done);

}  // namespace slipway::forge
