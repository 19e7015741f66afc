#include "delivery/promotion/manifests.hpp"

#include <algorithm>

#include "core/digest.hpp"
#include "delivery/rollout/revision.hpp"
#include "delivery/rollout/routes.hpp"
#include "delivery/rollout/spec.hpp"
#include "objects/kinds.hpp"

namespace slipway::delivery::promotion {
namespace {
using core::doc::Value;
using objects::Object;
namespace kinds = objects::kinds;

// A Rollout stands before its template: an LLMDeployment that no Rollout names would be started by itself.
constexpr int last_rank = 5;
int rank_of(const Object& object) {
  const std::string kind = object.kind();
  if (kind == "Namespace") return 0;
  if (kind == "DestinationRule") return 2;
  if (kind == "VirtualService") return 3;
  if (kind == "Rollout") return 4;
  if (kind == "LLMDeployment") return last_rank;
  return 1;
}

Result<> place(Object& object, const Environment& environment) {
  TRY_ASSIGN(const objects::Kind kind, kinds::find(object.api_version(), object.kind()));
  if (kind == kinds::environment || kind == kinds::promotion) {
    return fail(Error(Code::permission_denied, object.kind() + " may not be part of a promotion's manifests",
                      "apply it by hand: it governs promotions")
                    .at(object.document()["kind"].mark()));
  }
  if (!kind.namespaced) return {};
  const std::string ns = object.name().ns;
  if (!ns.empty() && ns != environment.ns) {
    return fail(Error(Code::invalid_argument,
                      object.text() + " is for another namespace than the environment's, " + environment.ns,
                      "leave metadata.namespace out")
                    .at(object.document()["metadata"]["namespace"].mark()));
  }
  object.document().at_or_insert("metadata").at_or_insert("namespace") = Value(environment.ns);
  return {};
}

void pin(Object& workload, const VersionFacts& facts) {
  Value& spec = workload.spec();
  spec.set_path("model.version", Value(facts.version));
  spec.set_path("model.modelUri", Value("model-registry://" + facts.model + "/" + facts.version));
  if (auto digest = core::Digest::parse(facts.artifact)) spec.set_path("model.checksums.sha256", Value(digest->hex()));
}
}  // namespace

Result<Manifests> prepare(const ManifestFiles& files, const Environment& environment, const VersionFacts& facts) {
  Manifests manifests;
  std::vector<Error> problems;
  for (const auto& [path, text] : files) {
    auto parsed = objects::parse_manifest(text, path);
    if (!parsed) {
      problems.push_back(std::move(parsed).error());
      continue;
    }
    for (auto& object : *parsed) {
      if (auto placed = place(object, environment); !placed) {
        problems.push_back(std::move(placed).error());
      } else {
        manifests.objects.push_back(std::move(object));
      }
    }
  }
  for (auto& object : manifests.objects) {
    if (object.kind() != "LLMDeployment" || object.spec()["model"]["name"].string_or("") != facts.model) continue;
    if (!manifests.workload.empty()) {
      problems.push_back(Error(Code::invalid_argument, "two LLMDeployments serve " + facts.model + ": " +
                                                           manifests.workload + " and " + object.name().name));
      continue;
    }
    pin(object, facts);
    manifests.workload = object.name().name;
  }
  if (manifests.workload.empty() && problems.empty()) {
    problems.push_back(Error(Code::invalid_argument,
                             environment.manifests + " has no LLMDeployment whose spec.model.name is " + facts.model,
                             "the directory is spec.manifests of Environment " + environment.name));
  }
  for (const auto& object : manifests.objects) {
    if (object.kind() != "Rollout") continue;
    const auto spec = rollout::parse_spec(object);
    if (!spec) {
      problems.push_back(spec.error());
    } else if (spec->workload == manifests.workload) {
      manifests.rollout = object.name().name;
      for (const auto& step : spec->steps) manifests.plan.push_back(rollout::text_of(step));
    }
  }
  if (!problems.empty()) return fail(core::join(std::move(problems)));
  std::vector<Object> ordered;  // by rank, else as in the files
  for (int rank = 0; rank <= last_rank; ++rank) {
    for (auto& object : manifests.objects) {
      if (rank_of(object) == rank) ordered.push_back(object);
    }
  }
  manifests.objects = std::move(ordered);
  return manifests;
}

Result<std::string> apply(objects::Store& store, const Manifests& manifests, const Environment& environment,
                          const std::string& promotion) {
  TRY_ASSIGN(const auto ns, store.find(kinds::namespace_, {"", environment.ns}));
  if (!ns) {
    auto made = store.create(Object::make(kinds::namespace_, {"", environment.ns}));
    if (!made && made.error().code != Code::already_exists) return fail(std::move(made).error());
  }
  std::string hash;
  for (Object object : manifests.objects) {
    TRY_ASSIGN(const objects::Kind kind, kinds::find(object.api_version(), object.kind()));
    object.set_annotation("slipway.dev/promotion", promotion);
    if (!manifests.rollout.empty() && (kind == kinds::virtual_service || kind == kinds::destination_rule)) {
      TRY_ASSIGN(const auto live, store.find(kind, object.name()));
      if (live)
        (kind == kinds::virtual_service ? rollout::keep_live_weights : rollout::keep_live_subsets)(object.document(),
                                                                                                   live->document());
    }
    auto applied = store.apply(std::move(object));
    if (!applied) return fail(std::move(applied).error());
    if (kind == kinds::llm_deployment && applied->name().name == manifests.workload)
      hash = rollout::revision_hash(applied->spec());
  }
  return hash;
}

}  // namespace slipway::delivery::promotion
