// Reading commits: files, trees, facts, checkouts.

#include <algorithm>
#include <charconv>

#include "core/seconds.hpp"
#include "forge/names.hpp"
#include "forge/state.hpp"

namespace slipway::forge {
namespace {

constexpr std::size_t max_listing = 64u * 1024 * 1024;  // bytes of all files that list_files may hand over

struct Entry {
  std::string object, path;
};

// "100644 blob <object>\t<path>\0" ...; only regular files.
std::vector<Entry> parse_tree(std::string_view text) {
  std::vector<Entry> entries;
  while (!text.empty()) {
    const auto end = text.find('\0');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto tab = line.find('\t');
    if (tab == std::string_view::npos || !line.starts_with("100") || line.size() < 52) continue;
    entries.push_back({std::string(line.substr(12, 40)), std::string(line.substr(tab + 1))});
  }
  return entries;
}

// "<object> blob <size>\n<bytes>\n" ..., in the order of `entries`.
Result<std::vector<SourceFile>> parse_batch(const std::vector<Entry>& entries, std::string_view text) {
  std::vector<SourceFile> files;
  for (const auto& entry : entries) {
    const auto line_end = text.find('\n');
    const auto line = text.substr(0, line_end);
    const auto space = line.rfind(' ');
    std::size_t size = 0;
    if (line_end == std::string_view::npos || space == std::string_view::npos ||
        std::from_chars(line.data() + space + 1, line.data() + line.size(), size).ec != std::errc() ||
        text.size() < line_end + 1 + size + 1) {
      return fail(Code::data_loss, "git's answer about " + entry.path + " is cut short");
    }
    files.push_back({entry.path, std::string(text.substr(line_end + 1, size))});
    text.remove_prefix(line_end + 1 + size + 1);
  }
  return files;
}

template <class T>
bool refuse(Then<T>& done, core::World& world, Result<> checked) {
  if (checked) return false;
  auto answer = [done = std::move(done), error = std::move(checked).error()]() mutable {
    done(fail(std::move(error)));
  };
  world.loop.post(std::move(answer));
  return true;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const auto end = text.find(' ');
    if (end != 0) list.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return list;
}

Result<CommitFacts> parse_facts(std::string_view text) {
  std::vector<std::string> fields;
  while (fields.size() < 6) {
    const auto end = text.find('\0');
    fields.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  if (fields.size() < 6) return fail(Code::data_loss, "git's answer about a commit is cut short");
  std::int64_t seconds = 0;
  std::from_chars(fields[4].data(), fields[4].data() + fields[4].size(), seconds);
  CommitFacts facts;
  facts.commit = fields[0];
  facts.parents = words(fields[1]);
  facts.author_name = fields[2];
  facts.author = fields[3];
  facts.at = Time(core::capped_seconds(seconds));
  facts.subject = fields[5];
  while (!facts.subject.empty() && facts.subject.back() == '\n') facts.subject.pop_back();
  return facts;
}

}  // namespace

void Forge::read_file(std::string repository, std::string commit, std::string path, Then<std::string> done) {
  auto& world = state_->world;
  if (refuse(done, world, check_commit(commit)) || refuse(done, world, check_path(path)) ||
      refuse(done, world, state_->require(repository))) {
    return;
  }
  GitCall call;
  call.repository = repository;
  call.arguments = {"--git-dir={repository}", "cat-file", "blob", commit + ":" + path};
  auto read = [path, commit, done = std::move(done)](State&, Result<std::string> text) mutable {
    if (!text && text.error().code == Code::not_found) {
      return done(fail(Code::not_found, "commit " + commit.substr(0, 12) + " has no file " + path));
    }
    done(std::move(text));
  };
  state_->git.run(std::move(call), while_alive(state_, std::move(read)));
}

void Forge::list_files(std::string repository, std::string commit, std::string directory,
                       Then<std::vector<SourceFile>> done) {
  auto& world = state_->world;
  while (directory.ends_with('/')) directory.pop_back();
  if (refuse(done, world, check_commit(commit)) || refuse(done, world, check_path(directory)) ||
      refuse(done, world, state_->require(repository))) {
    return;
  }
  GitCall call;
  call.repository = repository;
  call.arguments = {"--git-dir={repository}", "ls-tree", "-r", "-z", "--full-tree", commit};
  if (!directory.empty()) call.arguments.push_back(directory + "/");
  auto listed = [repository, directory, commit, done = std::move(done)](State& self, Result<std::string> tree) mutable {
    if (!tree) return done(fail(Code::not_found, "there is no commit " + commit.substr(0, 12) + " in " + repository));
    auto entries = parse_tree(*tree);
    if (entries.empty() && !directory.empty()) {
      return done(fail(Code::not_found, "commit " + commit.substr(0, 12) + " has no directory " + directory));
    }
    GitCall batch;
    batch.repository = repository;
    batch.arguments = {"--git-dir={repository}", "cat-file", "--batch"};
    batch.max_output = max_listing;
    for (const auto& entry : entries) batch.input += entry.object + "\n";
    auto read = [entries = std::move(entries), done = std::move(done)](State&, Result<std::string> bytes) mutable {
      if (!bytes) return done(fail(std::move(bytes).error()));
      auto files = parse_batch(entries, *bytes);
      if (files) std::ranges::sort(*files, {}, &SourceFile::path);
      done(std::move(files));
    };
    self.git.run(std::move(batch), while_alive(self.shared_from_this(), std::move(read)));
  };
  state_->git.run(std::move(call), while_alive(state_, std::move(listed)));
}

void Forge::checkout(std::string repository, std::string commit, std::string directory, Then<> done) {
  auto& world = state_->world;
  if (refuse(done, world, check_commit(commit)) || refuse(done, world, state_->require(repository)) ||
      refuse(done, world, world.files.make_directories(directory))) {
    return;
  }
  // An index of its own, so that checkouts of one repository do not meet.
  const auto index = state_->git.scratch_path();
  GitCall call;
  call.repository = repository;
  call.arguments = {
      "--git-dir={repository}", "--work-tree=" + directory, "checkout", "--quiet", "--force", commit, "--", "."};
  call.environment = {{"GIT_INDEX_FILE", index}};
  call.directory = directory;
  call.timeout = std::chrono::minutes(10);
  auto written = [index, done = std::move(done)](State& self, Result<std::string> output) mutable {
    (void)self.world.files.remove_tree(index);
    if (!output) return done(fail(std::move(output).error()));
    done({});
  };
  state_->git.run(std::move(call), while_alive(state_, std::move(written)));
}

void Forge::commit_facts(std::string repository, std::string commit, Then<CommitFacts> done) {
  auto& world = state_->world;
  if (refuse(done, world, check_commit(commit)) || refuse(done, world, state_->require(repository))) return;
  GitCall call;
  call.repository = repository;
  call.arguments = {"--git-dir={repository}",
                    "log",
                    "-1",
                    "--no-show-signature",
                    "--format=%H%x00%P%x00%an%x00%ae%x00%at%x00%s",
                    commit,
                    "--"};
  auto shown = [done = std::move(done)](State&, Result<std::string> text) mutable {
    if (!text) return done(fail(std::move(text).error()));
    done(parse_facts(*text));
  };
  state_->git.run(std::move(call), while_alive(state_, std::move(shown)));
}

void Forge::resolve(std::string repository, std::string revision, Then<std::string> done) {
  auto& world = state_->world;
  if (refuse(done, world, check_revision(revision)) || refuse(done, world, state_->require(repository))) return;
  GitCall call;
  call.repository = repository;
  call.arguments = {"--git-dir={repository}", "rev-parse",           "--verify", "--quiet",
                    "--end-of-options",       revision + "^{commit}"};
  auto resolved = [repository, revision, done = std::move(done)](State&, Result<std::string> text) mutable {
    if (!text) return done(fail(Code::not_found, repository + " has no branch, tag or commit \"" + revision + "\""));
    while (text->ends_with('\n')) text->pop_back();
    done(std::move(text));
  };
  state_->git.run(std::move(call), while_alive(state_, std::move(resolved)));
}

}  // namespace slipway::forge
