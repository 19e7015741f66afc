// DaemonSets: the next step as a table, and stories on a simulated machine.

#include "pods/workloads/daemon_set.hpp"

#include "pods/test_machine.hpp"

namespace slipway::pods {
namespace {

using namespace testing;
using workloads::daemon_set_kind;

// Nodes as words: "a:o+" has an old Pod that is available, "n" a new one that is not; x ends, f failed, w must
// wait; a node with ! is not meant, with !! nothing may stay there.
std::vector<workloads::DaemonNode> nodes(const std::string& words) {
  std::vector<workloads::DaemonNode> all;
  std::size_t at = 0;
  while (at < words.size()) {
    const auto end = std::min(words.find(' ', at), words.size());
    const std::string word = words.substr(at, end - at);
    workloads::DaemonNode node;
    node.name = word.substr(0, 1);
    const auto marks = std::ranges::count(word, '!');
    node.is_meant = marks == 0;
    node.may_stay = marks < 2;
    for (const char letter : word.substr(word.find(':') + 1)) {
      if (letter == 'o' || letter == 'n') {
        workloads::DaemonPod pod;
        pod.name = node.name + letter + (node.pods.empty() ? "" : std::to_string(node.pods.size()));
        pod.is_updated = letter == 'n';
        pod.created = Time(std::chrono::seconds(node.pods.size()));
        node.pods.push_back(pod);
      } else if (letter == '+') {
        node.pods.back().is_ready = node.pods.back().is_available = true;
      } else if (letter == 'x') {
        node.pods.back().is_ending = true;
      } else if (letter == 'f') {
        node.pods.back().is_finished = true;
      } else if (letter == 'w') {
        node.pods.back().must_wait = true;
      }
    }
    all.push_back(node);
    at = end + 1;
  }
  return all;
}

struct Daemons : Machine {
  using Machine::Machine;
  std::string yaml(const std::string& version, const std::string& spec = "", const std::string& pod = "") {
    return "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent, namespace: default}\nspec:\n" +
           (spec.empty() ? "" : "  " + spec + "\n") +
           "  selector: {matchLabels: {app: agent}}\n  template:\n    metadata: {labels: {app: agent}}\n    spec:\n" +
           (pod.empty() ? "" : "      " + pod + "\n") +
           "      containers: [{name: main, image: x, command: [server], env: [{name: V, value: " + version + "}]}]\n";
  }
  void apply(const std::string& text) {
    const auto manifest = objects::parse_manifest(text, "test.yaml");
    REQUIRE(manifest);
    REQUIRE(store->apply(manifest->front()));
  }
  std::string version() {
    const auto list = pods();
    std::string text;
    for (const auto& pod : list) {
      if (pod.condition_status("Ready") == "True" && !pod.is_being_deleted())
        text += pod.spec()["containers"][std::size_t{0}]["env"][std::size_t{0}]["value"].string_or("");
    }
    return text;
  }
  std::int64_t count(const char* field) { return get(daemon_set_kind, "agent").status()[field].int_or(0); }
};

}  // namespace

TEST_CASE("DaemonSet: one Pod on each node that is meant, changed one node after the other") {
  struct Row {
    const char* why;
    const char* spec;
    const char* nodes;
    const char* plan;
  };
  const Row rows[] = {
      {"from nothing", "{}", "a: b: c!:", "+a +b"},
      {"all is well", "{}", "a:n+ b:n+", ""},
      {"one failed", "{}", "a:nf b:n+", "+a -an"},
      {"one failed as those before it", "{}", "a:nfw b:n+", ""},
      {"one ends: the next comes when it has", "{}", "a:nx b:n+", ""},
      {"where none is meant any more it may stay", "{}", "a!:n+ b:n+", ""},
      {"where it may not, it goes", "{}", "a!!:n+ b:n+", "-an"},
      {"two on one node: the younger goes", "{}", "a:n+n+", "-an1"},
      {"a new template, one at a time", "{}", "a:o+ b:o+", "-ao"},
      {"and the next when the new one is available", "{}", "a:n b:o+", ""},
      {"then", "{}", "a:n+ b:o+", "-bo"},
      {"one that does not work goes first", "{}", "a:o+ b:o", "-bo"},
      {"two at a time", "{updateStrategy: {rollingUpdate: {maxUnavailable: 2}}}", "a:o+ b:o+ c:o+", "-ao -bo"},
      {"half of them", "{updateStrategy: {rollingUpdate: {maxUnavailable: 50%}}}", "a:o+ b:o+ c:o+", "-ao -bo"},
      {"by hand", "{updateStrategy: {type: OnDelete}}", "a:o+ b:o+", ""},
      {"the new one first", "{updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}}", "a:o+ b:o+", "+a"},
      {"the old one stays meanwhile", "{updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}}",
       "a:o+n b:o+", ""},
      {"and goes then", "{updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}}", "a:o+n+ b:o+", "+b -ao"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto there = nodes(row.nodes);
    const auto wish =
        workloads::read_daemon_set(*doc::parse_yaml(row.spec, "test.yaml"), static_cast<int>(there.size()));
    const auto plan = workloads::plan_daemon_set(wish, there);
    std::string text;
    for (const auto& node : plan.create) text += (text.empty() ? "+" : " +") + node;
    for (const auto& pod : plan.remove) text += (text.empty() ? "-" : " -") + pod;
    CHECK(text == std::string(row.plan));
  }
  const auto counts = workloads::count_daemons(nodes("a:n+ b:o c!:o+ d:"));
  CHECK(counts.desired == 3);
  CHECK(counts.current == 2);
  CHECK(counts.misscheduled == 1);
  CHECK(counts.ready == 1);
  CHECK(counts.updated == 1);
}

TEST_CASE_ON_EVERY_STORE(Daemons, "DaemonSet: its Pod is on the node, and is replaced with a new template") {
  create(yaml("one", "minReadySeconds: 2"));
  REQUIRE(simulation.run_until([&] { return version() == "one"; }, 10s));
  const auto first = pods().front();
  CHECK(first.name().name.starts_with("agent-"));
  CHECK(first.spec()["nodeName"].string_or("") == "machine");
  CHECK(first.spec()["tolerations"].size() >= 6);
  CHECK_FALSE(first.label("controller-revision-hash").empty());
  REQUIRE(simulation.run_until([&] { return count("numberAvailable") == 1; }, 5s));
  CHECK(count("desiredNumberScheduled") == 1);
  CHECK(count("currentNumberScheduled") == 1);
  CHECK(count("numberReady") == 1);
  CHECK(count("updatedNumberScheduled") == 1);
  CHECK(count("numberMisscheduled") == 0);
  apply(yaml("two"));
  REQUIRE(simulation.run_until([&] { return version() == "two"; }, 1min));
  apply(yaml("three", "updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}"));
  bool was_there_all_the_time = true;
  REQUIRE(simulation.run_until(
      [&] {
        was_there_all_the_time = was_there_all_the_time && !version().empty();
        return version() == "three";
      },
      1min));
  CHECK(was_there_all_the_time);
  apply(yaml("four", "updateStrategy: {type: OnDelete}"));
  simulation.run_for(10s);
  CHECK(version() == "three");
  REQUIRE(store->remove(kinds::pod, pods().front().name()));
  REQUIRE(simulation.run_until([&] { return version() == "four"; }, 1min));
  const auto revisions = store->list(workloads::controller_revision_kind);
  CHECK(revisions->items.size() == 4);
}

TEST_CASE_ON_EVERY_STORE(Daemons, "DaemonSet: only where its selector and tolerations allow, cordoned or not") {
  create(yaml("one", "", "nodeSelector: {disk: ssd}"));
  simulation.run_for(5s);
  CHECK(pods().empty());
  CHECK(count("desiredNumberScheduled") == 0);
  const auto change = [&](const std::function<void(objects::Object&)>& how) {
    REQUIRE(objects::modify(*store, kinds::node, {"", "machine"}, [&](objects::Object& machine) {
      how(machine);
      return true;
    }));
  };
  change([](objects::Object& machine) {
    machine.set_label("disk", "ssd");
    machine.spec().at_or_insert("unschedulable") = true;
  });
  REQUIRE(simulation.run_until([&] { return version() == "one"; }, 10s));
  change([](objects::Object& machine) {
    machine.spec().at_or_insert("taints") = doc::Array{doc::Object{{"key", "gone"}, {"effect", "NoExecute"}}};
  });
  REQUIRE(simulation.run_until([&] { return pods().empty(); }, 1min));
}

TEST_CASE("DaemonSet: a node that fails its Pods again and again is asked less and less often") {
  workloads::DaemonBackoff backoff;
  Time now{};
  const auto wait = [&] { return std::chrono::duration_cast<std::chrono::seconds>(backoff.note_failure("here", now)); };
  CHECK(wait() == 0s);
  CHECK(wait() == 1s);
  now += 1s;
  CHECK(wait() == 0s);
  CHECK(wait() == 2s);
  now += 1s;
  CHECK(wait() == 1s);
  CHECK(backoff.note_failure("elsewhere", now) == Duration{});
  for (int i = 0; i < 20; ++i) {
    now += 15min;
    CHECK(wait() == 0s);
  }
  CHECK(wait() == 15min);
  now += 31min;
  CHECK(wait() == 0s);
  CHECK(wait() == 1s);
}

TEST_CASE("DaemonSet: Pods that the node refuses are not made as fast as they fail") {
  Daemons machine;
  machine.create(machine.yaml("one"));
  machine.simulation.run_for(1s);
  const auto fail_all = [&] {
    const auto list = machine.pods();
    for (const auto& pod : list) {
      if (pod.status()["phase"].string_or("") == "Failed" || pod.is_being_deleted()) continue;
      REQUIRE(objects::modify_status(*machine.store, kinds::pod, pod.name(), [](objects::Object& current) {
        current.status().at_or_insert("phase") = "Failed";
        return true;
      }));
    }
  };
  std::set<std::string> made;
  for (int i = 0; i < 100; ++i) {  // twenty seconds
    fail_all();
    machine.simulation.run_for(200ms);
    const auto list = machine.pods();
    for (const auto& pod : list) made.insert(pod.uid());
  }
  // The first, and one after 0, 1, 2, 4 and 8 seconds.
  CHECK(made.size() >= 5);
  CHECK(made.size() <= 7);
  CHECK(machine.events_of("agent").contains("FailedDaemonPod"));
}

}  // namespace slipway::pods
