#pragma once
// The paths of Kubeflow Model Registry, under /api/model_registry/v1alpha3 and, as its clients since 0.3.10 ask, /v1.

#include <memory>

#include "core/events.hpp"
#include "registry/kubeflow/service.hpp"

namespace slipway::registry::kubeflow {

// What changes something is recorded in `events`, which outlives the router.
void add_routes(net::Router& router, std::shared_ptr<Service> service, core::EventSink& events);

}  // namespace slipway::registry::kubeflow
