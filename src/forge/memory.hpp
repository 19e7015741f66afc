#pragma once
// MemorySource: repositories of the simulated world. Commits are made by push(); everything else behaves as the forge.
// It may outlive a simulated control plane: start() announces what the crash swallowed.

#include <map>

#include "forge/forge.hpp"

namespace slipway::forge {

class MemorySource final : public SourceRepository {
 public:
  explicit MemorySource(core::World world) : world_(world), alive_(std::make_shared<bool>(true)) {}

  // A commit on a branch with exactly these files (path to text); its parent is the branch's head. Announced later,
  // on the loop. Returns the commit.
  std::string push(const std::string& repository, std::map<std::string, std::string> files, const std::string& subject,
                   const std::string& author, const std::string& branch = "main");
  // What kill -9 of the control plane does to its callbacks.
  void forget_listeners() { callbacks_.clear(); }
  const std::vector<Push>& pushes() const { return pushes_; }  // oldest first, announced or not

  void read_file(std::string repository, std::string commit, std::string path, Then<std::string> done) override;
  void list_files(std::string repository, std::string commit, std::string directory,
                  Then<std::vector<SourceFile>> done) override;
  void checkout(std::string repository, std::string commit, std::string directory, Then<> done) override;
  void commit_facts(std::string repository, std::string commit, Then<CommitFacts> done) override;
  void resolve(std::string repository, std::string revision, Then<std::string> done) override;
  void on_push(std::function<void(const Push&)> callback) override { callbacks_.push_back(std::move(callback)); }
  void start(Then<> done) override;

 private:
  struct Commit {
    CommitFacts facts;
    std::map<std::string, std::string> files;
  };
  Result<const Commit*> find(const std::string& repository, const std::string& commit) const;
  void announce();

  core::World world_;
  std::shared_ptr<bool> alive_;
  std::map<std::string, std::map<std::string, Commit>> repositories_;
  std::map<std::string, std::map<std::string, std::string>> branches_;
  std::vector<Push> pushes_;
  std::size_t announced_ = 0;
  std::vector<std::function<void(const Push&)>> callbacks_;
};

}  // namespace slipway::forge
