#pragma once
// The OpenAI wire format as llama-server speaks it: requests in, answers and chunks out. Pure.

#include <string>
#include <vector>

#include "core/doc.hpp"
#include "serving/simulator/engine.hpp"

namespace slipway::serving::simulator {

struct Completion {
  bool chat = true;
  bool stream = false;
  bool include_usage = false;
  bool ignore_eos = false;  // say max_tokens tokens whatever there is to say
  int max_tokens = -1;      // -1: as many as it takes
  std::string prompt;       // everything the model reads
  std::string asked;        // the part the answer comes from: not the system message
};

// A body of /v1/chat/completions or /v1/completions. Fields that a simulation cannot honour are ignored, as
// llama-server ignores unknown ones.
Result<Completion> parse_completion(std::string_view body, bool chat);

// What a client is told about one completion.
struct Identity {
  std::string id;  // "chatcmpl-12"
  std::string model;
  std::int64_t created = 0;  // Unix seconds
};

std::string render_completion(const Identity& identity, bool chat, std::string_view text,
                              std::string_view finish_reason, const Usage& usage);
// One "data: ..." event each.
std::string render_role_chunk(const Identity& identity);
std::string render_piece_chunk(const Identity& identity, bool chat, std::string_view piece);
std::string render_finish_chunk(const Identity& identity, bool chat, std::string_view finish_reason);
std::string render_usage_chunk(const Identity& identity, bool chat, const Usage& usage);
inline constexpr std::string_view kDoneEvent = "data: [DONE]\n\n";

std::string render_error(int status, std::string_view type, std::string_view message);
std::string render_context_error(int prompt_tokens, int context);
std::string render_models(std::string_view model, std::int64_t created, int context);

}  // namespace slipway::serving::simulator
