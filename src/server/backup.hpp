#pragma once
// Backup: a copy of a data directory that can be put back, made while the platform runs; and putting it back. What is
// in it, and what is not, is in docs/internals/data-directory.md. Not for moving single models or objects.
//
// Blocking; reads and writes files directly.

#include <cstdint>
#include <string>
#include <vector>

#include "server/layout.hpp"

namespace slipway::server {

struct BackupOptions {
  bool with_blobs = true;
};

// What a backup holds.
struct BackupSummary {
  std::string made;                  // RFC 3339
  std::uint64_t database_bytes = 0;  // of all its databases
  std::uint64_t repositories = 0;    // git repositories
  std::uint64_t blobs = 0;           // blobs that were copied or linked
  std::uint64_t blob_bytes = 0;
  bool with_blobs = true;
  std::uint64_t audit_entries = 0;
};

// Makes `target`, a directory that is not there yet or is empty. All or nothing: an unfinished one is
// TARGET.unfinished, and the next try replaces it. The databases are copied first and everything they name afterwards,
// so that nothing they name is missing. The copy's databases and audit log are checked. failed_precondition: no data,
// or `target` is taken; data_loss: what was copied is damaged.
Result<BackupSummary> back_up(const Layout& layout, const std::string& target, const BackupOptions& options = {});

struct RestoreOptions {
  bool force = false;  // over data that is there
};
struct Restored {
  BackupSummary summary;
  std::string replaced;               // where the data that was there is now; empty: there was none
  std::vector<std::string> warnings;  // what could not be done to the data that was there
};

// Puts a backup into the layout's directory. Everything is copied beside and checked before anything is replaced.
// conflict while a platform runs there; failed_precondition when there is data and no `force`; invalid_argument when
// `backup` is none; data_loss when it is damaged. Versions of objects jump, so that nobody watches on from before.
Result<Restored> restore(const Layout& layout, const std::string& backup, const RestoreOptions& options = {});

}  // namespace slipway::server
