#include "serving/serving.hpp"

#include <set>
#include <utility>

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "objects/kinds.hpp"
#include "serving/errors.hpp"
#include "serving/plan.hpp"
#include "serving/status.hpp"

namespace slipway::serving {
namespace kinds = objects::kinds;
using objects::Name;
using objects::Object;

namespace {

constexpr Duration kLookForWeightsAgain = std::chrono::seconds(5);

// The LLMDeployment a Rollout uses as its template, or "".
std::string template_name(const Object& rollout) {
  const auto& reference = rollout.spec()["workloadRef"];
  if (reference["kind"].string_or("") != kinds::llm_deployment.kind) return "";
  return reference["name"].string_or("");
}

std::string why_not_ready(const Object& object) {
  const auto& conditions = object.status()["conditions"];
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (conditions[i]["type"].string_or("") == "Ready") return conditions[i]["message"].string_or("");
  }
  return "";
}

class LlmDeploymentReconciler final : public objects::Reconciler {
 public:
  LlmDeploymentReconciler(core::World& world, objects::Store& store, RuntimeCatalog catalog, WeightsSource& weights)
      : clock_(world.clock),
        store_(store),
        catalog_(std::move(catalog)),
        weights_(weights),
        events_(world, store, "llmdeployment-controller") {}

  // Whose weights were being read when it looked last; forgets them.
  std::set<Name> take_waiting() { return std::exchange(waiting_, {}); }

  Result<objects::Outcome> reconcile(const Name& name) override {
    waiting_.erase(name);
    TRY_ASSIGN(auto found, store_.find(kinds::llm_deployment, name));
    if (!found || found->is_being_deleted()) return objects::Outcome{};  // its Deployment follows as owned garbage
    auto& object = *found;
    TRY_ASSIGN(const auto rollout, rollout_of(name));
    if (rollout) return leave_to(*rollout, std::move(object));

    Observed observed;
    TRY_ASSIGN(observed.deployment, store_.find(kinds::deployment, name));
    objects::Outcome outcome;
    const auto spec = parse_spec(object);
    observed.wanted = spec ? spec->replicas : object.spec()["replicas"].int_or(1);
    if (!spec) {
      observed.problem = Problem{reason::invalid_spec, spec.error().one_line()};
    } else if (observed.deployment && !observed.deployment->is_owned_by(object)) {
      observed.problem = Problem{reason::foreign_deployment, observed.deployment->text() + " exists and is not ours; " +
                                                                 "remove it or choose another name"};
    } else {
      TRY(desire(object, *spec, observed));
      if (observed.problem && observed.problem->reason == reason::model_not_found)
        outcome.again_after = kLookForWeightsAgain;
      if (!observed.verifying.empty()) waiting_.insert(name);
    }
    TRY_ASSIGN(observed.pods, pods_of(name));
    auto with_status = object;
    write_status(with_status, observed, clock_.now());
    if (observed.problem && why_not_ready(with_status) != why_not_ready(object))
      events_.warn(object, observed.problem->reason, observed.problem->message);
    TRY(store_.update_status(std::move(with_status)));
    return outcome;
  }

 private:
  // Makes the Deployment what the spec asks for, or notes why it cannot. What serves already is left serving.
  Result<> desire(const Object& object, const Spec& spec, Observed& observed) {
    const auto runtime = catalog_.choose(spec);
    if (!runtime) {
      const bool is_missing = runtime.error().code == Code::failed_precondition;
      observed.problem =
          Problem{is_missing ? reason::runtime_missing : reason::unknown_runtime, runtime.error().one_line()};
      return {};
    }
    Weights weights;
    if (catalog_.needs_weights(*runtime)) {
      if (spec.model_uri.empty()) {
        observed.problem =
            Problem{reason::invalid_spec, "spec.model.modelUri is missing; runtime " + *runtime + " needs weights"};
        return {};
      }
      auto found = weights_.find(spec.model_uri, spec.sha256_hex);
      if (!found) {
        observed.problem = Problem{reason::model_not_found, spec.model_uri + ": " + found.error().one_line()};
        return {};
      }
      weights = std::move(*found);
    }
    if (const auto* verified_later = std::get_if<BeingVerified>(&weights)) {
      observed.verifying = "verifying weights (" + render_size(verified_later->bytes) + ")";
      // After a restart it is mostly there already, and serves.
      const auto wanted = plan(object, spec, {catalog_, *runtime, verified_later->path});
      observed.is_current =
          observed.deployment && objects::says_already(observed.deployment->spec(), std::as_const(wanted).spec());
      return {};
    }
    const auto& path = std::get<std::string>(weights);
    observed.model = path.empty() ? "runtime " + *runtime + " needs no weights" : spec.model_uri + " at " + path;
    TRY_ASSIGN(auto applied, store_.apply(plan(object, spec, {catalog_, *runtime, path})));
    observed.deployment = std::move(applied);
    return {};
  }

  // A Deployment from before the Rollout came goes as soon as it is not what users are served by.
  Result<objects::Outcome> leave_to(const Object& rollout, Object object) {
    TRY_ASSIGN(const auto deployment, store_.find(kinds::deployment, object.name()));
    if (deployment && deployment->is_owned_by(object) && !deployment->is_being_deleted()) {
      const bool serves = deployment->status()["readyReplicas"].int_or(0) > 0;
      const bool replaced = !rollout.status()["stableRS"].string_or("").empty();
      if (!serves || replaced) TRY(store_.remove(kinds::deployment, object.name()));
    }
    write_template_status(object, rollout.name().name, clock_.now());
    TRY(store_.update_status(std::move(object)));
    return objects::Outcome{};
  }

  Result<std::optional<Object>> rollout_of(const Name& name) {
    objects::ListOptions options;
    options.ns = name.ns;
    TRY_ASSIGN(auto list, store_.list(kinds::rollout, options));
    for (auto& rollout : list.items) {
      if (template_name(rollout) == name.name) return std::optional<Object>(std::move(rollout));
    }
    return std::optional<Object>();
  }

  Result<std::vector<Object>> pods_of(const Name& name) {
    objects::ListOptions options;
    options.ns = name.ns;
    TRY_ASSIGN(options.labels, objects::LabelSelector::parse(std::string(kOwnerLabel) + "=" + name.name));
    TRY_ASSIGN(auto list, store_.list(kinds::pod, options));
    return std::move(list.items);
  }

  core::Clock& clock_;
  objects::Store& store_;
  RuntimeCatalog catalog_;
  WeightsSource& weights_;
  objects::EventRecorder events_;
  std::set<Name> waiting_;
};

}  // namespace

struct Serving::State {
  State(core::World& world, objects::Store& store, RuntimeCatalog catalog, WeightsSource& weights)
      : source(weights),
        reconciler(world, store, std::move(catalog), weights),
        controller(world, store, "llmdeployment-controller", reconciler) {
    source.on_verified([this] {
      for (const auto& name : reconciler.take_waiting()) controller.enqueue(name);
    });
  }
  ~State() { source.on_verified({}); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  WeightsSource& source;
  LlmDeploymentReconciler reconciler;
  objects::Controller controller;
};

Serving::Serving(core::World& world, objects::Store& store, RuntimeCatalog catalog, WeightsSource& weights)
    : state_(std::make_unique<State>(world, store, std::move(catalog), weights)) {}

Serving::~Serving() = default;

Result<> Serving::start() {
  return state_->controller.in_groups()
      .reconciles(kinds::llm_deployment)
      .owns(kinds::deployment, kinds::llm_deployment)
      .watches(kinds::pod,
               [](const Object& pod) {
                 const auto owner = pod.label(kOwnerLabel);
                 return owner.empty() ? std::vector<Name>{} : std::vector<Name>{{pod.name().ns, owner}};
               })
      .watches(kinds::rollout,
               [](const Object& rollout) {
                 const auto name = template_name(rollout);
                 return name.empty() ? std::vector<Name>{} : std::vector<Name>{{rollout.name().ns, name}};
               })
      .start();
}

}  // namespace slipway::serving
