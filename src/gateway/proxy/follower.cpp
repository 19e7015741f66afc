#include "gateway/proxy/follower.hpp"

#include <algorithm>
#include <thread>

#include "core/log.hpp"
#include "core/world/real.hpp"
#include "gateway/http1/parser.hpp"
#include "gateway/io/stream.hpp"

namespace slipway::gateway::proxy {
namespace {
constexpr core::Duration poll_limit = std::chrono::seconds(40);  // the control plane answers after 25 s at the latest
constexpr core::Duration first_delay = std::chrono::milliseconds(100);
constexpr core::Duration last_delay = std::chrono::seconds(5);
constexpr std::size_t max_snapshot = 256 * 1024 * 1024;

Result<traffic::Snapshot> parse_snapshot(const std::string& text, const std::string& name) {
  TRY_ASSIGN(const doc::Value value, core::doc::parse_json(text, name));
  return traffic::snapshot_from_json(value);
}
}  // namespace

Result<traffic::Snapshot> read_cache(const std::string& path) {
  TRY_ASSIGN(const std::string text, core::real_files().read(path));
  return parse_snapshot(text, path);
}

struct Follower::Impl {
  io::HttpUrl url;
  std::string cache;
  std::uint64_t known;
  std::function<void(traffic::Snapshot)> on_snapshot;
  io::Loop loop;
  std::string unkept;  // the newest rules, while their file could not be written
  io::Event stopped{loop};
  std::unique_ptr<io::Stream> stream;  // of the poll under way
  std::thread thread;

  // Nothing to report: nullopt.
  io::Co<Result<std::optional<std::string>>> poll() {
    auto connected = co_await io::connect(loop, url.at.host, url.at.port, std::chrono::seconds(2));
    if (!connected) co_return fail(std::move(connected).error());
    if (stopped.is_set()) co_return fail(Code::cancelled, "stopping");  // it was set when there was no stream to close
    stream = std::move(*connected);
    stream->expires_after(poll_limit);
    std::string prefix = url.target;
    while (prefix.ends_with('/')) prefix.pop_back();
    const core::Headers headers{{"host", url.authority}, {"accept", "application/json"}, {"connection", "close"}};
    const std::string target = prefix + "/api/slipway/v1/gateway/snapshot?after=" + std::to_string(known);
    const std::string request = http1::render_request("GET", target, headers);
    auto written = co_await stream->write(request);
    if (!written) co_return fail(std::move(written).error());
    http1::Parser response(http1::Parser::Kind::response);
    std::string inbox, body;
    while (!response.done()) {
      inbox.clear();
      auto count = co_await stream->read(inbox, 64 * 1024);
      if (!count) co_return fail(std::move(count).error());
      if (*count == 0) {
        auto finished = response.finish();
        if (!finished) co_return fail(std::move(finished).error());
        if (!response.done()) co_return fail(Code::unavailable, "the control plane closed the connection");
      }
      std::string_view rest = inbox;
      while (!rest.empty() && !response.done()) {
        auto taken = response.feed(rest);
        if (!taken) co_return fail(std::move(taken).error());
        rest.remove_prefix(*taken);
      }
      body += response.take_body();
      if (body.size() > max_snapshot) co_return fail(Code::resource_exhausted, "the snapshot is larger than 256 MiB");
    }
    const int status = response.head().status;
    if (status == 204) co_return std::optional<std::string>();
    if (status != 200) co_return fail(Code::unavailable, "the control plane answered " + std::to_string(status));
    co_return std::optional<std::string>(std::move(body));
  }

  Result<> take(const std::string& text) {
    TRY_ASSIGN(traffic::Snapshot snapshot, parse_snapshot(text, url.authority));
    if (snapshot.version == known) return {};
    known = snapshot.version;
    on_snapshot(std::move(snapshot));
    if (!cache.empty()) unkept = text;
    return {};
  }

  // Without it a restart would serve by older rules. Tried again after every poll.
  void keep() {
    if (unkept.empty()) return;
    if (auto kept = core::real_files().write_atomic(cache, unkept); !kept)
      return log::warn("gateway", "cannot keep the rules", {{"file", cache}, {"why", kept.error().one_line()}});
    unkept.clear();
  }

  io::Co<> follow() {
    core::Duration delay = first_delay;
    bool told = false;
    while (!stopped.is_set()) {
      auto answer = co_await poll();
      stream.reset();
      Result<> outcome;
      if (!answer)
        outcome = fail(std::move(answer).error());
      else if (*answer)
        outcome = take(**answer);
      keep();
      if (outcome) {
        delay = first_delay;
        if (std::exchange(told, false))
          log::info("gateway", "following the control plane again", {{"at", url.authority}});
        continue;
      }
      if (stopped.is_set()) break;
      if (!std::exchange(told, true)) {
        log::warn("gateway", "cannot follow the control plane; serving with the last rules",
                  {{"at", url.authority}, {"why", outcome.error().one_line()}});
      }
      const auto jitter = core::Duration(
          static_cast<std::int64_t>(core::real_random().below(static_cast<std::uint64_t>(delay.count() / 2))));
      co_await stopped.wait_for(delay + jitter);
      delay = std::min(last_delay, delay * 2);
    }
  }
};

Follower::Follower(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Follower>> Follower::start(const std::string& control_plane, std::string cache,
                                                  std::uint64_t known,
                                                  std::function<void(traffic::Snapshot)> on_snapshot) {
  auto impl = std::make_unique<Impl>();
  TRY_ASSIGN(impl->url, io::parse_http_url(control_plane));
  impl->cache = std::move(cache);
  impl->known = known;
  impl->on_snapshot = std::move(on_snapshot);
  Impl& i = *impl;
  i.loop.spawn(i.follow(), [&i] { i.loop.stop(); });
  i.thread = std::thread([&i] { i.loop.run(); });
  return std::unique_ptr<Follower>(new Follower(std::move(impl)));
}

Follower::~Follower() {
  Impl& i = *impl_;
  i.loop.post([&i] {
    i.stopped.set();
    if (i.stream) i.stream->close();
  });
  i.thread.join();
}

}  // namespace slipway::gateway::proxy
