#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "core/log.hpp"
#include "core/world/real.hpp"
#include "gateway/http1/parser.hpp"
#include "gateway/io/stream.hpp"
#include "gateway/load/load.hpp"
#include "gateway/load/report.hpp"
#include "gateway/metrics/token_meter.hpp"
#include "net/headers.hpp"

namespace slipway::gateway::load {
namespace {

// What one request asks; a function of the seed alone.
struct Question {
  std::uint64_t number = 0;
  core::Instant intended;
  std::string user, body;
};

std::string body_of(const LoadOptions& options, const Prompt& prompt, const std::string& user) {
  doc::Object body{{"model", options.model},
                   {"messages", doc::Array{doc::Object{{"role", "user"}, {"content", prompt.prompt}}}},
                   {"max_tokens", prompt.max_tokens},
                   {"stream", options.stream}};
  if (!user.empty()) body.set("user", user);
  return core::doc::render_json(std::move(body));
}

std::string message_of(const std::string& body) {
  const auto value = core::doc::parse_json(body);
  std::string message = value ? (*value)["error"]["message"].string_or("") : "";
  return message.empty() ? body.substr(0, 200) : message;
}

}  // namespace

struct LoadGenerator::Impl {
  LoadOptions options;
  io::HttpUrl url;
  std::function<void(const Finished&)> on_finished;

  io::Loop loop;
  std::mt19937_64 random;  // seeded; of the questions only
  std::discrete_distribution<std::size_t> which;
  io::Event wake{loop};  // stop() was called
  io::Event all_ended{loop};
  std::unique_ptr<io::Event> slot;  // set when a request ends while the schedule waits for one
  std::set<io::Stream*> busy;
  std::vector<std::unique_ptr<io::Stream>> idle;
  int in_flight = 0;
  bool scheduled_all = false, cutting = false;
  core::Duration patience{};
  double rate = 1;

  mutable std::mutex mutex;  // of what follows
  Tally tally;
  core::Instant began;
  std::optional<core::Instant> ended;
  std::thread thread;

  io::Co<> schedule() {
    core::Instant next = began;
    for (std::uint64_t number = 1; !wake.is_set(); ++number) {
      next += interval();
      if (options.duration && next > began + *options.duration) break;
      Question question = draw(number, next);
      if (const auto now = loop.now(); next > now) {
        const bool stopped = co_await wake.wait_for(next - now);
        if (stopped) break;
      }
      while (in_flight >= options.max_in_flight && !wake.is_set()) {
        slot = std::make_unique<io::Event>(loop);
        co_await slot->wait();
      }
      if (wake.is_set()) break;
      ++in_flight;
      {
        const std::lock_guard lock(mutex);
        tally.sent();
      }
      loop.spawn(ask(std::move(question)), [this] { on_end(); });
    }
    scheduled_all = true;
    while (in_flight > 0 && !wake.is_set()) {
      slot = std::make_unique<io::Event>(loop);
      co_await slot->wait();
    }
    if (in_flight > 0) co_await all_ended.wait_for(patience);
    if (in_flight > 0) {
      cutting = true;
      const std::vector<io::Stream*> all(busy.begin(), busy.end());
      for (io::Stream* stream : all) stream->close();
      co_await all_ended.wait();
    }
    idle.clear();
  }

  void on_end() {
    --in_flight;
    if (slot) slot->set();
    if (scheduled_all && in_flight == 0) all_ended.set();
  }

  core::Duration interval() {
    double seconds = 1 / rate;
    if (options.arrivals == LoadOptions::Arrivals::poisson) seconds *= std::exponential_distribution<double>(1)(random);
    return core::Duration(static_cast<std::int64_t>(std::min(seconds, 3600.0) * 1e6));
  }

  Question draw(std::uint64_t number, core::Instant intended) {
    const Prompt& prompt = options.prompts[which(random)];
    const std::uint64_t luck = random();
    Question question;
    question.number = number;
    question.intended = intended;
    question.user = prompt.user;
    if (question.user.empty() && options.users > 0)
      question.user = "user-" + std::to_string(1 + luck % static_cast<std::uint64_t>(options.users));
    question.body = body_of(options, prompt, question.user);
    return question;
  }

  std::string request_of(const Question& question) const {
    core::Headers headers{{"host", options.host.empty() ? url.authority : options.host},
                          {"content-type", "application/json"},
                          {"content-length", std::to_string(question.body.size())},
                          {"accept", options.stream ? "text/event-stream" : "application/json"}};
    if (!question.user.empty()) headers.emplace_back("x-user", question.user);
    for (const auto& [name, value] : options.headers) net::set_header(headers, name, value);
    return http1::render_request("POST", url.target, headers) + question.body;
  }

  io::Co<> ask(Question question) {
    Finished result;
    result.number = question.number;
    result.user = question.user;
    bool stale = co_await attempt(question, result, true);
    if (stale) co_await attempt(question, result, false);
    result.at = core::real_clock().now();
    result.total = loop.now() - question.intended;
    {
      const std::lock_guard lock(mutex);
      if (cutting && !result.ok()) {
        tally.abandoned();
        co_return;
      }
      tally.add(result);
    }
    if (on_finished) on_finished(result);
  }

  // True when a kept connection turned out to be dead before any answer: try again on a new one.
  io::Co<bool> attempt(const Question& question, Finished& result, bool may_reuse) {
    std::unique_ptr<io::Stream> stream;
    while (may_reuse && !stream && !idle.empty()) {
      stream = std::move(idle.back());
      idle.pop_back();
      if (!stream->is_quiet()) stream.reset();
    }
    const bool reused = stream != nullptr;
    if (!stream) {
      auto connected = co_await io::connect(loop, url.at.host, url.at.port, std::chrono::seconds(5));
      if (!connected) {
        result.error = "connect";
        result.message = connected.error().message;
        co_return false;
      }
      stream = std::move(*connected);
    }
    busy.insert(stream.get());
    stream->expires_after(options.timeout);
    const std::string request = request_of(question);
    http1::Parser response(http1::Parser::Kind::response);
    auto outcome = co_await stream->write(request);
    if (outcome) outcome = co_await read_answer(*stream, response, question, result);
    busy.erase(stream.get());
    if (outcome) {
      stream->never_expires();
      if (response.head().keep_alive && !response.ends_with_connection()) idle.push_back(std::move(stream));
      co_return false;
    }
    if (reused && !response.started() && outcome.error().code == Code::unavailable) co_return true;
    result.error = outcome.error().code == Code::deadline_exceeded ? "timeout" : "cut off";
    result.message = outcome.error().message;
    co_return false;
  }

  io::Co<Result<>> read_answer(io::Stream& stream, http1::Parser& response, const Question& question,
                               Finished& result) {
    std::optional<metrics::TokenMeter> meter;
    std::string inbox, text;
    while (!response.done()) {
      inbox.clear();
      auto count = co_await stream.read(inbox, 64 * 1024);
      if (!count) co_return fail(std::move(count).error());
      if (*count == 0) {
        auto finished = response.finish();
        if (!finished) co_return finished;
        if (!response.done()) co_return fail(Code::unavailable, "the server closed the connection without an answer");
      }
      std::string_view rest = inbox;
      while (!rest.empty() && !response.done()) {
        auto taken = response.feed(rest);
        if (!taken) co_return fail(std::move(taken).error());
        rest.remove_prefix(*taken);
      }
      if (!response.head_done()) continue;
      const http1::Head& head = response.head();
      if (!meter) {
        result.status = head.status;
        result.subset = core::header(head.headers, "x-slipway-subset");
        meter.emplace(core::header(head.headers, "content-type").starts_with("text/event-stream"));
      }
      const std::string piece = response.take_body();
      if (text.size() < 4096) text += piece.substr(0, 4096);
      note(*meter, piece, question, result);
    }
    if (result.status / 100 != 2) {
      result.error = "http " + std::to_string(result.status);
      result.message = message_of(text);
    } else if (meter->saw_error()) {
      result.error = "error event";
    }
    co_return Result<>();
  }

  void note(metrics::TokenMeter& meter, const std::string& piece, const Question& question, Finished& result) {
    const auto before = meter.last();
    const core::Instant now = loop.now();
    const int pieces = meter.feed(piece, now);
    if (pieces == 0) return;
    result.pieces += pieces;
    if (!result.first_token) result.first_token = now - question.intended;
    if (!before) return;
    const std::lock_guard lock(mutex);
    for (int i = 0; i < pieces; ++i) tally.gap((now - *before) / pieces);
  }

  LoadReport report() const {
    const std::lock_guard lock(mutex);
    return tally.report(std::chrono::duration<double>(ended.value_or(loop.now()) - began).count());
  }
};

LoadGenerator::LoadGenerator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LoadGenerator::~LoadGenerator() { stop(core::Duration(0)); }

Result<std::unique_ptr<LoadGenerator>> LoadGenerator::start(LoadOptions options,
                                                            std::function<void(const Finished&)> on_finished) {
  auto impl = std::make_unique<Impl>();
  Impl& i = *impl;
  TRY_ASSIGN(i.url, io::parse_http_url(options.url));
  if (!options.allow_remote && !io::is_loopback(i.url.at.host)) {
    return fail(Code::permission_denied, i.url.at.host + " is not this machine",
                "--allow-remote sends load to other machines");
  }
  if (options.prompts.empty()) return fail(Code::invalid_argument, "there are no prompts");
  if (!(options.rate > 0) || options.rate > 1e5)
    return fail(Code::invalid_argument, "the rate must be above 0 and at most 100000 a second");
  if (options.max_in_flight < 1 || options.max_in_flight > 10'000)
    return fail(Code::invalid_argument, "max-in-flight must be 1 to 10000");
  std::vector<double> weights;
  for (const Prompt& prompt : options.prompts) weights.push_back(prompt.weight);
  if (std::all_of(weights.begin(), weights.end(), [](double w) { return w == 0; }))
    return fail(Code::invalid_argument, "every prompt has weight 0");
  i.options = std::move(options);
  i.on_finished = std::move(on_finished);
  i.random.seed(i.options.seed);
  i.which = std::discrete_distribution<std::size_t>(weights.begin(), weights.end());
  i.rate = i.options.rate;
  i.began = i.loop.now();
  i.loop.spawn(i.schedule(), [&i] {
    {
      const std::lock_guard lock(i.mutex);
      i.ended = i.loop.now();
    }
    i.loop.stop();
  });
  i.thread = std::thread([&i] { i.loop.run(); });
  return std::unique_ptr<LoadGenerator>(new LoadGenerator(std::move(impl)));
}

void LoadGenerator::set_rate(double rate) {
  Impl& i = *impl_;
  if (rate > 0 && rate <= 1e5) i.loop.post([&i, rate] { i.rate = rate; });
}

LoadReport LoadGenerator::report() const { return impl_->report(); }

LoadReport LoadGenerator::stop(core::Duration patience) {
  Impl& i = *impl_;
  if (i.thread.joinable()) {
    i.loop.post([&i, patience] {
      i.patience = patience;
      i.wake.set();
      if (i.slot) i.slot->set();
    });
    i.thread.join();
  }
  return i.report();
}

LoadReport LoadGenerator::wait() {
  if (impl_->thread.joinable()) impl_->thread.join();
  return impl_->report();
}

bool LoadGenerator::is_running() const {
  const std::lock_guard lock(impl_->mutex);
  return !impl_->ended;
}

}  // namespace slipway::gateway::load
