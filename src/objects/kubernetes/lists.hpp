#pragma once
// Lists of a Kubernetes API server: page by page, or all of them as they were at one moment. Inside of objects.
//
// Thread: the control loop only. Blocks.

#include <string>

#include "objects/kubernetes/kind_names.hpp"
#include "objects/store.hpp"

namespace slipway::objects::kubernetes {

// One page in the server's order. gone when `options.continue_token` is too old.
Result<List> list_page(Rest& rest, const KindNames& names, const Kind& kind, const ListOptions& options);

// All pages, ordered by namespace, then name. Begins again when the server forgets the version of the first page
// meanwhile; in the end it asks for everything at once.
Result<List> list_all(Rest& rest, const KindNames& names, const Kind& kind, ListOptions options, std::size_t page);

}  // namespace slipway::objects::kubernetes
