#pragma once
// Artifacts: what a step left on the disk goes into the blobs. Knows no run, so that it can be done beside the loop.
// Inside engine/ only.

#include <stop_token>

#include "core/doc.hpp"
#include "core/world/world.hpp"
#include "storage/blobs.hpp"

namespace slipway::workflow {

// Whether store_artifacts() would read anything.
bool has_artifacts(const core::doc::Value& outputs);

// `outputs` with a "digest" at every artifact whose "uri" is a path that exists; a directory's is that of the list of
// its files. Reads all of them; `cancelled` soon after `stop` asks for it. Safe from any thread, as `files` and `blobs`
// are.
core::Result<core::doc::Value> store_artifacts(core::doc::Value outputs, const core::Files& files,
                                               storage::BlobStore& blobs, const std::stop_token& stop);

}  // namespace slipway::workflow
