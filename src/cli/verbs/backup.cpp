#include "server/backup.hpp"

#include <filesystem>
#include <iostream>

#include "cli/client.hpp"
#include "cli/verbs.hpp"
#include "core/log.hpp"

// A copy of a data directory, and putting it back.

namespace slipway::cli {
namespace {

struct BackupVerb {
  Common common;
  std::string directory;
  bool without_blobs = false;
  bool force = false;
};

std::string size_text(std::uint64_t bytes) {
  constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto value = static_cast<double>(bytes);
  while (value >= 1024 && unit + 1 < std::size(units)) {
    value /= 1024;
    ++unit;
  }
  const auto tenths = static_cast<std::uint64_t>(value * 10);
  return std::to_string(tenths / 10) + (unit == 0 ? "" : "." + std::to_string(tenths % 10)) + " " + units[unit];
}

std::size_t count_entries(const std::string& directory) {
  std::error_code absent;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator it(directory, absent), end; it != end; it.increment(absent)) ++count;
  return count;
}

doc::Object document_of(const server::BackupSummary& summary) {
  return {{"made", summary.made},
          {"databaseBytes", summary.database_bytes},
          {"repositories", summary.repositories},
          {"withBlobs", summary.with_blobs},
          {"blobs", summary.blobs},
          {"blobBytes", summary.blob_bytes},
          {"auditEntries", summary.audit_entries}};
}

void print_summary(const server::BackupSummary& summary) {
  std::cout << "databases     " << size_text(summary.database_bytes) << ", whole\n"
            << "audit log     " << summary.audit_entries << " entries, whole\n"
            << "repositories  " << summary.repositories << "\n";
  if (summary.with_blobs) {
    std::cout << "blobs         " << summary.blobs << ", " << size_text(summary.blob_bytes) << "\n";
  } else {
    std::cout << "blobs         left out: weights and artifacts are not in it\n";
  }
}

int back_up(const BackupVerb& options) {
  const Format format = options.common.format();
  const server::Layout layout{data_directory(options.common)};
  const auto target = std::filesystem::absolute(options.directory).lexically_normal().string();
  Progress progress("copying");
  const auto summary = server::back_up(layout, target, {.with_blobs = !options.without_blobs});
  if (!summary) return print_error(summary.error(), format);
  if (format != Format::table) {
    auto document = document_of(*summary);
    document.set("directory", target);
    print_value(doc::Value(std::move(document)), format);
    return ExitCode::ok;
  }
  std::cout << "backed up " << layout.root << " to " << target << "\n";
  print_summary(*summary);
  if (const std::size_t claims = count_entries(layout.root + "/claims"); claims > 0)
    std::cout << "claims        left out: the data of " << claims << " PersistentVolumeClaims is in " << layout.root
              << "/claims; copy it yourself\n";
  return ExitCode::ok;
}

int restore(const BackupVerb& options) {
  const Format format = options.common.format();
  const server::Layout layout{data_directory(options.common)};
  log::set_level(log::Level::warn);
  const auto backup = std::filesystem::absolute(options.directory).lexically_normal().string();
  Progress progress("copying and checking");
  const auto restored = server::restore(layout, backup, {.force = options.force});
  if (!restored) return print_error(restored.error(), format);
  for (const auto& warning : restored->warnings) print_notice("slipway: warning: " + warning);
  if (format != Format::table) {
    auto document = document_of(restored->summary);
    document.set("data", layout.root);
    if (!restored->replaced.empty()) document.set("replaced", restored->replaced);
    print_value(doc::Value(std::move(document)), format);
    return ExitCode::ok;
  }
  std::cout << "restored " << layout.root << " from " << backup << ", made " << restored->summary.made << "\n";
  print_summary(restored->summary);
  if (!restored->replaced.empty()) {
    std::cout << "What was there is in " << restored->replaced << "; remove it when you do not need it.\n";
  }
  std::cout << "Start it with slipway up --data " << layout.root << "\n";
  return ExitCode::ok;
}

}  // namespace

Command backup_command() {
  auto options = std::make_shared<BackupVerb>();
  std::vector<Option> list{
      {"directory", "DIR", "where the backup goes; must not be there yet", &options->directory, true},
      {"--without-blobs", "", "leave out weights and artifacts: they are files that never change, to be copied apart",
       &options->without_blobs}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "backup",
          .summary = "copy the data directory, also while the platform runs",
          .details =
              "Databases, audit key, tokens, repositories and blobs; blobs are linked, not copied, when DIR is on the "
              "same file system. Not in it: logs, runs' work directories, Prometheus' time series. A backup holds "
              "secrets.",
          .examples = {"slipway backup /mnt/backups/monday", "slipway backup --without-blobs small"},
          .options = std::move(list),
          .run = [options] { return back_up(*options); },
          .state = options};
}

Command restore_command() {
  auto options = std::make_shared<BackupVerb>();
  std::vector<Option> list{
      {"directory", "DIR", "what slipway backup made", &options->directory, true},
      {"--force", "", "over data that is there; it is put aside, into DATA/before-restore", &options->force}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "restore",
          .summary = "put a backup back",
          .details =
              "The platform must be down. Everything is copied and checked before anything is replaced. Clients that "
              "watched before list again.",
          .examples = {"slipway restore /mnt/backups/monday --data /srv/slipway",
                       "slipway down && slipway restore /mnt/backups/monday --force"},
          .options = std::move(list),
          .run = [options] { return restore(*options); },
          .state = options};
}

}  // namespace slipway::cli
