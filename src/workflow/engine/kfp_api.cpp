// KFP's REST API v2beta1, as much of it as kfp.Client needs to run a pipeline and wait for it: snake_case, 200 for
// every success, errors as {"code","message"}.

#include <algorithm>

#include "net/http.hpp"
#include "workflow/engine/engine_state.hpp"

namespace slipway::workflow {
namespace {

using core::doc::Array;
using core::doc::Object;
using core::doc::Value;
using Answer = core::Result<Value>;

int grpc_code(Code code) {
  switch (code) {
    case Code::cancelled:
      return 1;
    case Code::invalid_argument:
      return 3;
    case Code::deadline_exceeded:
      return 4;
    case Code::not_found:
      return 5;
    case Code::already_exists:
      return 6;
    case Code::permission_denied:
      return 7;
    case Code::resource_exhausted:
      return 8;
    case Code::failed_precondition:
      return 9;
    case Code::conflict:
      return 10;
    case Code::unimplemented:
      return 12;
    case Code::unavailable:
      return 14;
    case Code::data_loss:
      return 15;
    case Code::unauthenticated:
      return 16;
    default:
      return 13;
  }
}

void send(net::Responder& responder, const Answer& answer) {
  if (answer) return responder.send(net::Response::json(200, *answer));
  const auto& error = answer.error();
  responder.send(net::Response::json(
      core::http_status(error.code),
      Object{{"code", grpc_code(error.code)}, {"message", error.one_line()}, {"details", Array{}}}));
}

std::string_view state_of(Phase phase, bool cancelling) {
  if (cancelling) return "CANCELING";
  switch (phase) {
    case Phase::waiting:
      return "PENDING";
    case Phase::running:
      return "RUNNING";
    case Phase::succeeded:
      return "SUCCEEDED";
    case Phase::skipped:
      return "SKIPPED";
    case Phase::cancelled:
      return "CANCELED";
    default:
      return "FAILED";
  }
}

Value task_of(const RunView& run, const StepView& step) {
  Object task{{"run_id", run.id},
              {"task_id", run.id + "/" + step.id},
              {"display_name", step.name},
              {"state", step.cached && step.phase == Phase::succeeded ? std::string_view("SKIPPED")
                                                                      : state_of(step.phase, false)},
              {"create_time", core::render_rfc3339(step.started.value_or(run.created))}};
  if (step.started) task.set("start_time", core::render_rfc3339(*step.started));
  if (step.finished) task.set("end_time", core::render_rfc3339(*step.finished));
  if (!step.group.empty()) task.set("parent_task_id", run.id + "/" + step.group);
  if (!step.pod.empty()) task.set("child_tasks", Array{Object{{"pod_name", step.pod}}});
  if (!step.message.empty() && (step.phase == Phase::failed || step.phase == Phase::error)) {
    task.set("error", Object{{"code", 13}, {"message", step.message}});
  }
  return Value(std::move(task));
}

Value kfp_run(const RunView& run) {
  const auto state = state_of(run.phase, run.cancelling);
  Array history{Object{{"update_time", core::render_rfc3339(run.created)}, {"state", "RUNNING"}}};
  if (run.finished)
    history.emplace_back(Object{{"update_time", core::render_rfc3339(*run.finished)}, {"state", state}});
  Array tasks;
  for (const auto& step : run.steps) tasks.push_back(task_of(run, step));
  Object object{{"run_id", run.id},
                {"experiment_id", run.experiment},
                {"display_name", run.name},
                {"storage_state", "AVAILABLE"},
                {"created_at", core::render_rfc3339(run.created)},
                {"scheduled_at", core::render_rfc3339(run.created)},
                {"state", state},
                {"state_history", std::move(history)},
                {"runtime_config", Object{{"parameters", run.parameters}}},
                {"run_details", Object{{"task_details", std::move(tasks)}}}};
  if (run.finished) object.set("finished_at", core::render_rfc3339(*run.finished));
  if (!run.message.empty()) object.set("error", Object{{"code", 13}, {"message", run.message}});
  return Value(std::move(object));
}

Value kfp_experiment(const ExperimentRecord& experiment) {
  return Object{{"experiment_id", experiment.id},
                {"display_name", experiment.name},
                {"description", experiment.description},
                {"created_at", core::render_rfc3339(experiment.created)},
                {"storage_state", "AVAILABLE"}};
}

// What a list's `filter` asks display_name to equal; nullopt when it asks nothing. Clients send the operation as a
// number, people as a name.
core::Result<std::optional<std::string>> wanted_name(std::string_view filter) {
  if (filter.empty()) return std::optional<std::string>{};
  TRY_ASSIGN(const auto parsed, core::doc::parse_json(filter, "filter"));
  std::optional<std::string> name;
  for (std::size_t i = 0; i < parsed["predicates"].size(); i++) {
    const auto& predicate = parsed["predicates"][i];
    const auto operation = predicate["operation"].string_or("");
    auto value = predicate["stringValue"].string_or("");
    if (value.empty()) value = predicate["string_value"].string_or("");
    if ((operation != "1" && operation != "EQUALS") ||
        (predicate["key"].string_or("") != "display_name" && predicate["key"].string_or("") != "name")) {
      return fail(Code::unimplemented, "of filters only display_name EQUALS is supported yet");
    }
    name = value;
  }
  return name;
}

class KfpApi {
 public:
  KfpApi(Engine& engine, Journal& journal, core::World& world) : engine_(engine), journal_(journal), world_(world) {}

  Answer experiments(const net::Request& request) {
    TRY_ASSIGN(const auto name, wanted_name(request.parameter("filter")));
    TRY_ASSIGN(const auto all, journal_.experiments());
    Array items;
    for (const auto& experiment : all) {
      if (!name || experiment.name == *name) items.push_back(kfp_experiment(experiment));
    }
    // Zero values are omitted on this wire.
    if (items.empty()) return Value(Object{});
    const auto count = static_cast<std::int64_t>(items.size());
    return Value(Object{{"experiments", std::move(items)}, {"total_size", count}});
  }

  Answer create_experiment(const net::Request& request) {
    TRY_ASSIGN(const auto body, body_of(request));
    ExperimentRecord experiment{world_.random.uuid(), body["display_name"].string_or(""),
                                body["description"].string_or(""), world_.clock.now()};
    if (experiment.name.empty()) return fail(Code::invalid_argument, "an experiment needs a display_name");
    TRY(journal_.add_experiment(experiment));
    return kfp_experiment(experiment);
  }

  Answer experiment(const net::Request& request) {
    TRY_ASSIGN(const auto all, journal_.experiments());
    for (const auto& each : all) {
      if (each.id == request.parameters[0]) return kfp_experiment(each);
    }
    return fail(Code::not_found, "there is no experiment " + request.parameters[0]);
  }

  Answer create_run(const net::Request& request) {
    TRY_ASSIGN(const auto body, body_of(request));
    if (body["pipeline_spec"].is_null()) {
      return fail(Code::unimplemented, "runs of uploaded pipelines are not supported yet",
                  "send pipeline_spec: Client.create_run_from_pipeline_package does");
    }
    Submission submission;
    submission.dialect = "kfp";
    submission.event = "api";
    submission.source_name = "pipeline_spec";
    submission.display_name = body["display_name"].string_or("");
    submission.experiment = body["experiment_id"].string_or("");
    // With a platform specification the SDK wraps both.
    const auto& spec = body["pipeline_spec"]["pipeline_spec"].is_object() ? body["pipeline_spec"]["pipeline_spec"]
                                                                          : body["pipeline_spec"];
    submission.text = core::doc::render_yaml(spec);
    if (const auto& platform = body["pipeline_spec"]["platform_spec"]; platform.size() != 0)
      submission.text += "---\n" + core::doc::render_yaml(platform);
    if (const auto& parameters = body["runtime_config"]["parameters"]; parameters.is_object())
      submission.parameters = parameters.as_object();
    TRY_ASSIGN(const auto id, engine_.submit(std::move(submission)));
    TRY_ASSIGN(const auto view, engine_.get(id));
    return kfp_run(view);
  }

  Answer runs(const net::Request& request) {
    const auto size = request.parameter("page_size").empty()
                          ? 20
                          : std::strtol(std::string(request.parameter("page_size")).c_str(), nullptr, 10);
    TRY_ASSIGN(const auto name, wanted_name(request.parameter("filter")));
    TRY_ASSIGN(const auto views, engine_.list(static_cast<std::size_t>(std::clamp(size, 1L, 200L)),
                                              std::string(request.parameter("experiment_id"))));
    Array items;
    for (const auto& view : views) {
      if (view.dialect == "kfp" && (!name || view.name == *name)) items.push_back(kfp_run(view));
    }
    if (items.empty()) return Value(Object{});
    const auto count = static_cast<std::int64_t>(items.size());
    return Value(Object{{"runs", std::move(items)}, {"total_size", count}});
  }

  Answer run(const net::Request& request) {
    TRY_ASSIGN(const auto view, engine_.get(request.parameters[0]));
    return kfp_run(view);
  }

  // "RUN:terminate": the verb is part of the last segment.
  Answer act_on_run(const net::Request& request) {
    const auto& target = request.parameters[0];
    const auto colon = target.rfind(':');
    if (colon == std::string::npos || target.substr(colon) != ":terminate")
      return fail(Code::unimplemented, "\"" + target + "\" is not supported yet; :terminate is");
    TRY(engine_.cancel(target.substr(0, colon)));
    return Value(Object{});
  }

 private:
  static core::Result<Value> body_of(const net::Request& request) {
    TRY_ASSIGN(const auto text, request.read_body());
    return core::doc::parse_json(text, "<request body>");
  }

  Engine& engine_;
  Journal& journal_;
  core::World& world_;
};

}  // namespace

void add_kfp_routes(net::Router& router, Engine& engine, Journal& journal, core::World& world) {
  const auto api = std::make_shared<KfpApi>(engine, journal, world);
  const auto add = [&](std::string_view method, const std::string& path, Answer (KfpApi::*handler)(const net::Request&),
                       net::RouteOptions options = {}) {
    router.add(
        method, "/apis/v2beta1" + path,
        [api, handler](net::Request request, std::shared_ptr<net::Responder> responder) {
          send(*responder, ((*api).*handler)(request));
        },
        options);
  };
  router.add("GET", "/apis/v2beta1/healthz",
             [](net::Request, std::shared_ptr<net::Responder> responder) {
               send(*responder, Value(Object{{"multi_user", false}, {"pipeline_store", "database"}}));
             },
             {.public_ = true});
  add("GET", "/experiments", &KfpApi::experiments);
  add("POST", "/experiments", &KfpApi::create_experiment);
  add("GET", "/experiments/{id}", &KfpApi::experiment);
  add("POST", "/runs", &KfpApi::create_run, {.max_body = 16 * 1024 * 1024});
  add("GET", "/runs", &KfpApi::runs);
  add("GET", "/runs/{id}", &KfpApi::run);
  add("POST", "/runs/{id}", &KfpApi::act_on_run);
}

}  // namespace slipway::workflow
