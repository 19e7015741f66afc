#pragma once
// What must hold when the story is over and the faults have ended.

#include "game.hpp"

namespace slipway::simulation {

void check_end(Game& game);

}  // namespace slipway::simulation
