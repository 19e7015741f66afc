#pragma once
// forge: git repositories that people push to with the git they have, and what each push was. SourceRepository is how
// others read commits and hear of pushes; Forge is the real one, MemorySource (memory.hpp) the simulated one. Not a
// place for weights: those are blobs of the registry. Control loop only.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "core/world/world.hpp"

namespace slipway::storage {
class Database;
}
namespace slipway::net {
class Router;
}

namespace slipway::forge {

// One moved branch or tag. Committed to the database before git's client gets its answer.
struct Push {
  std::int64_t id = 0;     // rises by time; the same push always has the same id
  std::string repository;  // "support-assistant"
  std::string ref;         // "refs/heads/main"
  std::string before;      // commit, or zero_commit for a new ref
  std::string after;       // commit, or zero_commit for a removed ref
  std::string actor;       // who pushed; "" when a crash hid it
  std::string author;      // the commit author's e-mail
  std::string subject;     // first line of the commit message
  Time at{};

  bool operator==(const Push&) const = default;
};
inline constexpr std::string_view zero_commit = "0000000000000000000000000000000000000000";

struct SourceFile {
  std::string path;  // from the repository's root, with slashes
  std::string text;
};

struct CommitFacts {
  std::string commit;
  std::vector<std::string> parents;
  std::string author_name, author;  // author: e-mail
  std::string subject;
  Time at{};
};

// Called once on the loop, later, never inside the call that took it.
template <class T = void>
using Then = std::move_only_function<void(Result<T>)>;

// Repository names: see is_repository_name. A commit is 40 hex digits. Paths are relative, without "." and "..".
// invalid_argument for anything else, not_found for what is not there.
class SourceRepository {
 public:
  virtual ~SourceRepository() = default;
  virtual void read_file(std::string repository, std::string commit, std::string path, Then<std::string> done) = 0;
  // Every regular file below `directory` ("" is the root), sorted by path. Symbolic links and submodules are left out.
  virtual void list_files(std::string repository, std::string commit, std::string directory,
                          Then<std::vector<SourceFile>> done) = 0;
  // Writes the commit's files into `directory` (absolute; made when absent; should be empty).
  virtual void checkout(std::string repository, std::string commit, std::string directory, Then<> done) = 0;
  virtual void commit_facts(std::string repository, std::string commit, Then<CommitFacts> done) = 0;
  // The commit of a branch, tag or (abbreviated) commit: "main" -> "9f3c...".
  virtual void resolve(std::string repository, std::string revision, Then<std::string> done) = 0;

  // Each push once, in order of id, after it is durable. Register before start(). A crash in the instant between the
  // callbacks and the note that they ran repeats them: tell repeats by Push::id.
  virtual void on_push(std::function<void(const Push&)> callback) = 0;
  // Announces what a crash kept from being announced; `done` when all is as it should be.
  virtual void start(Then<> done) = 0;
};

// Lines for whoever pushed, who reads them as "remote: ...". Call it once, on the loop; none is fine.
using Tell = std::move_only_function<void(std::vector<std::string> lines)>;

enum class Access { read, push };
// Who is calling, from the request's headers, and may they? The id of the caller ("" for an anonymous reader);
// unauthenticated makes git ask for a password; permission_denied is final.
using Gatekeeper =
    std::function<Result<std::string>(const core::Headers& headers, Access access, const std::string& repository)>;

struct ForgeOptions {
  std::string directory;                                          // repositories lie under it
  std::vector<std::string> protected_refs = {"refs/heads/main"};  // only move forward, are never deleted
  std::size_t max_push = 512u * 1024 * 1024;                      // bytes of one push
  std::size_t max_fetch = 512u * 1024 * 1024;                     // bytes of one answer; held in memory
};

class CommitStatuses;

class Forge final : public SourceRepository {
 public:
  // `database` and `events` outlive the forge. Makes tables and directories; runs nothing yet.
  static Result<std::unique_ptr<Forge>> open(core::World world, storage::Database& database, core::EventSink& events,
                                             ForgeOptions options);
  ~Forge() override;

  void read_file(std::string repository, std::string commit, std::string path, Then<std::string> done) override;
  void list_files(std::string repository, std::string commit, std::string directory,
                  Then<std::vector<SourceFile>> done) override;
  void checkout(std::string repository, std::string commit, std::string directory, Then<> done) override;
  void commit_facts(std::string repository, std::string commit, Then<CommitFacts> done) override;
  void resolve(std::string repository, std::string revision, Then<std::string> done) override;
  void on_push(std::function<void(const Push&)> callback) override;
  // As on_push(), and what the callback tells goes into the answer that git's client waits for, unless it comes later
  // than a few seconds. Of a push that is announced after a crash nobody hears.
  void on_push_telling(std::function<void(const Push&, Tell)> callback);
  // Refs that moved without a record (a crash between git and the database) are recorded and announced first.
  void start(Then<> done) override;

  // Makes an empty repository; one that is there is fine.
  void create(std::string repository, Then<> done);
  Result<std::vector<std::string>> repositories() const;
  // Newest first, of one repository or ("") of all.
  Result<std::vector<Push>> pushes(std::string_view repository, std::size_t limit) const;
  CommitStatuses& statuses();

  // Smart HTTP under /git/{repository}.git (protocols 0 to 2), and commit statuses under /api/v3/repos. The git
  // routes are public to the router's guard: `gatekeeper` decides. The forge outlives the router.
  void add_routes(net::Router& router, Gatekeeper gatekeeper);

  struct State;  // state.hpp, for this room's own parts

 private:
  explicit Forge(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// Lower-case letters, digits, '.', '_' and '-', starting with a letter or digit, at most 100, not ending in ".git" or
// ".lock", without "..".
bool is_repository_name(std::string_view name);

}  // namespace slipway::forge
