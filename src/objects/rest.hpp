#pragma once
// The store over Kubernetes' REST conventions: every known kind at /api/v1/... and /apis/GROUP/VERSION/....
// Enough for our CLI and simple clients: list, get, create, update, status, merge and apply patches, delete, watch.
// Not here yet: discovery, OpenAPI, tables, protobuf bodies, strategic merge and server-side apply with field owners.

#include "net/http.hpp"
#include "objects/store.hpp"

namespace slipway::objects {

// The routes' handlers must run on `loop`, the control loop (net::ServerOptions::loop). `store` and `loop` outlive the
// server.
void add_routes(net::Router& router, Store& store, core::Loop& loop);

// A Kubernetes Status: {"kind":"Status","status":"Failure","reason":"NotFound",...}.
net::Response status_response(const Error& error);

}  // namespace slipway::objects
