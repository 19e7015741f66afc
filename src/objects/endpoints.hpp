#pragma once
// By what EndpointSlices and Endpoints are known to everybody who writes or reads them: the controllers of Services,
// the gateway, the proxies.

#include "objects/object.hpp"

namespace slipway::objects {

// On an EndpointSlice: the name of its Service.
inline constexpr const char* service_name_label = "kubernetes.io/service-name";
// The older kind, an object a Service, of the Service's name.
inline constexpr Kind endpoints_kind{"", "v1", "Endpoints", "endpoints"};

}  // namespace slipway::objects
