#include "pods/workloads/autoscaler_plan.hpp"

#include <doctest/doctest.h>

namespace slipway::pods::workloads {
namespace {

using namespace std::chrono_literals;
constexpr Time start{std::chrono::hours(1000)};

// Pods as words: what each uses of a request of 1000; u unready, m missing, i ignored.
std::vector<PodSample> samples(const std::string& words) {
  std::vector<PodSample> all;
  std::size_t at = 0;
  while (at < words.size()) {
    const auto end = std::min(words.find(' ', at), words.size());
    const std::string word = words.substr(at, end - at);
    PodSample sample;
    sample.request = 1000;
    if (word == "u") sample.state = PodSample::State::unready;
    if (word == "m") sample.state = PodSample::State::missing;
    if (word == "i") sample.state = PodSample::State::ignored;
    if (sample.state == PodSample::State::counted) sample.usage = std::stoll(word);
    all.push_back(sample);
    at = end + 1;
  }
  return all;
}

Behavior behavior(const std::string& yaml) { return read_behavior(*doc::parse_yaml("{" + yaml + "}", "test.yaml")); }

}  // namespace

TEST_CASE("Autoscaler: the number follows from the ratio of usage to target") {
  struct Row {
    const char* why;
    int current;
    int percent;
    const char* pods;
    int replicas;
  };
  const Row rows[] = {
      {"as wanted", 2, 50, "500 500", 2},
      {"within a tenth", 2, 50, "549 549", 2},
      {"twice as much", 2, 50, "1000 1000", 4},
      {"rounded up", 3, 50, "600 600 600", 4},
      {"a fifth is enough", 5, 50, "100 100 100 100 100", 1},
      {"idle", 3, 50, "0 0 0", 0},
      {"who ends does not count", 3, 50, "1000 1000 i", 4},
      {"who begins counts as idle when there is too much to do", 3, 50, "1000 1000 u", 4},
      {"and not when there is not", 3, 50, "100 100 u", 1},
      {"too few of them would be busy: no change", 4, 50, "1000 u u u", 4},
      {"nobody knows: it is busy when there is little to do", 3, 50, "100 100 m", 3},
      {"and idle when there is much", 3, 50, "1000 1000 m", 4},
      {"more than all that was asked for", 2, 200, "4000 4000", 4},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto proposal = propose({row.percent, true}, row.current, samples(row.pods));
    REQUIRE(proposal);
    CHECK(proposal->replicas == row.replicas);
  }
  CHECK_FALSE(propose({50, true}, 2, samples("u m i")));
  CHECK_FALSE(propose({50, true}, 2, {}));
  const auto average = propose({300, false}, 2, samples("600 600"));
  CHECK(average->replicas == 4);
  CHECK(average->average == 600);
  CHECK(average->percent == 60);
  CHECK(propose({50, true, 0.3, 0.1}, 2, samples("640 640"))->replicas == 2);
}

TEST_CASE("Autoscaler: without a behaviour it goes up at once, and down after five minutes") {
  const Behavior plain = behavior("");
  History history;
  const auto at = [&](Duration after, int current, int recommended) {
    const auto decision = decide(plain, current, recommended, 1, 20, history, start + after);
    return std::to_string(decision.replicas) + " " + decision.able.reason + " " + decision.limited.reason;
  };
  CHECK(at(0s, 2, 3) == "3 ReadyForNewScale DesiredWithinRange");
  CHECK(at(15s, 3, 9) == "6 ReadyForNewScale ScaleUpLimit");
  CHECK(at(30s, 6, 40) == "12 ReadyForNewScale ScaleUpLimit");
  CHECK(at(45s, 12, 40) == "20 ReadyForNewScale TooManyReplicas");
  CHECK(at(60s, 20, 0) == "20 ScaleDownStabilized TooManyReplicas");
  CHECK(at(344s, 20, 0) == "20 ScaleDownStabilized TooManyReplicas");
  CHECK(at(345s, 20, 0) == "1 ReadyForNewScale TooFewReplicas");
}

TEST_CASE("Autoscaler: a behaviour says how fast") {
  History history;
  const auto limited = [&](const std::string& yaml, int current, int recommended) {
    const auto decision = decide(behavior("behavior: {" + yaml + "}"), current, recommended, 1, 100, history, start);
    history.recommendations.clear();
    return std::to_string(decision.replicas) + " " + decision.limited.reason;
  };
  const std::string up =
      "scaleUp: {policies: [{type: Pods, value: 2, periodSeconds: 60}, {type: Percent, value: 10, periodSeconds: 60}]";
  CHECK(limited(up + "}", 10, 50) == "12 ScaleUpLimit");
  CHECK(limited(up + ", selectPolicy: Min}", 10, 50) == "11 ScaleUpLimit");
  CHECK(limited(up + ", selectPolicy: Disabled}", 10, 50) == "10 ScaleUpLimit");
  CHECK(limited(up + "}", 50, 54) == "54 DesiredWithinRange");
  const std::string down =
      "scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Pods, value: 4, periodSeconds: 60}, {type: "
      "Percent, value: 10, periodSeconds: 60}]";
  CHECK(limited(down + "}", 80, 10) == "72 ScaleDownLimit");
  CHECK(limited(down + ", selectPolicy: Min}", 80, 10) == "76 ScaleDownLimit");
  CHECK(limited(down + ", selectPolicy: Disabled}", 80, 10) == "80 ScaleDownLimit");
  CHECK(limited("scaleDown: {stabilizationWindowSeconds: 0}", 80, 0) == "1 TooFewReplicas");
  history.added.push_back({start - 30s, 2});
  CHECK(limited(up + "}", 12, 50) == "12 ScaleUpLimit");  // two came half a minute ago
  CHECK(limited("", 12, 200) == "24 ScaleUpLimit");
}

TEST_CASE("Autoscaler: a window of stabilisation takes the lowest on the way up, the highest on the way down") {
  const Behavior slow =
      behavior("behavior: {scaleUp: {stabilizationWindowSeconds: 60}, scaleDown: {stabilizationWindowSeconds: 60}}");
  History history;
  const auto at = [&](Duration after, int current, int recommended) {
    const auto decision = decide(slow, current, recommended, 1, 100, history, start + after);
    return std::to_string(decision.replicas) + " " + decision.able.reason;
  };
  CHECK(at(0s, 5, 5) == "5 ReadyForNewScale");
  CHECK(at(15s, 5, 9) == "5 ScaleUpStabilized");
  CHECK(at(30s, 5, 3) == "5 ScaleDownStabilized");
  CHECK(at(61s, 5, 9) == "5 ScaleUpStabilized");
  CHECK(at(91s, 5, 9) == "9 ReadyForNewScale");
}

}  // namespace slipway::pods::workloads
