#include <doctest/doctest.h>

#include "serving/simulator/options.hpp"
#include "serving/simulator/text.hpp"

using namespace slipway::serving::simulator;

TEST_CASE("the answer is the sentence that shares most words with the question") {
  struct Row {
    const char* prompt;
    const char* answer;
  };
  for (const auto& row : {
           Row{"Passage: Orders ship from Hamburg within two days. Question: From where do orders ship?",
               "Orders ship from Hamburg within two days."},
           Row{"Context: We sell tea. Returns are free for 30 days. The desk opens at 9.30 daily. Question: For how "
               "many days are returns free?",
               "Returns are free for 30 days."},
           Row{"Tea costs 3.50 euros.\nCoffee costs 4 euros.\nWhat does coffee cost?", "Coffee costs 4 euros."},
           Row{"Hello", "Hello! How can I help you today?"},
           Row{"Why?", "I do not know the answer to that."},
       }) {
    CAPTURE(row.prompt);
    CHECK(answer_to(row.prompt) == row.answer);
  }
}

TEST_CASE("pieces are words with their leading space and join to the text") {
  CHECK(pieces_of("Orders ship from  Hamburg.") == std::vector<std::string>{"Orders", " ship", " from", "  Hamburg."});
  CHECK(pieces_of("").empty());
  CHECK(count_tokens("12345") == 2);
}

TEST_CASE("fractions of texts spread evenly, so that a share of prompts is that share") {
  int below = 0;
  for (int i = 0; i < 1000; ++i) below += fraction_of("prompt " + std::to_string(i)) < 0.3;
  CHECK(below > 250);
  CHECK(below < 350);
}

TEST_CASE("flags are read, and a mistyped one names the nearest") {
  const auto options = parse_options({"--model", "m", "--port=0", "--prefill-per-token", "350us", "--slow", "2.5"});
  REQUIRE(options.has_value());
  CHECK(options->model == "m");
  CHECK(options->latency.prefill_per_token == std::chrono::microseconds(350));
  CHECK(options->latency.slow == 2.5);
  CHECK(parse_options({"--paralel", "2"}).error().hint == "did you mean --parallel?");
  for (const auto& bad :
       {std::vector<std::string>{"--port", "http"}, {"--startup", "5"}, {"--parallel", "0"}, {"--slow"}}) {
    CAPTURE(bad[0]);
    CHECK_FALSE(parse_options(bad).has_value());
  }
}
