#pragma once
// Reads why a Kubernetes API server refused: its Status body becomes an Error with the code that our callers switch on
// and the server's own sentence. The other way round: api/failure.hpp. Pure. Inside of objects.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/

#include <string>
#include <string_view>

#include "core/doc.hpp"
#include "core/world/world.hpp"

namespace slipway::objects::kubernetes {

// `where` ("GET /api/v1/pods") is told of answers that are no Status: from a proxy on the way.
Error error_of_status(const doc::Value& status, int http_status, std::string_view where);
Error error_of_response(int http_status, std::string_view body, std::string_view where);

// How long the server wants us to wait; zero when it does not say.
Duration retry_after(const core::Headers& headers);

}  // namespace slipway::objects::kubernetes
