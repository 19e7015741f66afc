#include "serving/simulator/openai.hpp"

namespace slipway::serving::simulator {
namespace {

// A message's content: a string, or parts of which the text ones count.
std::string text_of(const doc::Value& content) {
  if (content.is_string()) return content.as_string();
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) text += content[i]["text"].string_or("");
  return text;
}

doc::Object envelope(const Identity& identity, std::string_view object) {
  return doc::Object{{"id", identity.id}, {"object", object}, {"created", identity.created}, {"model", identity.model}};
}

std::string event(doc::Object object) { return "data: " + doc::render_json(doc::Value(std::move(object))) + "\n\n"; }

doc::Value one_choice(doc::Object choice) {
  doc::Array choices;
  choices.emplace_back(std::move(choice));
  return doc::Value(std::move(choices));
}

doc::Value usage_value(const Usage& usage) {
  doc::Object details{{"cached_tokens", usage.cached_tokens}};
  doc::Object value{{"prompt_tokens", usage.prompt_tokens},
                    {"completion_tokens", usage.completion_tokens},
                    {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
  value.set("prompt_tokens_details", std::move(details));
  return doc::Value(std::move(value));
}

doc::Value timings_value(const Usage& usage) {
  const auto ms = [](Duration duration) { return static_cast<double>(duration.count()) / 1000.0; };
  return doc::Value(doc::Object{{"cache_n", usage.cached_tokens},
                                {"prompt_n", usage.prompt_tokens - usage.cached_tokens},
                                {"prompt_ms", ms(usage.prefill)},
                                {"predicted_n", usage.completion_tokens},
                                {"predicted_ms", ms(usage.decode)}});
}

std::string chunk(const Identity& identity, bool chat, doc::Object choice) {
  auto object = envelope(identity, chat ? "chat.completion.chunk" : "text_completion");
  object.set("choices", one_choice(std::move(choice)));
  return event(std::move(object));
}

}  // namespace

Result<Completion> parse_completion(std::string_view body, bool chat) {
  TRY_ASSIGN(const auto value, doc::parse_json(body, "<request body>"));
  if (!value.is_object()) return fail(Code::invalid_argument, "the body must be a JSON object");
  Completion completion;
  completion.chat = chat;
  completion.stream = value["stream"].bool_or(false);
  completion.include_usage = value["stream_options"]["include_usage"].bool_or(false);
  completion.ignore_eos = value["ignore_eos"].bool_or(false);
  for (const auto* key : {"max_tokens", "max_completion_tokens"}) {
    if (const auto limit = value[key].int_or(-1); limit >= 0)
      completion.max_tokens = static_cast<int>(std::min<std::int64_t>(limit, 1'000'000));
  }
  if (!chat) {
    const auto& prompt = value["prompt"];
    if (!prompt.is_string()) return fail(Code::invalid_argument, "\"prompt\" must be a string");
    completion.prompt = completion.asked = prompt.as_string();
    return completion;
  }
  const auto& messages = value["messages"];
  if (!messages.is_array() || messages.size() == 0)
    return fail(Code::invalid_argument, "\"messages\" must be a list with at least one message");
  for (const auto& message : messages.as_array()) {
    const auto role = message["role"].string_or("");
    if (role.empty()) return fail(Code::invalid_argument, "every message needs a \"role\"");
    const auto text = text_of(message["content"]);
    completion.prompt += "<|" + role + "|>" + text + "\n";
    if (role == "user") completion.asked += text + "\n";
  }
  return completion;
}

std::string render_completion(const Identity& identity, bool chat, std::string_view text,
                              std::string_view finish_reason, const Usage& usage) {
  auto object = envelope(identity, chat ? "chat.completion" : "text_completion");
  doc::Object choice{{"index", 0}};
  if (chat) {
    choice.set("message", doc::Object{{"role", "assistant"}, {"content", text}});
  } else {
    choice.set("text", text);
  }
  choice.set("finish_reason", finish_reason);
  object.set("choices", one_choice(std::move(choice)));
  object.set("usage", usage_value(usage));
  object.set("timings", timings_value(usage));
  return doc::render_json(doc::Value(std::move(object)));
}

std::string render_role_chunk(const Identity& identity) {
  doc::Object choice{{"index", 0}, {"finish_reason", nullptr}};
  choice.set("delta", doc::Object{{"role", "assistant"}, {"content", nullptr}});
  return chunk(identity, true, std::move(choice));
}

std::string render_piece_chunk(const Identity& identity, bool chat, std::string_view piece) {
  doc::Object choice{{"index", 0}, {"finish_reason", nullptr}};
  if (chat) {
    choice.set("delta", doc::Object{{"content", piece}});
  } else {
    choice.set("text", piece);
  }
  return chunk(identity, chat, std::move(choice));
}

std::string render_finish_chunk(const Identity& identity, bool chat, std::string_view finish_reason) {
  doc::Object choice{{"index", 0}, {"finish_reason", finish_reason}};
  if (chat) {
    choice.set("delta", doc::Object{});
  } else {
    choice.set("text", "");
  }
  return chunk(identity, chat, std::move(choice));
}

std::string render_usage_chunk(const Identity& identity, bool chat, const Usage& usage) {
  auto object = envelope(identity, chat ? "chat.completion.chunk" : "text_completion");
  object.set("choices", doc::Array{});
  object.set("usage", usage_value(usage));
  object.set("timings", timings_value(usage));
  return event(std::move(object));
}

std::string render_error(int status, std::string_view type, std::string_view message) {
  doc::Object object;
  object.set("error", doc::Object{{"code", status}, {"message", message}, {"type", type}});
  return doc::render_json(doc::Value(std::move(object)));
}

std::string render_context_error(int prompt_tokens, int context) {
  doc::Object object;
  object.set("error", doc::Object{{"code", 400},
                                  {"message", "request (" + std::to_string(prompt_tokens) +
                                                  " tokens) exceeds the available context size (" +
                                                  std::to_string(context) + " tokens), try increasing it"},
                                  {"type", "exceed_context_size_error"},
                                  {"n_prompt_tokens", prompt_tokens},
                                  {"n_ctx", context}});
  return doc::render_json(doc::Value(std::move(object)));
}

std::string render_models(std::string_view model, std::int64_t created, int context) {
  doc::Object entry{{"id", model}, {"object", "model"}, {"created", created}, {"owned_by", "slipway"}};
  entry.set("meta", doc::Object{{"n_ctx", context}});
  doc::Array data;
  data.emplace_back(std::move(entry));
  doc::Object object{{"object", "list"}};
  object.set("data", std::move(data));
  return doc::render_json(doc::Value(std::move(object)));
}

}  // namespace slipway::serving::simulator
