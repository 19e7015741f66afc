#include "serving/simulator/engine.hpp"

#include "serving/simulator/text.hpp"

namespace slipway::serving::simulator {
namespace {

constexpr std::size_t kBlockBytes = 64;  // 16 tokens
constexpr std::size_t kMaxBlocks = 16'384;

Duration scaled(Duration duration, double factor) {
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double, std::micro>(static_cast<double>(duration.count()) * factor));
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::uint64_t chained(std::uint64_t hash, std::string_view block) {
  for (const char c : block) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

}  // namespace

struct Engine::Request {
  Job job;
  Usage usage;
  core::Instant submitted, started, first_token;
  std::size_t next = 0;
  bool running = false;
};

Engine::Engine(const Options& options, Host& host) : options_(options), host_(host), metrics_(options.model) {}

double Engine::load() const {
  const auto& latency = options_.latency;
  const auto share = options_.parallel > 1 ? static_cast<double>(running_ - 1) / (options_.parallel - 1) : 0.0;
  return latency.slow * (1 + (latency.load_factor - 1) * share);
}

int Engine::cached_tokens_of(const std::string& prompt) {
  int cached = 0;
  bool found = true;
  std::uint64_t hash = 14695981039346656037ULL;
  // The last token is always read, so that there is something to predict from.
  for (std::size_t at = 0; at + kBlockBytes < prompt.size(); at += kBlockBytes) {
    hash = chained(hash, std::string_view(prompt).substr(at, kBlockBytes));
    found = found && blocks_.contains(hash);
    if (found) {
      cached += static_cast<int>(kBlockBytes / 4);
    } else if (blocks_.insert(hash).second) {
      block_order_.push_back(hash);
      if (block_order_.size() > kMaxBlocks) {
        blocks_.erase(block_order_.front());
        block_order_.pop_front();
      }
    }
  }
  return cached;
}

std::optional<std::uint64_t> Engine::submit(Job job) {
  if (static_cast<int>(waiting_.size()) >= options_.max_waiting && running_ >= options_.parallel) return std::nullopt;
  const auto id = next_id_++;
  auto request = std::make_shared<Request>();
  request->usage.prompt_tokens = count_tokens(job.prompt);
  request->job = std::move(job);
  request->submitted = host_.monotonic();
  requests_.emplace(id, std::move(request));
  waiting_.push_back(id);
  start_waiting();
  return id;
}

void Engine::start_waiting() {
  while (running_ < options_.parallel && !waiting_.empty()) {
    const auto id = waiting_.front();
    waiting_.pop_front();
    auto& request = *requests_.at(id);
    request.running = true;
    ++running_;
    request.started = host_.monotonic();
    auto& usage = request.usage;
    usage.queued = request.started - request.submitted;
    usage.cached_tokens = cached_tokens_of(request.job.prompt);
    metrics_.prompt_tokens.add(usage.prompt_tokens);
    metrics_.cache_queries.add(usage.prompt_tokens);
    metrics_.cached_tokens.add(usage.cached_tokens);
    const auto& latency = options_.latency;
    const auto reading = latency.prefill_per_token * (usage.prompt_tokens - usage.cached_tokens);
    schedule(id, scaled(latency.prefill_overhead + reading, load()));
  }
  metrics_.running.set(running_);
  metrics_.waiting.set(static_cast<double>(waiting_.size()));
}

void Engine::schedule(std::uint64_t id, Duration delay) {
  host_.after(delay, [this, weak = std::weak_ptr<int>(alive_), id] {
    if (!weak.expired()) say_next(id);
  });
}

void Engine::say_next(std::uint64_t id) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return;  // cancelled
  const auto request = found->second;
  const auto now = host_.monotonic();
  const bool first = request->next == 0;
  const bool last = request->next + 1 >= request->job.pieces.size();
  if (first) {
    request->first_token = now;
    metrics_.time_to_first_token.observe(seconds(now - request->submitted));
  }
  metrics_.generation_tokens.add();
  ++request->usage.completion_tokens;
  if (last) {
    request->usage.prefill = request->first_token - request->started;
    request->usage.decode = now - request->first_token;
    (request->job.length_limited ? metrics_.length_limited : metrics_.stopped).add();
    metrics_.end_to_end.observe(seconds(now - request->submitted));
    release(id);
  } else {
    schedule(id, scaled(options_.latency.inter_token, load()));
  }
  // Last, because the listener may cancel or submit.
  request->job.on_piece(request->job.pieces[request->next++], first);
  if (last) request->job.on_done(request->usage);
}

void Engine::cancel(std::uint64_t id) {
  if (requests_.contains(id)) release(id);
}

void Engine::release(std::uint64_t id) {
  const auto found = requests_.find(id);
  if (found->second->running)
    --running_;
  else
    std::erase(waiting_, id);
  requests_.erase(found);
  start_waiting();
}

}  // namespace slipway::serving::simulator
