#pragma once
// The web page: the embedded files at /, with entity tags and a policy that lets the page speak to this server alone.

#include "net/http.hpp"

namespace slipway::server {

void add_page_routes(net::Router& router);

}  // namespace slipway::server
