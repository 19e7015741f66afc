#pragma once
// Definitions: brings our CustomResourceDefinitions to an API server, and leaves other people's alone. Inside of
// objects.
//
// Thread: the control loop only. Blocks.

#include <vector>

#include "objects/kubernetes/wire.hpp"
#include "objects/kubernetes_store.hpp"

namespace slipway::objects::kubernetes {

struct DefinitionOptions {
  std::string manager;
  Duration deadline;  // until a definition is served
};

// Each as the server takes it (definition_for_server).
Result<> install(KubernetesStore& store, core::Clock& clock, Wire& wire, std::vector<doc::Value> definitions,
                 const DefinitionOptions& options);

}  // namespace slipway::objects::kubernetes
