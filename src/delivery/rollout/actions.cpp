#include "delivery/rollout/actions.hpp"

#include "delivery/rollout/routes.hpp"
#include "objects/kinds.hpp"

namespace slipway::delivery::rollout {
namespace {
using core::doc::Value;
using objects::Name;
using objects::Object;
namespace kinds = objects::kinds;

// Changes one object's document; `change` may refuse.
Result<> edit(objects::Store& store, const objects::Kind& kind, const Name& name,
              const std::function<Result<>(Value&)>& change) {
  Result<> outcome;
  TRY(modify(store, kind, name, [&](Object& object) {
    outcome = change(object.document());
    return outcome.has_value();
  }));
  return outcome;
}

struct Executor {
  objects::Store& store;
  const Object& rollout;
  const Spec& spec;

  Name named(const std::string& name) const { return {rollout.name().ns, name}; }
  Name child(const std::string& hash) const { return named(child_name(rollout.name().name, hash)); }

  Result<> operator()(const MakeRevision& action) const {
    TRY_ASSIGN(const Object workload, store.get(kinds::llm_deployment, named(spec.workload)));
    TRY_ASSIGN(const auto existing, store.find(kinds::llm_deployment, child(action.hash)));
    if (!existing) {
      TRY(store.create(make_child(rollout, workload, action.hash)));
      return {};
    }
    if (!existing->is_owned_by(rollout)) {
      return fail(Code::already_exists, existing->text() + " exists and belongs to somebody else",
                  "rename it, or the Rollout");
    }
    if (existing->is_being_deleted()) return fail(Code::unavailable, existing->text() + " is still being removed");
    return edit(store, kinds::llm_deployment, child(action.hash), [&](Value& document) -> Result<> {
      document.set_path("spec.replicas", Value(workload.spec()["replicas"].int_or(1)));
      return {};
    });
  }
  Result<> operator()(const SetSubset& action) const {
    const std::string& subset = action.canary ? spec.routing.canary_subset : spec.routing.stable_subset;
    return edit(store, kinds::destination_rule, named(spec.routing.destination_rule),
                [&](Value& document) { return set_subset_hash(document, subset, action.hash); });
  }
  Result<> operator()(const SetCanaryWeight& action) const {
    return edit(store, kinds::virtual_service, named(spec.routing.virtual_service),
                [&](Value& document) { return set_canary_weight(document, spec.routing, action.percent); });
  }
  Result<> operator()(const StartAnalysis& action) const {
    std::vector<Object> templates;
    for (const auto& name : action.request->templates) {
      TRY_ASSIGN(auto found, store.find(kinds::analysis_template, named(name)));
      if (!found)
        return fail(Code::failed_precondition, "there is no AnalysisTemplate " + named(name).text(),
                    "apply it; the rollout waits for it");
      templates.push_back(std::move(*found));
    }
    analysis::Arguments arguments;
    for (const auto& argument : action.request->arguments) {
      TRY_ASSIGN(arguments[argument.name], resolve(argument, rollout));
    }
    TRY_ASSIGN(Value run_spec, analysis::merge_templates(templates, arguments));
    Object run = Object::make(kinds::analysis_run, named(action.name));
    run.set_label(rollout_label, rollout.name().name);
    run.set_label(hash_label, rollout.status()["currentPodHash"].string_or(""));
    for (const auto& entry : templates) {
      const std::string timeout = entry.annotation("slipway.dev/no-data-timeout");
      if (!timeout.empty()) run.set_annotation("slipway.dev/no-data-timeout", timeout);
    }
    run.add_owner(rollout);
    run.spec() = std::move(run_spec);
    auto created = store.create(std::move(run));
    if (!created && created.error().code != Code::already_exists) return fail(std::move(created).error());
    return {};
  }
  Result<> operator()(const RetireRevision& action) const {
    return annotate(action.hash, Value(core::render_rfc3339_micro(action.at)));
  }
  Result<> operator()(const KeepRevision& action) const { return annotate(action.hash, Value()); }
  Result<> operator()(const RemoveRevision& action) const {
    return objects::remove_if_there(store, kinds::llm_deployment, child(action.hash));
  }

  Result<> annotate(const std::string& hash, Value value) const {
    return edit(store, kinds::llm_deployment, child(hash), [&](Value& document) -> Result<> {
      Value& annotations = document.at_or_insert("metadata").at_or_insert("annotations");
      if (value.is_null()) {
        if (annotations.is_object()) annotations.as_object().erase(retire_annotation);
      } else {
        annotations.at_or_insert(retire_annotation) = value;
      }
      return {};
    });
  }
};
}  // namespace

Result<> carry_out(objects::Store& store, const Object& rollout, const Spec& spec, const Action& action) {
  return std::visit(Executor{store, rollout, spec}, action);
}

Result<std::string> resolve(const AnalysisArgument& argument, const Object& rollout) {
  std::string value = argument.value;
  if (argument.template_hash == "Latest") value = rollout.status()["currentPodHash"].string_or("");
  if (argument.template_hash == "Stable") value = rollout.status()["stableRS"].string_or("");
  if (const std::string& path = argument.field_path; !path.empty()) {
    // metadata.labels['app'] as the downward API writes it, or a dotted path.
    const std::size_t open = path.find("['");
    if (open != std::string::npos && path.ends_with("']")) {
      value =
          rollout.document().at_path(path.substr(0, open))[path.substr(open + 2, path.size() - open - 4)].string_or("");
    } else {
      value = rollout.document().at_path(path).string_or("");
    }
  }
  if (value.empty()) {
    return fail(Code::invalid_argument,
                "analysis argument \"" + argument.name + "\" has no value" +
                    (argument.field_path.empty() ? "" : ": the Rollout has no " + argument.field_path));
  }
  return value;
}

}  // namespace slipway::delivery::rollout
