#include "pods/prober.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "pods/addresses.hpp"

namespace slipway::pods {

namespace {
constexpr std::size_t most_output = 8 * 1024 * 1024;  // a probe may say much, and nobody reads it
constexpr std::size_t most_told = 256;                // of what a failed one said
}  // namespace

Result<ProbeSet> parse_probes(const doc::Value& container, const std::string& pod_ip) {
  ProbeSet set;
  TRY_ASSIGN(set.startup, parse_probe(container, "startupProbe", pod_ip));
  TRY_ASSIGN(set.liveness, parse_probe(container, "livenessProbe", pod_ip));
  TRY_ASSIGN(set.readiness, parse_probe(container, "readinessProbe", pod_ip));
  return set;
}

struct Prober::Line {
  Which which;
  Probe probe;
  ProbeVerdict verdict;
  core::TimerId timer = 0;
};

Prober::Prober(core::World& world, ProbeSet probes, Surroundings surroundings, Health inherited, Duration age,
               std::function<void()> changed)
    : world_(world),
      surroundings_(std::move(surroundings)),
      running_since_(world.clock.monotonic() - age),
      changed_(std::move(changed)) {
  const auto line = [](Which which, std::optional<Probe>& probe, bool good) -> std::unique_ptr<Line> {
    if (!probe) return nullptr;
    ProbeVerdict verdict(good, probe->success_threshold, probe->failure_threshold);
    return std::make_unique<Line>(Line{which, std::move(*probe), verdict});
  };
  health_.started = !probes.startup || inherited.started;
  health_.ready = health_.started && (!probes.readiness || inherited.ready);
  startup_ = line(Which::startup, probes.startup, false);
  liveness_ = line(Which::liveness, probes.liveness, true);
  readiness_ = line(Which::readiness, probes.readiness, health_.ready);
  if (health_.started) {
    begin_after_startup();
  } else {
    begin(*startup_, startup_->probe.initial_delay - age);
  }
}

Prober::~Prober() {
  for (const auto* line : {&startup_, &liveness_, &readiness_}) {
    if (*line && (*line)->timer != 0) world_.loop.cancel((*line)->timer);
  }
}

void Prober::begin_after_startup() {
  const Duration age = world_.clock.monotonic() - running_since_;
  if (liveness_) begin(*liveness_, liveness_->probe.initial_delay - age);
  if (readiness_) begin(*readiness_, readiness_->probe.initial_delay - age);
}

void Prober::begin(Line& line, Duration delay) {
  line.timer = world_.loop.after(std::max(delay, Duration{}), [this, &line, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    line.timer = 0;
    ask(line);
  });
}

void Prober::ask(Line& line) {
  const auto answer = [this, &line, alive = std::weak_ptr(alive_)](bool good, const std::string& why) {
    if (!alive.expired()) answered(line, good, why);
  };
  const auto send_get = [&](const std::string& url, core::Headers headers, bool any_status) {
    core::HttpRequest request;
    request.url = url;
    request.headers = std::move(headers);
    request.timeout = line.probe.timeout;
    request.max_response = 1024 * 1024;
    world_.http.send(std::move(request), [answer, any_status](Result<core::HttpResponse> response) {
      if (!response) return answer(false, response.error().one_line());
      const bool good = any_status || (response->status >= 200 && response->status < 400);
      answer(good, "HTTP probe failed with statuscode: " + std::to_string(response->status));
    });
  };

  if (const auto* get = std::get_if<HttpGet>(&line.probe.action)) {
    send_get(get->url, get->headers, false);
  } else if (const auto* tcp = std::get_if<TcpSocket>(&line.probe.action)) {
    // The kernel's table says who listens without a connection that the program has to wonder about. Where there is
    // no such table (a simulated machine), whoever answers HTTP listens.
    auto table = world_.files.read("/proc/net/tcp");
    if (table) {
      *table += world_.files.read("/proc/net/tcp6").value_or("");
      const bool good = is_listening(*table, tcp->host, tcp->port);
      answer(good, "nobody listens on " + tcp->host + ":" + std::to_string(tcp->port));
    } else {
      send_get("http://" + tcp->host + ":" + std::to_string(tcp->port) + "/", {}, true);
    }
  } else if (const auto* grpc = std::get_if<Grpc>(&line.probe.action)) {
    run(line, surroundings_.health_check(*grpc));
  } else {
    run(line, surroundings_.place(std::get<Exec>(line.probe.action).command));
  }
}

std::string Prober::name_of(Which which) {
  return which == Which::startup ? "Startup" : which == Which::liveness ? "Liveness" : "Readiness";
}

void Prober::run(Line& line, Command command) {
  core::RunRequest request;
  request.argv = std::move(command.argv);
  request.directory = std::move(command.directory);
  request.environment = surroundings_.environment;
  request.timeout = line.probe.timeout;
  request.max_output = most_output;
  world_.processes.run(std::move(request), [this, &line,
                                            alive = std::weak_ptr(alive_)](Result<core::RunOutput> output) {
    if (alive.expired()) return;
    if (!output) return answered(line, false, output.error().one_line());
    const std::string said(core::trimmed(output->err.substr(0, most_told), " \n"));
    answered(line, output->exit.code == 0,
             "the command ended with status " + std::to_string(output->exit.code) + (said.empty() ? "" : ": " + said));
  });
}

void Prober::answered(Line& line, bool good, const std::string& why) {
  const Health before = health_;
  line.verdict.feed(good);
  const std::string complaint = name_of(line.which) + " probe failed: ";
  if (!good) {
    health_.complaint = complaint + why;
  } else if (health_.complaint.starts_with(complaint)) {
    health_.complaint.clear();
  }
  bool again = true;
  switch (line.which) {
    case Which::startup:
      if (line.verdict.is_good()) {
        again = false;
        health_.started = true;
        health_.ready = readiness_ == nullptr;
        begin_after_startup();
      } else if (line.verdict.has_failed()) {
        health_.must_end = health_.complaint;
        health_.grace = line.probe.grace;
      }
      break;
    case Which::liveness:
      if (line.verdict.has_failed()) {
        health_.must_end = health_.complaint;
        health_.grace = line.probe.grace;
      }
      break;
    case Which::readiness:
      health_.ready = line.verdict.is_good();
      break;
  }
  if (!health_.must_end.empty()) again = false;
  if (again) begin(line, line.probe.period);
  const bool complains = !good && health_.complaint != before.complaint;
  const bool news = health_.started != before.started || health_.ready != before.ready ||
                    health_.must_end != before.must_end || complains;
  if (news && changed_) changed_();
}

}  // namespace slipway::pods
