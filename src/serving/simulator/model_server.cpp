#include "serving/simulator/model_server.hpp"

#include <algorithm>

#include "serving/simulator/openai.hpp"
#include "serving/simulator/text.hpp"

namespace slipway::serving::simulator {
namespace {

net::Response json_response(int status, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  response.body = std::move(body);
  return response;
}

net::Response error_answer(int status, std::string_view type, std::string_view message) {
  return json_response(status, render_error(status, type, message));
}

}  // namespace

// One completion on its way to a client.
struct ModelServer::Answer {
  Identity identity;
  Completion completion;
  std::string finish_reason;
  std::shared_ptr<net::Responder> responder;
  std::string text;

  void piece(const std::string& piece, bool first) {
    text += piece;
    if (!completion.stream) return;
    if (first) {
      responder->begin(200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache"}});
      if (completion.chat) responder->write(render_role_chunk(identity));
    }
    responder->write(render_piece_chunk(identity, completion.chat, piece));
  }

  void done(const Usage& usage) {
    if (!completion.stream) {
      responder->send(json_response(200, render_completion(identity, completion.chat, text, finish_reason, usage)));
      return;
    }
    responder->write(render_finish_chunk(identity, completion.chat, finish_reason));
    if (completion.include_usage) responder->write(render_usage_chunk(identity, completion.chat, usage));
    responder->write(kDoneEvent);
    responder->end();
  }
};

ModelServer::ModelServer(Options options, Host host)
    : options_(std::move(options)), host_(std::move(host)), engine_(options_, host_) {}

ModelServer::~ModelServer() = default;

void ModelServer::start() {
  if (options_.failures.exit_at_start != 0) return host_.exit(options_.failures.exit_at_start);
  if (options_.startup == Duration{}) {
    loaded_ = true;
    return;
  }
  host_.after(options_.startup, [this, weak = std::weak_ptr<int>(alive_)] {
    if (!weak.expired()) loaded_ = true;
  });
}

void ModelServer::handle(net::Request request, std::shared_ptr<net::Responder> responder) {
  if (request.method == "GET" && request.path == "/metrics") {
    auto response = net::Response::text(200, engine_.metrics().render());
    return responder->send(std::move(response));
  }
  if (!loaded_) return responder->send(error_answer(503, "unavailable_error", "Loading model"));
  if (request.method == "GET" && (request.path == "/health" || request.path == "/v1/health")) {
    if (leaving_) return responder->send(error_answer(503, "unavailable_error", "shutting down"));
    return responder->send(json_response(200, R"({"status":"ok"})"));
  }
  if (request.method == "GET" && request.path == "/v1/models") {
    const auto created = std::chrono::floor<std::chrono::seconds>(host_.now()).time_since_epoch().count();
    return responder->send(json_response(200, render_models(options_.model, created, options_.context)));
  }
  const bool chat = request.path == "/v1/chat/completions";
  if (request.method == "POST" && (chat || request.path == "/v1/completions")) {
    return complete(request, chat, std::move(responder));
  }
  responder->send(error_answer(404, "not_found_error", "File Not Found"));
}

bool ModelServer::inject_failure(const std::shared_ptr<net::Responder>& responder) {
  const auto& failures = options_.failures;
  ++completions_;
  if (failures.crash_after > 0 && completions_ >= failures.crash_after) {
    host_.exit(139);
    return true;
  }
  if (failures.error_rate > 0 && host_.uniform() < failures.error_rate) {
    responder->send(error_answer(500, "server_error", "injected failure"));
    return true;
  }
  if (failures.hang_rate > 0 && host_.uniform() < failures.hang_rate) {
    std::erase_if(hanging_, [](const auto& waiting) { return !waiting->is_open(); });
    hanging_.push_back(responder);
    return true;
  }
  return false;
}

std::vector<std::string> ModelServer::pieces_for(const Completion& completion, int prompt_tokens, bool& limited) const {
  const bool wrong = options_.failures.wrong_rate > 0 && fraction_of(completion.asked) < options_.failures.wrong_rate;
  const auto said = pieces_of(wrong ? "I am not able to say." : answer_to(completion.asked));
  auto pieces = said;
  auto limit = static_cast<std::size_t>(options_.context - prompt_tokens);
  if (completion.max_tokens >= 0) limit = std::min(limit, static_cast<std::size_t>(std::max(completion.max_tokens, 1)));
  if (completion.ignore_eos) {
    while (pieces.size() < limit) {
      const auto& next = said[pieces.size() % said.size()];
      pieces.push_back(pieces.size() % said.size() == 0 ? " " + next : next);
    }
  }
  limited = pieces.size() > limit || (completion.ignore_eos && pieces.size() == limit);
  if (pieces.size() > limit) pieces.resize(limit);
  return pieces;
}

void ModelServer::complete(const net::Request& request, bool chat, std::shared_ptr<net::Responder> responder) {
  if (draining_) return responder->send(error_answer(503, "unavailable_error", "shutting down"));
  const auto body = request.read_body();
  auto completion = body ? parse_completion(*body, chat) : Result<Completion>(fail(body.error()));
  if (!completion) return responder->send(error_answer(400, "invalid_request_error", completion.error().one_line()));
  const auto prompt_tokens = count_tokens(completion->prompt);
  if (prompt_tokens >= options_.context) {
    return responder->send(json_response(400, render_context_error(prompt_tokens, options_.context)));
  }
  if (inject_failure(responder)) return;

  Job job;
  job.prompt = completion->prompt;
  job.pieces = pieces_for(*completion, prompt_tokens, job.length_limited);
  auto answer = std::make_shared<Answer>();
  answer->identity = {(chat ? "chatcmpl-" : "cmpl-") + std::to_string(completions_), options_.model,
                      std::chrono::floor<std::chrono::seconds>(host_.now()).time_since_epoch().count()};
  answer->completion = std::move(*completion);
  answer->finish_reason = job.length_limited ? "length" : "stop";
  answer->responder = responder;
  job.on_piece = [answer](const std::string& piece, bool first) { answer->piece(piece, first); };
  job.on_done = [this, answer](const Usage& usage) {
    answer->done(usage);
    check_drained();
  };
  const auto id = engine_.submit(std::move(job));
  if (!id) return responder->send(error_answer(429, "rate_limit_error", "too many requests wait"));
  responder->on_close([this, weak = std::weak_ptr<int>(alive_), post = host_.post, request_id = *id] {
    post([this, weak, request_id] {
      if (weak.expired()) return;
      engine_.cancel(request_id);
      check_drained();
    });
  });
}

void ModelServer::drain(core::Task done) {
  if (leaving_) return;
  leaving_ = true;
  drained_ = std::move(done);
  host_.after(options_.linger, [this, weak = std::weak_ptr<int>(alive_)] {
    if (weak.expired()) return;
    draining_ = true;
    hanging_.clear();
    check_drained();
  });
}

void ModelServer::check_drained() {
  if (draining_ && drained_ && engine_.idle()) std::exchange(drained_, nullptr)();
}

}  // namespace slipway::serving::simulator
