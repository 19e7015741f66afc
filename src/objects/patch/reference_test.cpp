// Our patches against Kubernetes' own libraries: thousands of random documents and patches, every result and every
// refusal. A failing case prints its seed; the interesting ones are kept as plain tests beside the code.

#include <doctest/doctest.h>

#include "core/time.hpp"
#include "objects/patch/apply.hpp"
#include "objects/patch/go_text.hpp"
#include "objects/patch/json_patch.hpp"
#include "objects/patch/judge_test.hpp"
#include "objects/patch/merge_patch.hpp"
#include "objects/patch/strategic_merge.hpp"
#include "objects/patch/typed.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::objects::patch;
using namespace slipway::objects::patch::testing;

namespace {

struct KindOf {
  const char* kind;
  const char* api_version;
};
constexpr KindOf kKinds[] = {{"Pod", "v1"}, {"Deployment", "apps/v1"}, {"ConfigMap", "v1"}, {"Service", "v1"}};

// How many documents of each sort; KUBE_REFERENCE_CASES raises it for a long run.
std::size_t cases() {
  const char* said = std::getenv("KUBE_REFERENCE_CASES");
  return said == nullptr ? 60 : static_cast<std::size_t>(std::atol(said));
}
std::uint64_t first_seed() {
  const char* said = std::getenv("KUBE_REFERENCE_SEED");
  return said == nullptr ? 1 : static_cast<std::uint64_t>(std::atoll(said));
}

// Empty when there is no judge.
std::vector<std::unique_ptr<Types>>& all_types() {
  static std::vector<std::unique_ptr<Types>> types = [] {
    std::vector<doc::Value> requests;
    for (const auto& kind : kKinds) requests.emplace_back(doc::Object{{"op", "schema"}, {"kind", kind.kind}});
    std::vector<std::unique_ptr<Types>> made;
    for (const auto& answer : judged(requests)) made.push_back(std::make_unique<Types>(answer["result"]));
    return made;
  }();
  return types;
}

struct Case {
  doc::Value request;
  Result<doc::Value> ours;
  std::uint64_t seed;
};

void compare_all(const std::vector<Case>& list, bool compare_messages) {
  std::vector<doc::Value> requests;
  for (const auto& one : list) requests.push_back(one.request);
  const auto answers = judged(requests);
  if (answers.empty()) return;
  std::size_t errors = 0, wrong = 0;
  for (std::size_t i = 0; i < list.size() && wrong < 5; ++i) {
    const auto& [request, ours, seed] = list[i];
    const auto theirs = answers[i]["error"].is_null() ? answers[i]["result"] : answers[i]["error"];
    const bool refused = !answers[i]["error"].is_null();
    if (refused && theirs.as_string().starts_with("panic")) continue;
    if (refused) ++errors;
    bool same = ours.has_value() != refused;
    if (same && !refused) same = *ours == theirs;
    if (same && refused && compare_messages) same = ours.error().message == theirs.as_string();
    if (same) continue;
    ++wrong;
    const auto said = ours ? doc::render_json_canonical(*ours) : "error: " + ours.error().message;
    FAIL_CHECK("seed " << seed << "\nrequest " << doc::render_json(request) << "\n   ours " << said << "\n theirs "
                       << doc::render_json_canonical(theirs));
  }
  MESSAGE(list.size() << " cases, of which " << errors << " are refused");
}

}  // namespace

TEST_CASE("JSON patches do what the API server's library does") {
  std::vector<Case> list;
  if (all_types().empty()) return;
  for (std::uint64_t seed = first_seed(); seed < first_seed() + 4 * cases(); ++seed) {
    Dice dice(seed);
    Documents documents(dice, seed);
    const auto which = dice.below(4);
    const auto original =
        documents.object_of(all_types()[which]->root(), kKinds[which].kind, kKinds[which].api_version);
    const auto patch = documents.json_patch(original);
    list.push_back({doc::Object{{"op", "json"}, {"original", original}, {"patch", patch}},
                    apply_json_patch(original, patch), seed});
  }
  compare_all(list, true);
}

TEST_CASE("merge patches do what the API server's library does") {
  std::vector<Case> list;
  if (all_types().empty()) return;
  for (std::uint64_t seed = first_seed(); seed < first_seed() + 2 * cases(); ++seed) {
    Dice dice(seed);
    Documents documents(dice, seed);
    const auto which = dice.below(4);
    const auto original =
        documents.object_of(all_types()[which]->root(), kKinds[which].kind, kKinds[which].api_version);
    auto patch = documents.merge_patch(original);
    if (!patch.is_object()) patch = doc::Object{};
    list.push_back({doc::Object{{"op", "merge"}, {"original", original}, {"patch", patch}},
                    apply_merge_patch(original, patch), seed});
  }
  compare_all(list, true);
}

TEST_CASE("strategic merge patches do what the API server's library does") {
  std::vector<Case> list;
  if (all_types().empty()) return;
  for (std::uint64_t seed = first_seed(); seed < first_seed() + 8 * cases(); ++seed) {
    Dice dice(seed);
    Documents documents(dice, seed);
    const auto which = dice.below(4);
    const auto& type = all_types()[which]->root();
    const auto original = documents.object_of(type, kKinds[which].kind, kKinds[which].api_version);
    const auto patch = documents.strategic_patch(type);
    list.push_back(
        {doc::Object{{"op", "strategic"}, {"kind", kKinds[which].kind}, {"original", original}, {"patch", patch}},
         apply_strategic_merge(original, patch, type), seed});
  }
  // Go visits members in a random order, and so meets another mistake first.
  compare_all(list, false);
}

TEST_CASE("field sets are combined and written as structured-merge-diff does") {
  if (all_types().empty()) return;
  std::vector<Case> list;
  for (std::uint64_t seed = first_seed(); seed < first_seed() + cases(); ++seed) {
    Dice dice(seed);
    Documents documents(dice, seed);
    const auto which = dice.below(4);
    const auto& type = all_types()[which]->root();
    const auto one = fields_of(type, documents.object_of(type, kKinds[which].kind, kKinds[which].api_version));
    const auto other = fields_of(type, documents.object_of(type, kKinds[which].kind, kKinds[which].api_version));
    doc::Array texts;
    for (const auto& set :
         {one, other, one.united(other), one.intersected(other), one.without(other), one.without_below(other)}) {
      texts.emplace_back(doc::render_json(render_fields_v1(set)));
      std::string paths;
      set.for_each([&](const Path& path) { paths += (paths.empty() ? "" : "\n") + text_of(path); });
      texts.emplace_back(paths);
    }
    list.push_back(
        {doc::Object{{"op", "fields"}, {"original", render_fields_v1(one)}, {"patch", render_fields_v1(other)}},
         doc::Value(std::move(texts)), seed});
    REQUIRE(parse_fields_v1(render_fields_v1(one)).value() == one);
  }
  compare_all(list, true);
}

namespace {

// One object's life: appliers and updaters take turns.
void add_life(std::vector<Case>& list, std::uint64_t seed) {
  Dice dice(seed);
  Documents documents(dice, seed);
  const auto which = dice.below(4);
  const auto& [kind, api_version] = kKinds[which];
  const auto& type = all_types()[which]->root();
  const auto start = *core::parse_rfc3339("2020-01-01T00:00:00Z");
  doc::Value live;
  static const char* const managers[] = {"m1", "m2", "kubectl", "m1"};
  const auto steps = 2 + dice.below(14);
  const bool many_updaters = dice.one_in(6);
  for (std::size_t step = 0; step < steps + (many_updaters ? 14 : 0); ++step) {
    documents.nulls = false;
    Writer writer{managers[dice.below(4)], api_version, dice.one_in(6) ? "status" : "",
                  start + std::chrono::seconds(step)};
    if (many_updaters) writer.manager += std::to_string(dice.below(12));
    const bool is_apply = many_updaters ? dice.one_in(6) : dice.one_in(2);
    const bool force = dice.one_in(2);
    documents.nulls = is_apply && dice.one_in(10);
    auto said = documents.object_of(type, kind, api_version);
    const auto keep_part = [&](const char* part) {
      if (live[part].is_null()) {
        said.as_object().erase(part);
      } else {
        said.as_object().set(part, live[part]);
      }
    };
    if (!is_apply) {
      if (dice.one_in(2)) keep_part("spec");
      if (dice.one_in(2)) keep_part("status");
      const auto& old = live["metadata"]["managedFields"];
      if (!old.is_null() && dice.one_in(2)) said.set_path("metadata.managedFields", old);
      if (dice.one_in(25)) said.set_path("metadata.managedFields", doc::Array{});
      if (dice.one_in(25)) said.set_path("metadata.managedFields", doc::Array{doc::Object{}});
      if (!live.is_null()) said.set_path("metadata.uid", "u");
      if (writer.manager == "kubectl") {
        doc::Value text = doc::Object{{"apiVersion", api_version}, {"kind", kind}, {"spec", said["spec"]}};
        if (said["spec"].is_null()) text.as_object().erase("spec");
        said.at_or_insert("metadata").at_or_insert("annotations") =
            doc::Object{{"kubectl.kubernetes.io/last-applied-configuration", go_json(text) + "\n"}};
      } else if (!live["metadata"]["annotations"].is_null()) {
        said.set_path("metadata.annotations", live["metadata"]["annotations"]);
      }
    }
    if (dice.one_in(60)) said.as_object().set("unknown", 1);
    doc::Object request{{"op", is_apply ? "apply" : "update"},
                        {"kind", kind},
                        {"original", live},
                        {"patch", said},
                        {"manager", writer.manager},
                        {"subresource", writer.subresource},
                        {"force", force},
                        {"now", core::render_rfc3339(writer.now)}};
    if (!is_apply && said.as_object().contains("unknown")) continue;
    auto ours =
        is_apply ? apply(type, live, said, writer, force) : Result<doc::Value>(track_update(type, live, said, writer));
    list.push_back({std::move(request), ours, seed});
    if (!ours) continue;
    live = *ours;
    live.set_path("metadata.uid", "u");
  }
}

}  // namespace

TEST_CASE("server-side apply and the tracking of updates do what the API server's library does") {
  if (all_types().empty()) return;
  std::vector<Case> list;
  for (std::uint64_t seed = first_seed(); seed < first_seed() + 2 * cases(); ++seed) add_life(list, seed);
  compare_all(list, true);
}
