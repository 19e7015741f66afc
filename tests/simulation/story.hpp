#pragma once
// The demo's story, played by ada, grace and linus: v0 serves; v1 goes from push to promoted; v2 rolls itself back.

#include "game.hpp"

namespace slipway::simulation {

// An error when the people are stuck. What must hold at the end is checked and told to the game.
Result<> play_story(Game& game);

}  // namespace slipway::simulation
