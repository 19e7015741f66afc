#pragma once
// Reads VersionRecords back from the entities, however they were registered.

#include "registry/registry.hpp"

namespace slipway::registry {

// Oldest first. "" leaves the model or the version open.
Result<std::vector<VersionRecord>> read_records(storage::Database& database, std::string_view model,
                                                std::string_view version);

}  // namespace slipway::registry
