#include <unistd.h>

#include "core/log.hpp"
#include "net/addresses.hpp"
#include "objects/kinds.hpp"
#include "pods/addresses.hpp"
#include "pods/node_file.hpp"
#include "server/state.hpp"

namespace slipway::server {
namespace {

using State = Platform::State;
constexpr auto rules_period = std::chrono::seconds(5);
const objects::Name service_proxy_name{"kube-system", "kube-proxy"};
constexpr int service_proxy_port = 10256;  // kube-proxy's own

InfrastructurePod gateway_pod(const State& s) {
  return {.ns = "istio-system",
          .name = "slipway-gateway" + s.own_suffix(),
          .container = "gateway",
          .argv = {own_executable(), "gateway", "--control-plane", s.url(s.ports.api), "--listen",
                   "127.0.0.1:" + std::to_string(s.ports.gateway), "--admin",
                   "127.0.0.1:" + std::to_string(s.ports.gateway_admin), "--cache", s.options.layout.gateway_cache()},
          .ready_path = "/readyz",
          .ready_port = s.ports.gateway_admin};
}

Result<slo::PrometheusOptions> prometheus_options(const State& s) {
  slo::PrometheusOptions options;
  TRY_ASSIGN(
      options.binary,
      find_program(s.options.profile.prometheus,
                   "apt-get install prometheus (./quickstart does it), or set monitoring.command in the profile"));
  options.directory = s.options.layout.prometheus();
  options.listen = "127.0.0.1:" + std::to_string(s.ports.prometheus);
  options.scrape_interval = std::chrono::seconds(s.options.profile.scrape_interval_seconds);
  options.evaluation_interval = options.scrape_interval;
  options.jobs = {{.name = "gateway", .targets = {"127.0.0.1:" + std::to_string(s.ports.gateway_admin)}}};
  return options;
}

// Writes the rules when the objectives changed, and has Prometheus read them.
void keep_rules(State& s, const slo::PrometheusOptions& options) {
  if (s.stopping) return;
  if (auto rules = s.slo->rule_file(); rules && *rules != s.rules_written) {
    if (auto written = core::real_files().write_derived(slo::rules_path(options), *rules, 0600)) {
      s.rules_written = *rules;
      s.is_reload_due = true;
    } else {
      log::error("server", "cannot write prometheus' rules", {{"why", written.error().one_line()}});
    }
  }
  if (s.is_reload_due) {
    core::HttpRequest request;
    request.method = "POST";
    request.url = s.url(s.ports.prometheus) + "/-/reload";
    // Asked again until it answers; on this loop, which ends before `s` does.
    s.world().http.send(std::move(request), [&s](const Result<core::HttpResponse>& answer) {
      if (!answer) return;
      s.is_reload_due = false;
      if (answer->status != 200) log::warn("server", "prometheus refuses the rules", {{"answer", answer->body}});
    });
  }
  s.world().loop.after(rules_period, [&s, options] { keep_rules(s, options); });
}

void keep_pod(State& s, const InfrastructurePod& pod) {
  if (s.stopping) return;
  auto done = ensure_pod(*s.store, pod);
  if (!done) log::error("server", "cannot keep a part", {{"pod", pod.name}, {"why", done.error().one_line()}});
  const bool settled = done && *done;
  s.world().loop.after(
      settled ? core::Duration(std::chrono::seconds(5)) : core::Duration(std::chrono::milliseconds(200)),
      [&s, pod] { keep_pod(s, pod); });
}

InfrastructurePod service_proxy_pod(const State& s, const std::string& address) {
  return {.ns = service_proxy_name.ns,
          .name = service_proxy_name.name,
          .container = "kube-proxy",
          .argv = {own_executable(), "service-proxy", "--rules", s.options.layout.service_rules(), "--health",
                   address + ":" + std::to_string(service_proxy_port)},
          .ready_path = "/readyz",
          .ready_port = service_proxy_port,
          .ready_host = address};
}

// Where node ports and host ports are: on loopback, and where others reach this platform.
std::vector<std::string> node_addresses_of(const PlatformOptions& options) {
  std::vector<std::string> addresses{"127.0.0.1"};
  if (!options.is_shared()) return addresses;
  if (!net::is_any_address(options.profile.address)) {
    addresses.push_back(options.profile.address);
    return addresses;
  }
  for (std::string& address : net::own_addresses()) addresses.push_back(std::move(address));
  return addresses;
}

// What the container last said before it ended, or nothing.
std::string last_words(State& s, const objects::Name& pod, bool of_attempt_before) {
  pods::LogQuery query;
  query.previous = of_attempt_before;
  std::string text = s.node->read_log(pod, "", query).value_or("");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::string line = text.substr(text.rfind('\n') + 1);  // npos + 1 is 0
  constexpr std::size_t longest = 300;
  return line.size() <= longest ? line : line.substr(line.size() - longest);
}

// Why the part is not running, for a person. Empty when there is nothing to say yet.
std::string reason_of(State& s, const objects::Name& name, const doc::Value& container) {
  const doc::Value& state = container["state"];
  const doc::Value& ended =
      state["terminated"].is_object() ? state["terminated"] : container["lastState"]["terminated"];
  const bool stopped_well = ended["signal"].is_null() && ended["exitCode"].int_or(0) == 0;
  if (state["running"].is_object() && stopped_well) return "";  // starting after a `slipway down`
  std::string reason = ended["message"].string_or("");
  if (reason.empty() && ended.is_object()) {
    const std::string words = last_words(s, name, state["running"].is_object());
    reason = ended["signal"].is_null() ? "ended with exit code " + ended["exitCode"].string_or("0")
                                       : "ended by signal " + ended["signal"].string_or("?");
    if (!words.empty()) reason += ": " + words;
  }
  return reason.empty() ? state["waiting"]["message"].string_or("") : reason;
}

doc::Object describe_pod(State& s, std::string_view part, const objects::Name& name, const std::string& address) {
  doc::Object result{{"name", part}, {"state", "Pending"}, {"address", address}, {"restarts", 0}};
  auto pod = s.store->find(objects::kinds::pod, name);
  if (!pod || !*pod) return result;
  const objects::Object& object = **pod;
  const doc::Value& container = object.status()["containerStatuses"][std::size_t{0}];
  result.set("restarts", container["restartCount"].int_or(0));
  if (object.condition_status("Ready") == "True") {
    result.set("state", "Running");
  } else if (container["state"]["waiting"].is_object()) {
    result.set("state", container["state"]["waiting"]["reason"].string_or("Pending"));
  } else {
    result.set("state", container["state"]["running"].is_object() ? "Starting" : "Pending");
  }
  if (result["state"].string_or("") != "Running") {
    if (std::string reason = reason_of(s, name, container); !reason.empty()) result.set("message", std::move(reason));
  }
  if (auto process = s.node->process_of(name, "")) result.set("pid", process->pid);
  return result;
}

}  // namespace

Result<> start_infrastructure(State& s) {
  TRY_ASSIGN(const slo::PrometheusOptions prometheus, prometheus_options(s));
  core::Files& files = core::real_files();
  TRY(files.write_derived(slo::config_path(prometheus), slo::render_prometheus_config(prometheus), 0600));
  if (!files.exists(slo::rules_path(prometheus))) TRY(files.write_derived(slo::rules_path(prometheus), "", 0600));
  keep_pod(s, gateway_pod(s));
  keep_pod(s, {.ns = "monitoring",
               .name = "prometheus" + s.own_suffix(),
               .container = "prometheus",
               .argv = slo::prometheus_argv(prometheus),
               .ready_path = "/-/ready",
               .ready_port = s.ports.prometheus});
  keep_rules(s, prometheus);
  return {};
}

Result<> start_services(State& s) {
  if (s.cluster) return {};
  TRY_ASSIGN(const auto node, pods::load_node_file(s.world(), s.options.layout.root));
  s.service_network = pods::service_network(node.block);
  const std::string address = pods::service_proxy_address(node.block);
  const auto keep = [&s, pod = service_proxy_pod(s, address)] {
    if (!std::exchange(s.keeps_service_proxy, true)) keep_pod(s, pod);
  };
  services::PublisherOptions options;
  options.file = s.options.layout.service_rules();
  options.node_addresses = [&s] { return node_addresses_of(s.options); };
  options.proxy_url = "http://" + address + ":" + std::to_string(service_proxy_port);
  options.on_needed = keep;
  s.services = std::make_unique<services::Publisher>(s.world(), *s.store, std::move(options));
  TRY(s.services->start());
  TRY_ASSIGN(const auto there, s.store->find(objects::kinds::pod, service_proxy_name));
  if (there) keep();  // of an earlier start
  return {};
}

doc::Value describe_parts(State& s) {
  doc::Array parts;
  doc::Object control{{"name", "control plane"},
                      {"state", s.why_it_waits.empty() ? "Running" : "Standby"},
                      {"address", s.url(s.ports.api) + "/"},
                      {"restarts", 0},
                      {"pid", static_cast<int>(::getpid())}};
  if (!s.why_it_waits.empty()) control.set("message", s.why_it_waits);
  parts.push_back(std::move(control));
  parts.push_back(
      describe_pod(s, "gateway", {"istio-system", "slipway-gateway" + s.own_suffix()}, s.url(s.ports.gateway)));
  parts.push_back(
      describe_pod(s, "prometheus", {"monitoring", "prometheus" + s.own_suffix()}, s.url(s.ports.prometheus)));
  if (s.keeps_service_proxy) {
    parts.push_back(describe_pod(s, "services", service_proxy_name, s.service_network));
  }
  doc::Array variables;  // their names: a value may be a secret
  for (const auto& [name, value] : s.options.profile.variables) variables.emplace_back(name);
  return doc::Object{{"version", SLIPWAY_VERSION},
                     {"data", s.options.layout.root},
                     {"variables", std::move(variables)},
                     {"parts", std::move(parts)}};
}

}  // namespace slipway::server
