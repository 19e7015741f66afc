#pragma once
// The store over Kubernetes' REST conventions: every known kind at /api/v1/... and /apis/GROUP/VERSION/....
// Enough for our CLI and simple clients: list, get, create, update, status, merge and apply patches, delete, watch.
// Not here yet: discovery, OpenAPI, tables, protobuf bodies, strategic merge and server-side apply with field owners.

#include <functional>

#include "core/events.hpp"
#include "net/http.hpp"
#include "objects/store.hpp"

namespace slipway::objects {

struct RestOptions {
  // Says no to an object before it is written, with every problem. Empty: the store's own rules are all there is.
  std::function<Result<>(const Object&)> admit = {};
  // Where every write goes on record, as the caller's, with the write itself; but Leases and Events, which programs
  // write by the second. Null: nowhere.
  core::EventSink* events = nullptr;
};

// The routes' handlers must run on `loop`, the control loop (net::ServerOptions::loop). `store` and `loop` outlive the
// server.
void add_routes(net::Router& router, Store& store, core::Loop& loop, RestOptions options = {});

// A Kubernetes Status: {"kind":"Status","status":"Failure","reason":"NotFound",...}.
net::Response status_response(const Error& error);

}  // namespace slipway::objects
