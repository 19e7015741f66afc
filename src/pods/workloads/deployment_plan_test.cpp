#include "pods/workloads/deployment_plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace slipway::pods::workloads {
namespace {

// Pods as words: n1 is a Pod of the new template, o1 of an old one; + ready, x being deleted, f finished.
std::vector<PodSeen> pods(const std::string& words) {
  std::vector<PodSeen> seen;
  std::size_t at = 0;
  while (at < words.size()) {
    const auto end = std::min(words.find(' ', at), words.size());
    std::string word = words.substr(at, end - at);
    PodSeen pod;
    while (std::string_view("+xf").find(word.back()) != std::string_view::npos) {
      (word.back() == '+' ? pod.is_available : word.back() == 'x' ? pod.is_ending : pod.is_finished) = true;
      word.pop_back();
    }
    pod.name = word;
    pod.is_current = word.front() == 'n';
    pod.created = Time(std::chrono::seconds(seen.size()));
    seen.push_back(pod);
    at = end + 1;
  }
  return seen;
}

std::string text(const DeploymentPlan& plan) {
  std::string out = "+" + std::to_string(plan.create);
  for (const auto& name : plan.remove) out += " -" + name;
  return out;
}

TEST_CASE("Deployment: the next step follows from what is there") {
  struct Row {
    const char* why;
    int replicas, surge, unavailable;
    const char* pods;
    const char* plan;
  };
  const Row rows[] = {
      {"from nothing", 2, 1, 0, "", "+2"},
      {"all is well", 2, 1, 0, "n1+ n2+", "+0"},
      {"one was deleted", 2, 1, 0, "n1+ n2x", "+1"},
      {"one has failed", 1, 1, 0, "n1f", "+1 -n1"},
      {"scaled down: the unready goes first", 1, 1, 0, "n1+ n2 n3+", "+0 -n2 -n3"},
      {"scaled to nothing", 0, 0, 1, "n1+ n2", "+0 -n2 -n1"},
      {"new template, one replica: surge one", 1, 1, 0, "o1+", "+1"},
      {"the old stays until the new is ready", 1, 1, 0, "o1+ n1", "+0"},
      {"and then goes", 1, 1, 0, "o1+ n1+", "+0 -o1"},
      {"an unready old one stays while the new is not ready: it may come first", 1, 1, 0, "o1 n1", "+0"},
      {"broken old ones go when there is room", 2, 1, 1, "o1 o2 n1+", "+0 -o2 -o1"},
      {"four replicas roll by one", 4, 1, 1, "o1+ o2+ o3+ o4+", "+1 -o4"},
      {"nothing more while the new ones come up", 4, 1, 1, "o1+ o2+ o3+ n1 n2", "+0"},
      {"the last old ones", 4, 1, 1, "o1+ n1+ n2+ n3+ n4", "+0 -o1"},
      {"what ends does not count", 1, 1, 0, "o1x n1+", "+0"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const DeploymentWish wish{row.replicas, row.surge, row.unavailable, false};
    CHECK(text(plan_deployment(wish, pods(row.pods))) == std::string(row.plan));
  }
}

TEST_CASE("ReplicaSet: what is missing is made, what has ended or is too much goes") {
  CHECK(text(plan_replicas(2, pods(""))) == "+2");
  CHECK(text(plan_replicas(2, pods("n1+ n2x"))) == "+1");
  CHECK(text(plan_replicas(2, pods("n1+ n2f n3"))) == "+0 -n2");
  CHECK(text(plan_replicas(1, pods("n1+ n2 n3+"))) == "+0 -n2 -n3");
  CHECK(text(plan_replicas(0, pods("n1+"))) == "+0 -n1");
}

TEST_CASE("Deployment: Recreate waits until the old are gone") {
  const DeploymentWish wish{2, 0, 1, true};
  CHECK(text(plan_deployment(wish, pods("o1+ o2+"))) == "+0 -o2 -o1");
  CHECK(text(plan_deployment(wish, pods("o1x"))) == "+0");
  CHECK(text(plan_deployment(wish, pods(""))) == "+2");
}

TEST_CASE("Deployment: a change of template ends, and never has fewer ready Pods than it may") {
  for (int replicas = 1; replicas <= 5; ++replicas) {
    DeploymentWish wish;
    wish.replicas = replicas;
    const auto limits = read_wish(doc::Object{{"replicas", replicas}});
    wish.surge = limits.surge;
    wish.unavailable = limits.unavailable;
    std::vector<PodSeen> seen;
    for (int i = 0; i < replicas; ++i) seen.push_back({.name = "o" + std::to_string(i), .is_available = true});
    bool done = false;
    for (int round = 0; round < 50 && !done; ++round) {
      const auto plan = plan_deployment(wish, seen);
      for (const auto& name : plan.remove) std::erase_if(seen, [&](const PodSeen& pod) { return pod.name == name; });
      int ready = 0;
      for (const auto& pod : seen) ready += pod.is_available;
      CHECK(ready >= replicas - wish.unavailable);
      for (int i = 0; i < plan.create; ++i) {
        seen.push_back({.name = "n" + std::to_string(round) + "." + std::to_string(i), .is_current = true});
      }
      CHECK(static_cast<int>(seen.size()) <= replicas + wish.surge);
      if (plan == DeploymentPlan{}) {
        const auto waiting =
            std::find_if(seen.begin(), seen.end(), [](const PodSeen& pod) { return !pod.is_available; });
        done = waiting == seen.end();
        if (!done) waiting->is_available = true;
      }
    }
    CHECK(done);
    CHECK(std::all_of(seen.begin(), seen.end(), [](const PodSeen& pod) { return pod.is_current; }));
  }
}

TEST_CASE("Deployment: percentages of surge round up, of unavailable down") {
  const auto wish = [](const char* yaml) {
    const DeploymentWish w = read_wish(*doc::parse_yaml(yaml, "spec.yaml"));
    return std::to_string(w.replicas) + "/" + std::to_string(w.surge) + "/" + std::to_string(w.unavailable);
  };
  CHECK(wish("{}") == "1/1/0");
  CHECK(wish("{replicas: 5}") == "5/2/1");
  CHECK(wish("{replicas: 4, strategy: {rollingUpdate: {maxSurge: 50%, maxUnavailable: 2}}}") == "4/2/2");
  CHECK(wish("{replicas: 4, strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}}") == "4/0/1");
  CHECK(wish("{replicas: 2147483647}") == "2147483647/536870912/536870911");
  CHECK(text(plan_deployment(read_wish(doc::Object{{"replicas", 2147483647}}), {})) == "+2147483647");
}

}  // namespace
}  // namespace slipway::pods::workloads
