#include "forge/memory.hpp"

#include "core/digest.hpp"

namespace slipway::forge {
namespace {

template <class T>
void later(core::World& world, Then<T> done, Result<T> value) {
  auto answer = [done = std::move(done), value = std::move(value)]() mutable { done(std::move(value)); };
  world.loop.post(std::move(answer));
}

}  // namespace

std::string MemorySource::push(const std::string& repository, std::map<std::string, std::string> files,
                               const std::string& subject, const std::string& author, const std::string& branch) {
  auto& head = branches_[repository][branch];
  std::string content = head + "\n" + author + "\n" + subject + "\n" + std::to_string(pushes_.size());
  for (const auto& [path, text] : files) content += "\n" + path + " " + core::Digest::of(text).hex();
  Commit commit;
  commit.facts.commit = core::Digest::of(content).hex().substr(0, zero_commit.size());
  if (!head.empty()) commit.facts.parents.push_back(head);
  commit.facts.author = commit.facts.author_name = author;
  commit.facts.subject = subject;
  commit.facts.at = world_.clock.now();
  commit.files = std::move(files);

  Push push;
  push.id = static_cast<std::int64_t>(pushes_.size()) + 1;
  push.repository = repository;
  push.ref = "refs/heads/" + branch;
  push.before = head.empty() ? std::string(zero_commit) : head;
  push.after = commit.facts.commit;
  push.actor = push.author = author;
  push.subject = subject;
  push.at = commit.facts.at;
  head = push.after;
  repositories_[repository][push.after] = std::move(commit);
  pushes_.push_back(push);
  auto deliver = [this, weak = std::weak_ptr(alive_)] {
    if (weak.lock()) announce();
  };
  world_.loop.post(std::move(deliver));
  return push.after;
}

void MemorySource::announce() {
  if (callbacks_.empty()) return;  // nobody is up; start() comes back to it
  while (announced_ < pushes_.size()) {
    const Push push = pushes_[announced_];
    const auto listeners = callbacks_;
    for (const auto& callback : listeners) callback(push);
    ++announced_;
  }
}

void MemorySource::start(Then<> done) {
  auto run = [this, weak = std::weak_ptr(alive_), done = std::move(done)]() mutable {
    if (!weak.lock()) return;
    announce();
    done({});
  };
  world_.loop.post(std::move(run));
}

Result<const MemorySource::Commit*> MemorySource::find(const std::string& repository, const std::string& commit) const {
  const auto r = repositories_.find(repository);
  if (r == repositories_.end()) return fail(Code::not_found, "there is no repository \"" + repository + "\"");
  const auto c = r->second.find(commit);
  if (c == r->second.end())
    return fail(Code::not_found, "there is no commit " + commit.substr(0, 12) + " in " + repository);
  return &c->second;
}

void MemorySource::read_file(std::string repository, std::string commit, std::string path, Then<std::string> done) {
  const auto read = [&]() -> Result<std::string> {
    TRY_ASSIGN(const auto* found, find(repository, commit));
    const auto file = found->files.find(path);
    if (file == found->files.end())
      return fail(Code::not_found, "commit " + commit.substr(0, 12) + " has no file " + path);
    return file->second;
  };
  later(world_, std::move(done), read());
}

void MemorySource::list_files(std::string repository, std::string commit, std::string directory,
                              Then<std::vector<SourceFile>> done) {
  while (directory.ends_with('/')) directory.pop_back();
  const auto list = [&]() -> Result<std::vector<SourceFile>> {
    TRY_ASSIGN(const auto* found, find(repository, commit));
    std::vector<SourceFile> files;
    for (const auto& [path, text] : found->files) {
      if (directory.empty() || path.starts_with(directory + "/")) files.push_back({path, text});
    }
    if (files.empty() && !directory.empty()) {
      return fail(Code::not_found, "commit " + commit.substr(0, 12) + " has no directory " + directory);
    }
    return files;
  };
  later(world_, std::move(done), list());
}

void MemorySource::checkout(std::string repository, std::string commit, std::string directory, Then<> done) {
  const auto write = [&]() -> Result<> {
    TRY_ASSIGN(const auto* found, find(repository, commit));
    TRY(world_.files.make_directories(directory));
    for (const auto& [path, text] : found->files) {
      const auto slash = path.rfind('/');
      if (slash != std::string::npos) TRY(world_.files.make_directories(directory + "/" + path.substr(0, slash)));
      TRY(world_.files.write_atomic(directory + "/" + path, text));
    }
    return {};
  };
  later(world_, std::move(done), write());
}

void MemorySource::commit_facts(std::string repository, std::string commit, Then<CommitFacts> done) {
  const auto look = [&]() -> Result<CommitFacts> {
    TRY_ASSIGN(const auto* found, find(repository, commit));
    return found->facts;
  };
  later(world_, std::move(done), look());
}

void MemorySource::resolve(std::string repository, std::string revision, Then<std::string> done) {
  const auto look = [&]() -> Result<std::string> {
    const auto branches = branches_.find(repository);
    if (branches != branches_.end()) {
      const auto branch = branches->second.find(revision);
      if (branch != branches->second.end()) return branch->second;
    }
    TRY_ASSIGN(const auto* found, find(repository, revision));
    return found->facts.commit;
  };
  later(world_, std::move(done), look());
}

}  // namespace slipway::forge
