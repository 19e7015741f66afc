#include "objects/status.hpp"

#include "objects/api/failure.hpp"

namespace slipway::objects {

net::Response status_response(const core::Error& error) { return api::from_error(error).response(); }

}  // namespace slipway::objects
