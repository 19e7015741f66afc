#pragma once
// The guard in front of every route that is not public: who is calling, and may they? What an Environment or a
// Rollout allows beyond that is decided where it is known. Control loop only.

#include <optional>
#include <string>
#include <string_view>

#include "core/events.hpp"
#include "net/http.hpp"
#include "team/team.hpp"

namespace slipway::team {

struct GuardOptions {
  // Reading needs no credentials.
  bool open_reading = true;
  // Where refusals of known people are recorded; may be null.
  core::EventSink* events = nullptr;
  // The Kubernetes API decides itself what who may do (RBAC): the guard only finds out who it is.
  bool api_decides = false;
  // Beyond loopback is listened on: who does not come from this machine needs credentials for reading, too. What may be
  // read of the Kubernetes API is then up to that, wherever somebody comes from.
  bool shared = false;
};

// Lets a request pass, with net::principal_header and net::roles_header set, or answers 401 or 403 in the shape that
// the clients of that path expect. A token that is sent is always checked, also where none is needed. `team` and the
// sink outlive the router.
net::Router::Guard make_guard(const Team& team, GuardOptions options = {});

// Who has no role, and asks for what the team alone may read; permission_denied.
core::Error not_of_the_team(const Principal& principal);

// What a request needs. Pure.
struct Requirement {
  bool credentials = true;
  std::optional<Verb> verb;     // nullopt: any known person
  bool is_of_the_team = false;  // who has no role there is refused
};
Requirement requirement_of(std::string_view method, std::string_view path, const GuardOptions& options);

// The error as the clients of `path` want it: Kubernetes Status, google.rpc.Status for pipelines, the model
// registry's {code, message}, Slipway's own everywhere else.
net::Response refusal(std::string_view path, const core::Error& error);

}  // namespace slipway::team
