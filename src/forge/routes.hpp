#pragma once
// The forge's faces, put together by Forge::add_routes.

#include <memory>

#include "forge/state.hpp"

namespace slipway::forge {

void add_git_routes(net::Router& router, const std::shared_ptr<Forge::State>& state, Gatekeeper gatekeeper);
void add_status_routes(net::Router& router, const std::shared_ptr<Forge::State>& state);

}  // namespace slipway::forge
