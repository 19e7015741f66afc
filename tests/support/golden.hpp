#pragma once
// For tests that compare with what Kubernetes' own code says, as testdata/ keeps it.

#include <string>

#include "core/doc.hpp"

namespace slipway::support {

// A file of this source tree, such as "src/objects/table/testdata/server.json". Without it the test fails.
std::string source_file(const std::string& path);

// Go's JSON shows missing lists and times as null.
void drop_nulls(core::doc::Value& value);

}  // namespace slipway::support
