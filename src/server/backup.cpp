#include "server/backup.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/doc.hpp"
#include "core/world/real.hpp"
#include "objects/backend.hpp"
#include "pods/node_file.hpp"
#include "server/backup_files.hpp"
#include "server/platform.hpp"
#include "storage/database.hpp"
#include "team/audit.hpp"

namespace slipway::server {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFormat = 1;

// Files and directories that a platform cannot make again, beside databases, repositories and blobs.
std::vector<std::string> small_parts(const Layout& layout) {
  return {layout.audit_key(), layout.account_key(), layout.team(),   layout.variables(),
          layout.ports(),     layout.node(),        layout.tokens(), layout.certificates()};
}
std::vector<std::string> databases(const Layout& layout) { return {layout.database(), layout.volatile_database()}; }

std::string name_of(const std::string& path) { return fs::path(path).filename().string(); }

bool is_transient_in_git(const std::string& relative) {
  const auto name = name_of(relative);
  return name.ends_with(".lock") || name.starts_with("tmp_") || name.starts_with("incoming-");
}
// "NAME.git/objects" and what is below.
bool is_git_object(const std::string& relative) {
  const fs::path path(relative);
  auto part = path.begin();
  return part != path.end() && ++part != path.end() && *part == "objects";
}

// Copies repositories so that no name points to nothing: names first, then the objects, of which there are only more.
Result<std::uint64_t> copy_repositories(const std::string& from, const std::string& to) {
  TRY(copy_tree(from, to, CopyMode::copy, [](const std::string& relative) {
    return !is_transient_in_git(relative) && !is_git_object(relative);
  }));
  TRY(copy_tree(from, to, CopyMode::copy, [](const std::string& relative) {
    const bool is_repository = fs::path(relative).parent_path().empty();
    return !is_transient_in_git(relative) && (is_repository || is_git_object(relative));
  }));
  std::error_code ignored;
  std::uint64_t count = 0;
  for (const auto& entry : fs::directory_iterator(to, ignored)) count += entry.is_directory() ? 1U : 0U;
  return count;
}

Result<> copy_small_parts(const std::string& from, const std::string& to) {
  for (const auto& part : small_parts({from})) {
    const auto name = name_of(part);
    std::error_code problem;
    if (fs::is_directory(part, problem)) {
      TRY(copy_tree(part, to + "/" + name, CopyMode::copy));
    } else {
      TRY(copy_tree(from, to, CopyMode::copy, [&](const std::string& relative) { return relative == name; }));
    }
  }
  return {};
}

// Whether what was copied is whole.
Result<team::AuditVerification> check_databases(const Layout& copy) {
  for (const auto& path : databases(copy)) {
    if (!fs::exists(path)) continue;
    TRY_ASSIGN(const auto database, storage::open_sqlite(path));
    TRY(storage::check_integrity(*database));
  }
  TRY_ASSIGN(const auto database, storage::open_sqlite(copy.database()));
  return team::verify_audit_log(*database, core::real_files().read(copy.audit_key()).value_or(""));
}

Result<> remove_all(const std::string& path) {
  std::error_code problem;
  fs::remove_all(path, problem);
  if (problem) return fail(core::from_errno(problem.value(), "remove " + path));
  return {};
}

Result<> rename(const std::string& from, const std::string& to) {
  std::error_code problem;
  fs::rename(from, to, problem);
  if (problem) return fail(core::from_errno(problem.value(), "rename " + from + " to " + to));
  return {};
}

doc::Value manifest_of(const BackupSummary& summary, const std::string& audit_head) {
  return doc::Object{{"format", kFormat},
                     {"made", summary.made},
                     {"slipway", SLIPWAY_VERSION},
                     {"withBlobs", summary.with_blobs},
                     {"blobs", summary.blobs},
                     {"blobBytes", summary.blob_bytes},
                     {"databaseBytes", summary.database_bytes},
                     {"repositories", summary.repositories},
                     {"audit", doc::Object{{"entries", summary.audit_entries}, {"head", audit_head}}}};
}

Result<doc::Value> read_manifest(const std::string& backup) {
  const auto path = backup + "/backup.json";
  auto text = core::real_files().read(path);
  if (!text) {
    return fail(Code::invalid_argument, backup + " is not a backup: it has no backup.json",
                "an unfinished backup has none; name the directory that slipway backup made");
  }
  TRY_ASSIGN(auto manifest, doc::parse_json(*text, path));
  if (manifest["format"].int_or(0) != kFormat) {
    return fail(Code::failed_precondition, backup + " was made by another version of slipway: its format is " +
                                               manifest["format"].string_or("unknown"));
  }
  return manifest;
}

BackupSummary summary_of(const doc::Value& manifest) {
  const auto number = [&](const char* key) { return static_cast<std::uint64_t>(manifest[key].int_or(0)); };
  return {.made = manifest["made"].string_or(""),
          .database_bytes = number("databaseBytes"),
          .repositories = number("repositories"),
          .blobs = number("blobs"),
          .blob_bytes = number("blobBytes"),
          .with_blobs = manifest["withBlobs"].bool_or(false),
          .audit_entries = static_cast<std::uint64_t>(manifest["audit"]["entries"].int_or(0))};
}

// What a data directory has beside the lock, the log of a start that failed, and a restore that died.
bool has_data(const Layout& layout, const Layout& staging) {
  std::error_code problem;
  return std::ranges::any_of(fs::directory_iterator(layout.root, problem), [&](const fs::directory_entry& entry) {
    const auto path = entry.path().string();
    return path != layout.lock() && path != layout.log() && path != staging.root;
  });
}

// Copies the backup into `staging` and finds out whether it is whole.
Result<> stage(const std::string& backup, const Layout& staging, const doc::Value& manifest) {
  TRY(remove_all(staging.root));
  TRY(copy_tree(backup, staging.root, CopyMode::copy,
                [](const std::string& relative) { return relative != "backup.json" && relative != "blobs"; }));
  TRY(copy_tree(backup + "/blobs", staging.blobs(), CopyMode::link));
  TRY_ASSIGN(const auto audit, check_databases(staging));
  if (audit.head != manifest["audit"]["head"].string_or("")) {
    return fail(Code::data_loss, "the audit log in " + backup + " is not the one that was backed up");
  }
  for (const auto& path : databases(staging)) {
    if (!fs::exists(path)) continue;
    TRY_ASSIGN(const auto database, storage::open_sqlite(path));
    TRY(objects::outdate_versions(*database));
  }
  return sync_file_system(staging.root);
}

// Moves what is there into `aside`; blobs stay when the backup has none.
Result<> put_aside(const Layout& layout, const Layout& staging, const std::string& aside, bool with_blobs) {
  TRY(remove_all(aside));
  TRY(core::real_files().make_directories(aside, 0700));
  std::vector<std::string> names;
  std::error_code problem;
  for (const auto& entry : fs::directory_iterator(layout.root, problem)) names.push_back(entry.path().string());
  for (const auto& path : names) {
    if (path == layout.lock() || path == layout.log() || path == staging.root || path == aside) continue;
    if (path == layout.blobs() && !with_blobs) continue;
    TRY(rename(path, aside + "/" + name_of(path)));
  }
  return {};
}

}  // namespace

Result<BackupSummary> back_up(const Layout& layout, const std::string& target, const BackupOptions& options) {
  std::error_code problem;
  if (!fs::exists(layout.database(), problem)) {
    return fail(Code::failed_precondition, "there is no data in " + layout.root, "name another directory with --data");
  }
  if (fs::exists(target, problem) && !(fs::is_directory(target, problem) && fs::is_empty(target, problem))) {
    return fail(Code::failed_precondition, target + " is there already", "name a directory that is not there yet");
  }
  const Layout copy{fs::path(target + ".unfinished").lexically_normal().string()};
  TRY(remove_all(copy.root));
  TRY(core::real_files().make_directories(copy.root, 0700));

  BackupSummary summary{.made = core::render_rfc3339(core::real_clock().now()), .with_blobs = options.with_blobs};
  for (const auto& path : databases(layout)) {
    if (!fs::exists(path, problem)) continue;
    const auto to = copy.root + "/" + name_of(path);
    TRY_ASSIGN(const auto database, storage::open_sqlite(path));
    TRY(database->backup_to(to));
    summary.database_bytes += fs::file_size(to, problem);
  }
  TRY(copy_small_parts(layout.root, copy.root));
  TRY_ASSIGN(summary.repositories, copy_repositories(layout.repositories(), copy.repositories()));
  if (options.with_blobs) {
    TRY(core::real_files().make_directories(copy.blobs(), 0700));
    TRY_ASSIGN(const auto blobs, copy_tree(layout.blobs() + "/sha256", copy.blobs() + "/sha256", CopyMode::link));
    summary.blobs = blobs.files;
    summary.blob_bytes = blobs.bytes;
  }
  TRY_ASSIGN(const auto audit, check_databases(copy));
  summary.audit_entries = audit.entries;
  TRY(core::real_files().write_atomic(copy.root + "/backup.json",
                                      doc::render_json_pretty(manifest_of(summary, audit.head)) + "\n", 0600));
  TRY(sync_file_system(copy.root));
  fs::remove(target, problem);  // an empty directory
  TRY(rename(copy.root, target));
  return summary;
}

Result<Restored> restore(const Layout& layout, const std::string& backup, const RestoreOptions& options) {
  TRY_ASSIGN(const auto manifest, read_manifest(backup));
  TRY(core::real_files().make_directories(layout.root, 0700));
  Restored restored{.summary = summary_of(manifest)};
  const Layout staging{layout.root + "/restore.unfinished"};
  TRY_ASSIGN(std::optional<DirectoryLock> lock, DirectoryLock::take(layout));
  const bool is_taken = has_data(layout, staging);
  if (is_taken && !options.force) {
    return fail(Code::failed_precondition, "there is data in " + layout.root,
                "--force puts it aside, or name another directory with --data");
  }
  TRY(stage(backup, staging, manifest));
  TRY(pods::mark_restored(core::real_files(), staging.root));
  if (is_taken) {
    lock.reset();
    if (auto stopped = stop_workloads(layout); !stopped) {  // of a platform that was killed; takes the lock itself
      if (stopped.error().code == Code::conflict) return fail(std::move(stopped).error());
      restored.warnings.push_back("workloads of the data that was there could not be looked for: " +
                                  stopped.error().one_line());
    }
    TRY_ASSIGN(lock, DirectoryLock::take(layout));
    restored.replaced = layout.root + "/before-restore";
    TRY(put_aside(layout, staging, restored.replaced, restored.summary.with_blobs));
  }
  // The database comes last: without it a directory has no platform.
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(staging.root)) names.push_back(name_of(entry.path().string()));
  std::ranges::sort(names, {},
                    [&](const std::string& name) { return std::pair(name == name_of(layout.database()), name); });
  for (const auto& name : names) TRY(rename(staging.root + "/" + name, layout.root + "/" + name));
  TRY(remove_all(staging.root));
  TRY(sync_file_system(layout.root));
  return restored;
}

}  // namespace slipway::server
