#include "control_plane.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "objects/kinds.hpp"
#include "pods/shim/simulated.hpp"
#include "server/api.hpp"
#include "server/infrastructure.hpp"

namespace slipway::simulation {
namespace {

using namespace std::chrono_literals;
using core::doc::Object;
using core::doc::Value;
namespace kinds = objects::kinds;

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

int status_of(const Error& error) {
  switch (error.code) {
    case Code::invalid_argument:
      return 400;
    case Code::permission_denied:
      return 403;
    case Code::not_found:
      return 404;
    case Code::already_exists:
    case Code::conflict:
      return 409;
    case Code::failed_precondition:
      return 412;
    default:
      return 503;
  }
}

}  // namespace

ControlPlane::ControlPlane(Surroundings& surroundings) : s_(surroundings), world_(surroundings.simulation.world()) {}

Result<> ControlPlane::open() {
  TRY_ASSIGN(people, team::parse_people(s_.files.at("team.yaml"), "team.yaml"));
  TRY_ASSIGN(audit, team::AuditLog::open(world_, *s_.database, "/data/audit.key"));
  TRY_ASSIGN(store, s_.place.try_open());
  for (const char* name : {"default", "kubeflow", "slipway-ci", "monitoring"})
    TRY(server::ensure_namespace(*store, name));
  runtime = pods::make_simulated_runtime(s_.simulation, world_, "/data/pods");
  pods::NodeOptions node_options;
  node_options.directory = "/data";
  node_options.name = "machine";
  node_options.backoff.initial = 1s;
  node_options.memory_directory = "/memory";
  disk = pods::volumes::make_simulated_disk(world_.files);
  node_options.disk = disk.get();
  node = std::make_unique<pods::Node>(world_, *store, *runtime, node_options);
  TRY_ASSIGN(registry, registry::Registry::open(world_, *s_.database, *s_.blobs, *audit));
  source_tree = std::make_unique<server::ForgeTree>(world_.files, s_.source);
  logs = std::make_unique<server::NodeLogs>(*node);
  workflow::EngineOptions engine_options;
  engine_options.directory = "/runs";
  engine_options.runtime_directory = "/runtime";
  engine_options.environment = {{"PATH", "/usr/bin"}, {"SLIPWAY_URL", api_url}, {"SLIPWAY_GATEWAY", s_.gateway.url()}};
  engine_options.source_tree = source_tree.get();
  engine_options.log_source = logs.get();
  engine =
      std::make_unique<workflow::Engine>(world_, *s_.database, *store, *s_.blobs, *audit, std::move(engine_options));
  weights = std::make_unique<server::RegisteredWeights>(world_, *registry, *s_.blobs);
  serving::RuntimeOptions runtimes;
  runtimes.default_runtime = "simulated";
  runtimes.slipway = "/usr/bin/slipway";
  runtimes.simulated_arguments = {"--startup", "2s"};
  serving = std::make_unique<serving::Serving>(world_, *store, serving::RuntimeCatalog(runtimes), *weights);
  publisher = std::make_unique<gateway::publisher::Publisher>(
      world_, *store,
      gateway::publisher::Options{.events = audit.get(), .on_report = {}, .kept_rules = "/data/rules.json"});
  versions = std::make_unique<server::RegisteredVersions>(*registry);
  manifests = std::make_unique<server::CommittedManifests>(s_.source);
  metric_query = delivery::make_prometheus_metric_query(world_, [] { return prometheus_url; });
  delivery::Options delivery_options;
  delivery_options.gateway_url = [this] { return s_.gateway.url(); };
  delivery = std::make_unique<delivery::Delivery>(
      delivery::Parts{world_, *store, *audit, *metric_query, *versions, *manifests}, delivery_options);
  prometheus_query = slo::make_prometheus_query(world_, [] { return prometheus_url; });
  slo = std::make_unique<slo::Slo>(world_, *store, *prometheus_query, *audit);
  return {};
}

Result<> ControlPlane::start() {
  TRY(open());
  TRY(node->start());
  TRY(publisher->start());
  publisher->follow(s_.gateway.follower());
  TRY(serving->start());
  TRY(engine->start());
  start_triggers();
  s_.source.start([](const Result<>&) {});
  TRY(delivery->start());
  TRY(slo->start());
  keep_prometheus();
  take_requests();
  return {};
}

void ControlPlane::start_triggers() {
  triggers = std::make_unique<server::Triggers>(
      world_, s_.source, *engine, [](const forge::Push& push) -> std::map<std::string, std::string> {
        return {{"WEIGHTS", Digest::of("weights of " + push.subject.substr(0, 2)).text()}};
      });
  const auto look = [this](const forge::Push& push) { triggers->pushed(push, [](const auto&) {}); };
  s_.source.on_push(look);
  // What a crash came between is looked at again.
  for (const forge::Push& push : s_.source.pushes()) look(push);
}

void ControlPlane::keep_prometheus() {
  const auto kept = server::ensure_pod(*store, {.ns = "monitoring",
                                                .name = "prometheus",
                                                .container = "prometheus",
                                                .argv = {"prometheus"},
                                                .ready_path = "/-/ready",
                                                .ready_port = 9090});
  world_.loop.after(kept && *kept ? core::Duration(5s) : core::Duration(200ms), [this] { keep_prometheus(); });
}

void ControlPlane::take_requests() {
  while (!s_.inbox.empty()) {
    auto incoming = std::move(s_.inbox.front());
    s_.inbox.pop_front();
    const auto result = serve(std::string(core::header(incoming.request.headers, "x-person")), incoming.request);
    const Value problem = result
                              ? Value()
                              : Value(Object{{"error", Object{{"code", std::string(core::name_of(result.error().code))},
                                                              {"message", result.error().one_line()}}}});
    incoming.done(core::HttpResponse{
        result ? 200 : status_of(result.error()), {}, core::doc::render_json(result ? *result : problem)});
  }
  world_.loop.after(20ms, [this] { take_requests(); });
}

delivery::Principal ControlPlane::principal(const std::string& person) const {
  const auto found = std::ranges::find(people, person, &team::Person::id);
  return {person, found == people.end() ? std::vector<std::string>{} : found->roles};
}

Result<Value> ControlPlane::serve(const std::string& person, const core::HttpRequest& request) {
  TRY_ASSIGN(const Value body, request.body.empty() ? Result<Value>(Value()) : core::doc::parse_json(request.body));
  const std::string base = api_url + "/api/slipway/v1/";
  const auto path = split(request.url.substr(std::min(base.size(), request.url.size())));
  const bool is_read = request.method == "GET";
  if (path[0] == "models") return serve_model(path, body, person);
  if (path[0] == "apply") {
    std::vector<objects::Object> list;
    for (const Value& item : body["items"].as_array()) list.emplace_back(item);
    TRY_ASSIGN(const auto lines, server::apply_objects(*store, *audit, "grace@example.com", std::move(list)));
    return Value(core::doc::Array(lines.begin(), lines.end()));
  }
  if (path[0] == "promotions" && !is_read && path.size() == 1) {
    TRY_ASSIGN(auto made, delivery->create_promotion(
                              {.model = body["model"].string_or(""),
                               .version = body["version"].string_or(""),
                               .environment = body["environment"].string_or(""),
                               .commit = body["commit"].string_or(""),
                               .repository = "",
                               .reason = "",
                               .idempotency_key = std::string(core::header(request.headers, "idempotency-key"))},
                              principal(person)));
    return std::move(made.document());
  }
  if (path[0] == "promotions" && !is_read && path.size() == 4) {
    TRY_ASSIGN(auto approved, delivery->approve({path[1], path[2]}, principal(person), body["subject"].string_or("")));
    return std::move(approved.document());
  }
  if (path[0] == "promotions" && path.size() == 3) {
    TRY_ASSIGN(auto found, store->get(kinds::promotion, {path[1], path[2]}));
    return std::move(found.document());
  }
  if (path[0] == "waiting" &&
      path.size() == 4) {  // environment, namespace, name: what it waits behind for an approval, or itself
    TRY_ASSIGN(const auto all, store->list(kinds::promotion, {.ns = path[2]}));
    for (const auto& other : all.items) {
      if (other.spec()["environment"].string_or("") == path[1] &&
          other.status()["phase"].string_or("") == "AwaitingApproval")
        return other.document();
    }
    TRY_ASSIGN(auto found, store->get(kinds::promotion, {path[2], path[3]}));
    return std::move(found.document());
  }
  if (path[0] == "rollout") {
    TRY_ASSIGN(auto found, store->get(kinds::rollout, {"production", model}));
    return std::move(found.document());
  }
  if (path[0] == "runs" && path.size() == 2) {  // of a commit
    TRY_ASSIGN(const auto runs, engine->list(500));
    for (const auto& run : runs) {
      if (run.commit == path[1]) return workflow::to_value(run);
    }
    return Value(Object{{"phase", "Pending"}});
  }
  return fail(Code::not_found, "there is no " + request.url);
}

Result<Value> ControlPlane::serve_model(const std::vector<std::string>& path, const Value& body,
                                        const std::string& person) {
  std::map<std::string, double> metrics;
  if (body["metrics"].is_object()) {
    for (const auto& [name, value] : body["metrics"].as_object()) metrics[name] = value.double_or(0);
  }
  if (path.size() == 5) {
    TRY_ASSIGN(const auto record,
               registry->record_metrics(path[1], path[3], metrics, body["run"].string_or(""), person));
    return registry::render(record);
  }
  registry::Registration registration;
  registration.model = path.at(1);
  registration.version = body["version"].string_or("");
  TRY_ASSIGN(registration.weights, Digest::parse(body["weights"].string_or("")));
  registration.format = body["format"].string_or("");
  registration.commit = body["commit"].string_or("");
  registration.repository = body["repository"].string_or("");
  registration.run = body["run"].string_or("");
  registration.author = person;
  TRY_ASSIGN(const auto registered, registry->register_version(std::move(registration)));
  return registry::render(registered.record);
}

}  // namespace slipway::simulation
