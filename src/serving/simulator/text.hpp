#pragma once
// What the simulated model reads and says. Pure and deterministic; no language model.

#include <string>
#include <string_view>
#include <vector>

namespace slipway::serving::simulator {

// Prompt tokens: a quarter of the bytes, rounded up. Output tokens: words (see pieces_of).
int count_tokens(std::string_view text);

// The sentence of `prompt` that shares most words with its question (the last sentence that ends in '?'), without a
// label such as "Passage:". So an answer holds the fact when the prompt does. A greeting when there is nothing to
// answer from.
std::string answer_to(std::string_view prompt);

// One word a piece, with its leading space; joined they are `text`.
std::vector<std::string> pieces_of(std::string_view text);

// In [0, 1), the same for the same text, on every machine.
double fraction_of(std::string_view text);

}  // namespace slipway::serving::simulator
