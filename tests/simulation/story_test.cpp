// The whole story of `slipway demo` in virtual time, with faults, from seeds. SLIPWAY_SEED=N plays one seed and tells
// what happened; SLIPWAY_SEEDS=N says how many are played.

#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>

#include "core/log.hpp"
#include "story.hpp"

using namespace slipway;
using namespace slipway::simulation;

namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Returns what was violated, a line each.
std::string play(std::uint64_t seed, ChaosOptions options, bool tell,
                 const support::StoreEntry& store = support::in_memory()) {
  Game game(seed, options, store);
  const std::size_t errors = log::error_count();
  if (auto played = play_story(game); !played) game.violated("the story stopped: " + played.error().render());
  if (log::error_count() != errors && game.chaos().failed_commits() == 0)
    game.violated("error lines were logged without a fault that explains them");
  if (tell) {
    if (const auto events = game.control().audit->list(0, 10'000)) {
      for (const auto& e : *events)
        std::cerr << core::render_rfc3339_micro(e.time) << " " << e.actor << " " << e.action << " " << e.object << " "
                  << e.detail << "\n";
    }
  }
  if (tell) std::cerr << game.notes() << "seed " << seed << ": " << game.chaos().summary() << "\n";
  std::string text;
  for (const auto& violation : game.violations()) text += violation + "\n";
  return text;
}

}  // namespace

TEST_CASE_ON_EVERY_STORE(support::OnStore, "without faults, v1 is promoted step by step and v2 rolls itself back") {
  log::set_level(log::Level::error);
  CHECK(play(1, {.crashes = false, .kills = false, .network = false, .commits = false},
             std::getenv("SLIPWAY_SEED") != nullptr, store) == "");
}

TEST_CASE("whatever is killed, lost or refused meanwhile, the story ends the same and nothing acknowledged is gone") {
  log::set_level(log::Level::error);
  const std::uint64_t only = number_from("SLIPWAY_SEED", 0);
  const std::uint64_t first = only != 0 ? only : 1, count = only != 0 ? 1 : number_from("SLIPWAY_SEEDS", 6);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const std::string violated = play(seed, {}, only != 0);
    CHECK_MESSAGE(violated == "", "SLIPWAY_SEED=", seed, " replays it");
  }
  // A push whose workflow could not be started, twice in a row.
  if (only == 0) CHECK(play(54, {}, false) == "");
}

TEST_CASE_ON_EVERY_STORE(support::OnStore, "a control plane that dies now and then tells the same story") {
  log::set_level(log::Level::error);
  CHECK(play(3, {.kills = false, .network = false, .commits = false}, false, store) == "");
}

TEST_CASE("a seed replays exactly") {
  const auto notes_of = [](std::uint64_t seed) {
    Game game(seed, {});
    if (auto played = play_story(game); !played) game.note(played.error().one_line());
    return game.notes();
  };
  CHECK(notes_of(3) == notes_of(3));
}
