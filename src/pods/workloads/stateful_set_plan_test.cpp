#include "pods/workloads/stateful_set_plan.hpp"

#include <doctest/doctest.h>

namespace slipway::pods::workloads {
namespace {

// Pods as words: n2 is the Pod of ordinal 2 of the new template, o2 of an old one; + available, ! ready but not for
// long enough, x being deleted, f finished.
std::vector<ReplicaSeen> pods(const std::string& words) {
  std::vector<ReplicaSeen> seen;
  std::size_t at = 0;
  while (at < words.size()) {
    const auto end = std::min(words.find(' ', at), words.size());
    std::string word = words.substr(at, end - at);
    ReplicaSeen pod;
    for (; std::string_view("+!xf").find(word.back()) != std::string_view::npos; word.pop_back()) {
      if (word.back() == '+') pod.is_ready = pod.is_available = true;
      if (word.back() == '!') pod.is_ready = true;
      if (word.back() == 'x') pod.is_ending = true;
      if (word.back() == 'f') pod.is_finished = true;
    }
    pod.ordinal = std::stoi(word.substr(1));
    pod.name = word.substr(1);
    pod.revision = word.front() == 'n' ? "new" : "old";
    seen.push_back(pod);
    at = end + 1;
  }
  return seen;
}

// "+n3 -2": makes the Pod of ordinal 3 of the new template, removes that of 2.
std::string plan(const char* spec, const std::string& seen) {
  const auto wish = read_stateful_set(*doc::parse_yaml(spec, "test.yaml"));
  const auto plan = plan_stateful_set(wish, "new", pods(seen));
  std::string out;
  for (const auto& made : plan.create)
    out += std::string(out.empty() ? "" : " ") + "+" + (made.is_updated ? "n" : "o") + std::to_string(made.ordinal);
  for (const auto& name : plan.remove) out += std::string(out.empty() ? "" : " ") + "-" + name;
  return out;
}

}  // namespace

TEST_CASE("StatefulSet: one Pod after the other, each when those before it are available") {
  struct Row {
    const char* why;
    const char* spec;
    const char* pods;
    const char* plan;
  };
  const Row rows[] = {
      {"from nothing, one", "{replicas: 3}", "", "+n0"},
      {"the first is not ready", "{replicas: 3}", "n0", ""},
      {"the first is ready, not for long enough", "{replicas: 3}", "n0!", ""},
      {"the next", "{replicas: 3}", "n0+", "+n1"},
      {"all is well", "{replicas: 3}", "n0+ n1+ n2+", ""},
      {"one was deleted", "{replicas: 3}", "n0+ n2+", "+n1"},
      {"one is being deleted", "{replicas: 3}", "n0+ n1+x n2+", ""},
      {"one has failed", "{replicas: 3}", "n0+ n1f n2+", "-1"},
      {"it fails, and goes already", "{replicas: 3}", "n0+ n1fx n2+", ""},
      {"ordinals begin at 5", "{replicas: 2, ordinals: {start: 5}}", "n5+", "+n6"},
      {"ordinals begin later now: the new ones first", "{replicas: 2, ordinals: {start: 1}}", "n0+ n1+", "+n2"},
      {"and then the one before them goes", "{replicas: 2, ordinals: {start: 1}}", "n0+ n1+ n2+", "-0"},
      {"scaled down, the last first", "{replicas: 1}", "n0+ n1+ n2+", "-2"},
      {"and the next when it is gone", "{replicas: 1}", "n0+ n1+ n2+x", ""},
      {"the last is not available: no reason to wait", "{replicas: 1}", "n0+ n1+ n2", "-2"},
      {"another is not: the last waits for it", "{replicas: 1}", "n0+ n1 n2", ""},
      {"to nothing", "{replicas: 0}", "n0+", "-0"},
      {"one that is wanted is not available: nothing goes", "{replicas: 1}", "n0 n1+", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(plan(row.spec, row.pods) == std::string(row.plan));
  }
}

TEST_CASE("StatefulSet: in parallel nobody waits for another") {
  CHECK(plan("{replicas: 3, podManagementPolicy: Parallel}", "") == "+n0 +n1 +n2");
  CHECK(plan("{replicas: 3, podManagementPolicy: Parallel}", "n0 n1f") == "+n2 -1");
  CHECK(plan("{replicas: 1, podManagementPolicy: Parallel}", "n0 n1 n2+ n3x") == "-2 -1");
  CHECK(plan("{replicas: 3, podManagementPolicy: Parallel}", "o0+ o1+ o2+") == "-2");
  CHECK(plan("{replicas: 3, podManagementPolicy: Parallel}", "o0+ o1+ n2") == "");
}

TEST_CASE("StatefulSet: a new template goes from the last Pod to the first, or as far as the partition") {
  CHECK(plan("{replicas: 3}", "o0+ o1+ o2+") == "-2");
  CHECK(plan("{replicas: 3}", "o0+ o1+ o2+x") == "");
  CHECK(plan("{replicas: 3}", "o0+ o1+") == "+n2");
  CHECK(plan("{replicas: 3}", "o0+ o1+ n2") == "");
  CHECK(plan("{replicas: 3}", "o0+ o1+ n2!") == "");
  CHECK(plan("{replicas: 3}", "o0+ o1+ n2+") == "-1");
  CHECK(plan("{replicas: 3}", "o0+ n1+ n2+") == "-0");
  const char* two_stay = "{replicas: 3, updateStrategy: {rollingUpdate: {partition: 2}}}";
  CHECK(plan(two_stay, "o0+ o1+ o2+") == "-2");
  CHECK(plan(two_stay, "o0+ o1+ n2+") == "");
  CHECK(plan(two_stay, "o0+ n2+") == "+o1");
  CHECK(plan(two_stay, "o0+ o1+") == "+n2");
  const char* none = "{replicas: 2, updateStrategy: {rollingUpdate: {partition: 9}}}";
  CHECK(plan(none, "o0+ o1+") == "");
  const char* by_hand = "{replicas: 2, updateStrategy: {type: OnDelete}}";
  CHECK(plan(by_hand, "o0+ o1+") == "");
  CHECK(plan(by_hand, "o1+") == "+n0");
  CHECK(plan("{replicas: 2147483647, podManagementPolicy: Parallel}", "").starts_with("+n0 +n1 "));
}

TEST_CASE("StatefulSet: an update is done when every Pod is of it and ready") {
  const auto wish = read_stateful_set(*doc::parse_yaml("{replicas: 2}", "test.yaml"));
  const auto done = [&](const char* words) {
    return completes_update(wish, count_replicas("old", "new", pods(words)));
  };
  CHECK(done("n0+ n1+"));
  CHECK(done("n0+ n1!"));
  CHECK_FALSE(done("n0+ n1"));
  CHECK_FALSE(done("o0+ n1+"));
  CHECK_FALSE(done("n0+ n1+ n2+"));
  const auto counts = count_replicas("old", "new", pods("o0+ o1! n2+ n3x"));
  CHECK(counts.all == 4);
  CHECK(counts.ready == 3);
  CHECK(counts.available == 2);
  CHECK(counts.current == 2);
  CHECK(counts.updated == 1);
}

TEST_CASE("StatefulSet: a name has an ordinal") {
  CHECK(parse_ordinal_name("web-0")->parent == "web");
  CHECK(parse_ordinal_name("my-web-12")->ordinal == 12);
  CHECK_FALSE(parse_ordinal_name("web"));
  CHECK_FALSE(parse_ordinal_name("web-"));
  CHECK_FALSE(parse_ordinal_name("web-x1"));
  CHECK_FALSE(parse_ordinal_name("web-99999999999"));
}

}  // namespace slipway::pods::workloads
