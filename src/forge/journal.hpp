#pragma once
// Journal: which refs are on record, which pushes moved them, and which of those were announced. Tables of the forge.

#include <string>
#include <vector>

#include "forge/forge.hpp"
#include "forge/git.hpp"
#include "storage/database.hpp"

namespace slipway::forge {

class Journal {
 public:
  explicit Journal(storage::Database& database) : database_(database) {}
  Result<> open();

  Result<bool> has(const std::string& repository) const;
  Result<> add(const std::string& repository, Time now);
  Result<std::vector<std::string>> repositories() const;

  // Who is about to push, so that a crash does not hide it.
  Result<> intend(const std::string& repository, const std::string& actor);
  // Compares what git has with what is on record; records the difference as pushes and clears the intent, in one
  // transaction. Nothing moved: no pushes.
  Result<std::vector<Push>> settle(const std::string& repository, const std::vector<Ref>& refs, Time now);

  Result<std::vector<Push>> unannounced() const;  // by id
  Result<> mark_announced(std::int64_t id);
  Result<std::vector<Push>> pushes(std::string_view repository, std::size_t limit) const;

 private:
  storage::Database& database_;
};

}  // namespace slipway::forge
