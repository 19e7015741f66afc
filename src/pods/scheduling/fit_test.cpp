#include "pods/scheduling/fit.hpp"

#include <doctest/doctest.h>

namespace slipway::pods::scheduling {
namespace {

objects::Object object(const std::string& kind, const std::string& name, const std::string& more) {
  auto value = doc::parse_yaml("apiVersion: v1\nkind: " + kind + "\nmetadata: {name: " + name + more, "test.yaml");
  REQUIRE_MESSAGE(value, value.error().render());
  return objects::Object(std::move(*value));
}
objects::Object node(const std::string& labels, const std::string& spec = "") {
  return object("Node", "n1", ", labels: {" + labels + "}}\nspec: {" + spec + "}\n");
}
objects::Object pod(const std::string& spec) { return object("Pod", "p", "}\nspec: {" + spec + "}\n"); }
objects::Object required(const std::string& term) {
  return pod("affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [" + term +
             "]}}}");
}

constexpr const char* no_match = "node(s) didn't match Pod's node affinity/selector";

}  // namespace

TEST_CASE("a Pod fits a node that has every label of its selector") {
  CHECK(why_not(pod(""), node("")).empty());
  CHECK(why_not(pod("nodeSelector: {gpu: a100, zone: b}"), node("gpu: a100, zone: b, more: x")).empty());
  CHECK(why_not(pod("nodeSelector: {gpu: a100, zone: b}"), node("gpu: a100")) == no_match);
  CHECK(why_not(pod("nodeSelector: {gpu: ''}"), node("")) == no_match);
}

TEST_CASE("a required affinity asks for one of its terms, and for all of a term") {
  const auto n = node("gpu: a100, count: '8'");
  struct Row {
    const char* term;
    bool fits;
  };
  const Row rows[] = {
      {"{matchExpressions: [{key: gpu, operator: In, values: [h100, a100]}]}", true},
      {"{matchExpressions: [{key: gpu, operator: In, values: [h100]}]}", false},
      {"{matchExpressions: [{key: gpu, operator: NotIn, values: [h100]}]}", true},
      {"{matchExpressions: [{key: zone, operator: NotIn, values: [b]}]}", true},
      {"{matchExpressions: [{key: gpu, operator: NotIn, values: [a100]}]}", false},
      {"{matchExpressions: [{key: gpu, operator: Exists}]}", true},
      {"{matchExpressions: [{key: zone, operator: Exists}]}", false},
      {"{matchExpressions: [{key: zone, operator: DoesNotExist}]}", true},
      {"{matchExpressions: [{key: count, operator: Gt, values: ['7']}]}", true},
      {"{matchExpressions: [{key: count, operator: Gt, values: ['8']}]}", false},
      {"{matchExpressions: [{key: count, operator: Lt, values: ['9']}]}", true},
      {"{matchExpressions: [{key: gpu, operator: Lt, values: ['9']}]}", false},
      {"{matchFields: [{key: metadata.name, operator: In, values: [n1]}]}", true},
      {"{matchFields: [{key: metadata.name, operator: In, values: [n2]}]}", false},
      {"{matchExpressions: [{key: gpu, operator: Exists}, {key: zone, operator: Exists}]}", false},
      {"{}", false},
      {"{matchExpressions: [{key: zone, operator: Exists}]}, {matchExpressions: [{key: gpu, operator: Exists}]}", true},
  };
  for (const auto& row : rows) CHECK_MESSAGE(why_not(required(row.term), n).empty() == row.fits, row.term);
}

TEST_CASE("a taint keeps away who does not tolerate it, and a cordon everybody") {
  const auto tainted = node("", "taints: [{key: gpu, value: 'yes', effect: NoSchedule}]");
  CHECK(why_not(pod(""), tainted) == "node(s) had untolerated taint {gpu: yes}");
  CHECK(why_not(pod("tolerations: [{key: gpu, operator: Exists}]"), tainted).empty());
  CHECK(why_not(pod("tolerations: [{key: gpu, value: 'yes', effect: NoSchedule}]"), tainted).empty());
  CHECK(why_not(pod("tolerations: [{operator: Exists}]"), tainted).empty());
  CHECK_FALSE(why_not(pod("tolerations: [{key: gpu, value: 'no'}]"), tainted).empty());
  CHECK_FALSE(why_not(pod("tolerations: [{key: gpu, value: 'yes', effect: NoExecute}]"), tainted).empty());
  CHECK(why_not(pod(""), node("", "taints: [{key: soft, effect: PreferNoSchedule}]")).empty());
  CHECK(why_not(pod(""), node("", "unschedulable: true")) == "node(s) were unschedulable");
}

TEST_CASE("another scheduler's Pods and gated ones are left alone") {
  CHECK(is_ours(pod("")));
  CHECK(is_ours(pod("schedulerName: default-scheduler")));
  CHECK_FALSE(is_ours(pod("schedulerName: nobody")));
  CHECK_FALSE(is_ours(pod("schedulingGates: [{name: example.com/quota}]")));
}

}  // namespace slipway::pods::scheduling
