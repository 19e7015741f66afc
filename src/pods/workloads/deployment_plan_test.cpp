#include "pods/workloads/deployment_plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace slipway::pods::workloads {
namespace {

// Sets as words: "o1:3/2" has three replicas, of which two are available; n is the current one, x has Pods that still
// end; "@4<5" is annotated: scaled last when the Deployment had 4, at most 5.
std::vector<SetSeen> sets_of(const std::string& words) {
  std::vector<SetSeen> sets;
  std::size_t at = 0;
  while (at < words.size()) {
    const auto end = std::min(words.find(' ', at), words.size());
    std::string word = words.substr(at, end - at);
    SetSeen set;
    if (word.back() == 'x') {
      set.has_pods = true;
      word.pop_back();
    }
    if (const auto mark = word.find('@'); mark != std::string::npos) {
      set.desired = std::stoi(word.substr(mark + 1));
      set.most = std::stoi(word.substr(word.find('<') + 1));
      word.resize(mark);
    }
    const auto colon = word.find(':'), slash = word.find('/');
    set.name = word.substr(0, colon);
    set.is_current = word.front() == 'n';
    set.size = std::stoi(word.substr(colon + 1));
    set.pods = {set.size, std::stoi(word.substr(slash + 1)), std::stoi(word.substr(slash + 1))};
    set.has_pods = set.has_pods || set.size > 0;
    set.created = Time(std::chrono::seconds(sets.size()));
    sets.push_back(set);
    at = end + 1;
  }
  return sets;
}

std::string plan(const DeploymentWish& wish, const std::string& words) {
  const auto sets = sets_of(words);
  int before = 0;
  for (const auto& set : sets) before += set.size;
  std::string out;
  for (const auto& [name, size] : plan_deployment(wish, sets, before))
    out += (out.empty() ? "" : " ") + name + ":" + std::to_string(size);
  return out;
}

TEST_CASE("Deployment: the next step follows from what is there") {
  struct Row {
    const char* why;
    int replicas, surge, unavailable;
    const char* sets;
    const char* plan;
  };
  const Row rows[] = {
      {"from nothing", 2, 1, 0, "n:0/0", "n:2"},
      {"all is well", 2, 1, 0, "n:2/2", ""},
      {"scaled down", 1, 1, 0, "n:3/2", "n:1"},
      {"scaled to nothing", 0, 0, 1, "n:2/2", "n:0"},
      {"new template, one replica: surge one", 1, 1, 0, "o:1/1 n:0/0", "n:1"},
      {"the old stays until the new is available", 1, 1, 0, "o:1/1 n:1/0", ""},
      {"and then goes", 1, 1, 0, "o:1/1 n:1/1", "o:0"},
      {"an unready old one stays while the new is not ready: it may come first", 1, 1, 0, "o:1/0 n:1/0", ""},
      {"broken old ones go when there is room", 2, 1, 1, "o:2/0 n:1/1", "o:0"},
      {"four replicas roll by one: first one more", 4, 1, 1, "o:4/4 n:0/0", "n:1"},
      {"then one less", 4, 1, 1, "o:4/4 n:1/0", "o:3"},
      {"one more of the new", 4, 1, 1, "o:3/3 n:1/0", "n:2"},
      {"nothing more while the new ones come up", 4, 1, 1, "o:3/3 n:2/0", ""},
      {"the last old ones", 4, 1, 1, "o:1/1 n:4/3", "o:0"},
      {"no surge: first one less", 3, 0, 1, "o:3/3 n:0/0", "o:2"},
      {"several old ones: the oldest first", 4, 1, 0, "o1:1/1 o2:3/3 n:1/1", "o1:0"},
      {"a bad one is passed over by the next: its Pods go first", 4, 1, 1, "o1:3/3 o2:2/0 n:0/0", "o2:0"},
      {"rolled back to the good one: the bad go at once", 10, 3, 2, "n:8/8 o2:5/0", "o2:0"},
      // Of the documentation in kubernetes/pkg/controller/deployment: a crash loop, and a node fails.
      {"what is unavailable of the new one is no room", 10, 3, 2, "o:8/7 n:5/0", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(plan({row.replicas, row.surge, row.unavailable}, row.sets) == std::string(row.plan));
  }
}

TEST_CASE("Deployment: scaled in the midst of a rollout, each set keeps its share") {
  struct Row {
    const char* why;
    int replicas, surge;
    const char* sets;
    const char* plan;
  };
  const Row rows[] = {
      {"nobody scaled", 10, 3, "o:8/8@10<13 n:5/0@10<13", ""},
      // https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#proportional-scaling
      {"from 10 to 15", 15, 3, "o:8/8@10<13 n:5/0@10<13", "n:7 o:11"},
      {"from 10 to 5", 5, 2, "o:8/8@10<13 n:5/0@10<13", "n:3 o:4"},
      {"to nothing", 0, 3, "o:8/8@10<13 n:5/0@10<13", "n:0 o:0"},
      {"only one has Pods", 7, 1, "o:0/0@5<6 n:5/5@5<6", "n:7"},
      {"the new one has all: the old go", 5, 1, "o:2/2@4<5 n:5/5@5<6", "o:0"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(plan({row.replicas, row.surge, 2}, row.sets) == std::string(row.plan));
  }
}

TEST_CASE("Deployment: paused, it is scaled and nothing else") {
  DeploymentWish wish{4, 1, 1};
  wish.paused = true;
  CHECK(plan(wish, "") == "");
  CHECK(plan(wish, "o:3/3@3<4") == "o:4");
  CHECK(plan(wish, "o:3/3@4<5 n:1/1@4<5") == "o:4");
  CHECK(plan(wish, "o:4/4@4<5 n:1/1@4<5") == "");
  CHECK(plan(wish, "o1:0/0 o2:0/0") == "o2:4");
  CHECK(plan(wish, "o:4/4@4<5 n:0/0") == "");
}

TEST_CASE("Deployment: Recreate waits until the old are gone") {
  const DeploymentWish wish{2, 0, 1, true};
  CHECK(plan(wish, "o:2/2 n:0/0") == "o:0");
  CHECK(plan(wish, "o:0/0x n:0/0") == "");
  CHECK(plan(wish, "o:0/0 n:0/0") == "n:2");
  CHECK(plan(wish, "n:3/3") == "n:2");
}

TEST_CASE("ReplicaSet: what is missing is made, what has ended or is too much goes") {
  const auto pods = [](const std::string& words) {
    std::vector<PodSeen> seen;
    for (std::size_t at = 0; at < words.size(); ++at) {
      PodSeen pod;
      pod.name = words[at];
      pod.is_available = pod.is_ready = words[at] >= 'A' && words[at] <= 'Z';
      pod.is_ending = words[at] == 'x';
      pod.is_finished = words[at] == 'f';
      pod.created = Time(std::chrono::seconds(at));
      seen.push_back(pod);
    }
    return seen;
  };
  const auto text = [&](int wanted, const std::string& words) {
    const auto plan = plan_replicas(wanted, pods(words));
    std::string out = "+" + std::to_string(plan.create);
    for (const auto& name : plan.remove) out += " -" + name;
    return out;
  };
  CHECK(text(2, "") == "+2");
  CHECK(text(2, "Ax") == "+1");
  CHECK(text(2, "Afb") == "+0 -f");
  CHECK(text(1, "AbC") == "+0 -b -C");
  CHECK(text(0, "A") == "+0 -A");
  auto dear = pods("AB");
  dear.back().cost = 100;
  CHECK(plan_replicas(1, dear).remove == std::vector<std::string>{"A"});
}

TEST_CASE("Deployment: a change of template ends, and never has fewer available Pods than it may") {
  for (int replicas = 1; replicas <= 6; ++replicas) {
    for (int surge = 0; surge <= 2; ++surge) {
      const DeploymentWish wish{replicas, surge, surge == 0 ? 1 : 0};
      auto sets = sets_of("o:" + std::to_string(replicas) + "/" + std::to_string(replicas) + " n:0/0");
      bool done = false;
      for (int round = 0; round < 100 && !done; ++round) {
        const auto sizes = plan_deployment(wish, sets, 0);
        int size = 0, available = 0;
        for (auto& set : sets) {
          if (const auto change = sizes.find(set.name); change != sizes.end()) set.size = change->second;
          set.pods.all = set.size;
          set.pods.available = std::min(set.pods.available, set.size);
          size += set.size;
          available += set.pods.available;
        }
        CHECK(size <= replicas + surge);
        CHECK(available >= replicas - wish.unavailable);
        auto& current = sets.back().pods;
        done = sizes.empty() && current.available == current.all;
        if (sizes.empty() && !done) ++current.available;
      }
      CHECK(done);
      CHECK(sets.front().size == 0);
      CHECK(sets.back().size == replicas);
    }
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
  CHECK(wish("{replicas: 3, strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 10%}}}") == "3/0/1");
  CHECK(wish("{replicas: 2, strategy: {rollingUpdate: {maxUnavailable: 7}}}") == "2/1/2");
  CHECK(wish("{replicas: 2147483647}") == "2147483647/536870912/536870911");
  CHECK(plan(read_wish(doc::Object{{"replicas", 2147483647}}), "n:0/0") == "n:2147483647");
}

}  // namespace
}  // namespace slipway::pods::workloads
