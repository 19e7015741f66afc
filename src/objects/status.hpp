#pragma once
// An Error as the Status that clients of the Kubernetes API read, for rooms that answer requests of it themselves.

#include "net/http.hpp"

namespace slipway::objects {

// {"kind":"Status","status":"Failure","reason":"NotFound",...}
net::Response status_response(const core::Error& error);

}  // namespace slipway::objects
