#include "pods/connect/usage.hpp"

#include <unistd.h>

#include "objects/api/output.hpp"
#include "objects/api/selection.hpp"
#include "objects/kinds.hpp"
#include "pods/pod_status.hpp"

namespace slipway::pods::connect {
namespace {

namespace kinds = objects::kinds;

constexpr Duration period = std::chrono::seconds(15);
constexpr Duration first_period = std::chrono::seconds(1);  // until there are two samples
constexpr Duration until_idle = std::chrono::minutes(5);    // without a question nothing is sampled

long ticks_per_second() { return std::max(::sysconf(_SC_CLK_TCK), 1L); }
std::uint64_t page_size() { return static_cast<std::uint64_t>(std::max(::sysconf(_SC_PAGESIZE), 1L)); }

doc::Value usage_value(std::uint64_t ticks, Duration window, std::uint64_t bytes) {
  return doc::Object{{"cpu", cpu_quantity(ticks, window, ticks_per_second())}, {"memory", memory_quantity(bytes)}};
}

std::string seconds_text(Duration window) {
  return core::render_go_duration(std::chrono::duration_cast<std::chrono::milliseconds>(window));
}

doc::Object metadata_of(const objects::Object& object, Time at) {
  doc::Object metadata{{"name", object.name().name}};
  if (!object.name().ns.empty()) metadata.set("namespace", object.name().ns);
  metadata.set("creationTimestamp", core::render_rfc3339(at));
  if (const auto& labels = object.document()["metadata"]["labels"]; labels.is_object()) metadata.set("labels", labels);
  return metadata;
}

doc::Object envelope(const char* kind, const objects::Object& object, const ProcessTable& table, Duration window) {
  doc::Object value{{"kind", kind}, {"apiVersion", "metrics.k8s.io/v1beta1"}};
  value.set("metadata", metadata_of(object, table.at));
  value.set("timestamp", core::render_rfc3339(table.at));
  value.set("window", seconds_text(window));
  return value;
}

}  // namespace

std::string cpu_quantity(std::uint64_t ticks, Duration window, long per_second) {
  const double seconds = std::chrono::duration<double>(window).count();
  if (seconds <= 0) return "0";
  const double cores = static_cast<double>(ticks) / static_cast<double>(per_second) / seconds;
  const auto nanocores = static_cast<std::uint64_t>(cores * 1e9);
  return nanocores == 0 ? "0" : std::to_string(nanocores) + "n";
}

std::string memory_quantity(std::uint64_t bytes) { return std::to_string(bytes / 1024) + "Ki"; }

Usage::Usage(Context& context) : context_(context), background_(context.world.background) {}

Usage::~Usage() {
  if (timer_ != 0) context_.world.loop.cancel(timer_);
}

void Usage::sample() {
  if (std::exchange(is_sampling_, true)) return;
  background_.run([&files = context_.world.files, &clock = context_.world.clock](
                      std::stop_token) -> Result<ProcessTable> { return read_processes(files, clock); },
                  [this](Result<ProcessTable> table) {
                    is_sampling_ = false;
                    if (table) {
                      before_ = std::exchange(now_, std::move(*table));
                      if (before_) {
                        for (const auto& call : std::exchange(waiting_, {})) answer(call);
                      }
                    }
                    const auto& clock = context_.world.clock;
                    if (clock.monotonic() - asked_ > until_idle) {
                      before_ = now_ = std::nullopt;
                      return;
                    }
                    timer_ = context_.world.loop.after(before_ ? period : first_period, [this] {
                      timer_ = 0;
                      sample();
                    });
                  });
}

void Usage::answer(const api::CallPtr& call) {
  asked_ = context_.world.clock.monotonic();
  if (!before_) {  // what was used is the difference of two samples
    waiting_.push_back(call);
    if (timer_ == 0) sample();
    return;
  }
  auto answered = response(*call);
  if (!answered) return call->send(answered.error());
  call->responder->send(std::move(*answered));
}

std::optional<doc::Value> Usage::of(const objects::Object& pod) {
  asked_ = context_.world.clock.monotonic();
  if (before_) return pod_metrics(pod);
  if (timer_ == 0) sample();
  return std::nullopt;
}

std::optional<doc::Value> Usage::container_usage(const ContainerId& id) const {
  const ContainerRecord record = context_.node->runtime.inspect(id);
  if (record.state != ContainerRecord::State::running) return std::nullopt;
  const auto now = tree_use(*now_, record.process);
  if (!now) return std::nullopt;
  const auto before = tree_use(*before_, record.process);
  Duration window = now_->monotonic - before_->monotonic;
  if (!before) window = std::max<Duration>(now_->at - record.started_at.value_or(now_->at), std::chrono::seconds(1));
  const std::uint64_t ticks = now->ticks - std::min(now->ticks, before ? before->ticks : 0);
  return doc::Object{{"name", id.container}, {"usage", usage_value(ticks, window, now->pages * page_size())}};
}

std::optional<doc::Value> Usage::pod_metrics(const objects::Object& pod) const {
  if (!context_.node->pods) return std::nullopt;
  doc::Array containers;
  for (const Declared& declared : declared_containers(pod)) {
    if (declared.role != Role::main && declared.role != Role::sidecar) continue;
    const auto id = context_.node->pods->current(pod, declared.name());
    auto usage = id ? container_usage(*id) : std::nullopt;
    if (usage) containers.push_back(std::move(*usage));
  }
  if (containers.empty()) return std::nullopt;
  auto value = envelope("PodMetrics", pod, *now_, now_->monotonic - before_->monotonic);
  value.set("containers", std::move(containers));
  return doc::Value(std::move(value));
}

doc::Value Usage::node_metrics() const {
  const auto node = context_.store.find(kinds::node, {"", context_.node->options.name});
  const Duration window = now_->monotonic - before_->monotonic;
  auto value = envelope("NodeMetrics",
                        node && *node ? **node : objects::Object::make(kinds::node, {"", context_.node->options.name}),
                        *now_, window);
  const auto ticks = now_->machine.busy_ticks - std::min(now_->machine.busy_ticks, before_->machine.busy_ticks);
  value.set("usage", usage_value(ticks, window, now_->machine.memory));
  return doc::Value(std::move(value));
}

api::Answer<net::Response> Usage::response(const api::Call& call) const {
  const bool of_nodes = call.info.plural == "nodes";
  TRY_ANSWER(const auto output, api::Output::of(call, context_.world.clock.now()));
  std::vector<doc::Value> found;
  const auto qualified = [&] { return call.info.ns.empty() ? call.info.name : call.info.ns + "/" + call.info.name; };
  if (of_nodes) {
    if (call.info.name.empty() || call.info.name == context_.node->options.name) found.push_back(node_metrics());
  } else {
    objects::ListOptions options;
    options.ns = call.info.ns;
    if (!call.info.name.empty()) options.field_name = call.info.name;
    auto pods = context_.store.list(kinds::pod, options);
    if (!pods) return api::refuse(api::from_error(pods.error()));
    for (const auto& pod : pods->items) {
      if (auto metrics = pod_metrics(pod)) found.push_back(std::move(*metrics));
    }
  }
  if (!call.info.name.empty()) {
    if (found.empty()) return api::refuse(api::not_found(*call.resource, qualified()));
    return output.object(call, found.front());
  }
  TRY_ANSWER(const auto selection, api::Selection::of(call));
  auto list = output.list(*call.resource);
  for (auto& metrics : found) {
    objects::Object object(std::move(metrics));
    if (!selection.matches(object)) continue;
    if (selection.only_name() != nullptr && *selection.only_name() != object.name().name) continue;
    if (output.is_verbatim()) {
      list.add(doc::render_json(object.document()));
    } else {
      list.add(std::move(object));
    }
  }
  return list.finish(call, 0, "", std::nullopt);
}

}  // namespace slipway::pods::connect
