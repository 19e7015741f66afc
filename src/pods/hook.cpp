#include "pods/hook.hpp"

#include "core/seconds.hpp"
#include "core/text.hpp"

namespace slipway::pods {
namespace {

constexpr std::size_t most_output = 64 * 1024;
constexpr std::size_t most_told = 256;  // of what a failed command said

}  // namespace

Result<std::optional<HookAction>> parse_hook(const doc::Value& container, std::string_view name,
                                             const std::string& pod_ip) {
  const doc::Value& hook = container["lifecycle"][name];
  if (!hook.is_object()) return std::nullopt;
  if (const auto& sleep = hook["sleep"]; sleep.is_object())
    return HookAction(Sleep{core::capped_seconds(sleep["seconds"].int_or(0))});
  for (const char* no_hook : {"tcpSocket", "grpc"}) {
    if (hook[no_hook].is_object())
      return fail(Code::invalid_argument, "lifecycle." + std::string(name) + ": " + no_hook + " is no hook");
  }
  // An action is written as a probe's.
  doc::Value as_probe = doc::Object{{std::string(name), hook}, {"ports", container["ports"]}};
  TRY_ASSIGN(auto probe, parse_probe(as_probe, name, pod_ip));
  if (auto* get = std::get_if<HttpGet>(&probe->action)) return HookAction(std::move(*get));
  return HookAction(std::get<Exec>(std::move(probe->action)));
}

Hook::Hook(core::World& world, const HookAction& action, const Surroundings& surroundings, Duration timeout,
           std::function<void()> ended)
    : world_(world), ended_(std::move(ended)) {
  const auto finish = [this, alive = std::weak_ptr(alive_)](std::string problem) {
    if (!alive.expired()) end(std::move(problem));
  };
  if (const auto* sleep = std::get_if<Sleep>(&action)) {
    timer_ = world.loop.after(std::min(sleep->time, timeout), [this, finish] {
      timer_ = 0;
      finish("");
    });
  } else if (const auto* get = std::get_if<HttpGet>(&action)) {
    core::HttpRequest request;
    request.url = get->url;
    request.headers = get->headers;
    request.timeout = timeout;
    world.http.send(std::move(request), [finish](Result<core::HttpResponse> response) {
      if (!response) return finish(response.error().one_line());
      const bool is_good = response->status >= 200 && response->status < 400;
      finish(is_good ? "" : "it was answered with status " + std::to_string(response->status));
    });
  } else {
    Command command = surroundings.place(std::get<Exec>(action).command);
    core::RunRequest request;
    request.argv = std::move(command.argv);
    request.directory = std::move(command.directory);
    request.environment = surroundings.environment;
    request.timeout = timeout;
    request.max_output = most_output;
    world.processes.run(std::move(request), [finish](Result<core::RunOutput> output) {
      if (!output) return finish(output.error().one_line());
      if (output->exit.code == 0) return finish("");
      const std::string said(core::trimmed(output->err, " \n").substr(0, most_told));
      finish("its command ended with status " + std::to_string(output->exit.code) + (said.empty() ? "" : ": " + said));
    });
  }
}

Hook::~Hook() {
  if (timer_ != 0) world_.loop.cancel(timer_);
}

void Hook::end(std::string problem) {
  has_ended_ = true;
  problem_ = std::move(problem);
  world_.loop.post([ended = ended_, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) ended();
  });
}

}  // namespace slipway::pods
