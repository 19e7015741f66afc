#include <doctest/doctest.h>

#include "workflow/engine/state.hpp"

using namespace slipway;
using namespace slipway::workflow;

namespace {

// a and b side by side, then c after both.
ir::Graph diamond() {
  ir::Graph graph;
  graph.add({}, ir::nowhere);
  for (const auto name : {"a", "b", "c"}) graph.add({.key = name, .leaf = ir::Leaf{}}, ir::root);
  graph.require(3, 1);
  graph.require(3, 2);
  return graph;
}

Event event(Event::Type type, std::string step = {}, Phase phase = Phase::waiting) {
  Event made;
  made.type = type;
  made.step = std::move(step);
  made.attempt = 1;
  made.phase = phase;
  return made;
}

std::string text(const std::vector<Command>& commands) {
  static constexpr std::string_view names[] = {"consider", "execute", "stop", "close", "finish"};
  std::string result;
  for (const auto& command : commands)
    result += std::string(names[static_cast<int>(command.kind)]) + std::to_string(command.step) + " ";
  return result;
}

}  // namespace

TEST_CASE("each event makes exactly what it frees due, and any prefix of a journal replays to the same state") {
  using enum Event::Type;
  const auto graph = diamond();
  const std::pair<Event, const char*> story[] = {{event(run_created), "consider0 "},
                                                 {event(step_started), "consider1 consider2 "},
                                                 {event(step_started, "a"), "consider2 execute1 "},
                                                 {event(step_started, "b"), "execute1 execute2 "},
                                                 {event(step_finished, "a", Phase::succeeded), "execute2 "},
                                                 {event(step_retried, "b"), "consider2 "},
                                                 {event(step_started, "b"), "execute2 "},
                                                 {event(step_finished, "b", Phase::succeeded), "consider3 "},
                                                 {event(step_finished, "c", Phase::skipped), "close0 "},
                                                 {event(step_finished, "", Phase::succeeded), "finish0 "},
                                                 {event(run_finished, "", Phase::succeeded), ""}};
  auto state = initial_state(graph);
  std::vector<Event> journal;
  for (const auto& [each, expected] : story) {
    CHECK(text(step(graph, state, each).value()) == expected);
    journal.push_back(each);
    auto replayed = initial_state(graph);
    for (const auto& old : journal)
      REQUIRE(apply(graph, replayed, event_from(doc::parse_json(doc::render_json(to_value(old))).value()).value()));
    CHECK(replayed == state);
  }
  CHECK(state.phase == Phase::succeeded);
}

TEST_CASE("a cancelled run stops what runs") {
  using enum Event::Type;
  const auto graph = diamond();
  auto state = initial_state(graph);
  for (const auto& each : {event(run_created), event(step_started), event(step_started, "a")})
    REQUIRE(apply(graph, state, each));
  CHECK(text(step(graph, state, event(run_cancelling)).value()) == "consider2 stop1 ");
}

TEST_CASE("a journal of another workflow is refused, not guessed at") {
  const auto graph = diamond();
  auto state = initial_state(graph);
  const auto result = apply(graph, state, event(Event::Type::step_started, "nobody"));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::data_loss);
}
