// Jobs and the history of Deployments, on a simulated machine.

#include "pods/workloads/workloads.hpp"

#include "pods/test_machine.hpp"

namespace slipway::pods {
namespace {

using namespace testing;
using workloads::job_kind;
using workloads::replica_set_kind;

std::string job_yaml(const std::string& name, const std::string& command, const std::string& spec) {
  return "apiVersion: batch/v1\nkind: Job\nmetadata: {name: " + name + ", namespace: default}\nspec:\n  " + spec +
         "\n  template:\n    spec:\n      restartPolicy: Never\n      containers: [{name: main, image: x, command: " +
         command + "}]\n";
}

struct Workshop : Machine {
  using Machine::Machine;
  // "Complete 2 0": its last condition, how many succeeded and failed.
  std::string state_of(const std::string& name) {
    const auto job = get(job_kind, name);
    std::string condition;
    for (const char* type : {"Suspended", "Complete", "Failed"}) {
      if (job.condition_status(type) == "True") condition = type;
    }
    return condition + " " + std::to_string(job.status()["succeeded"].int_or(0)) + " " +
           std::to_string(job.status()["failed"].int_or(0));
  }
  bool until_state(const std::string& name, const std::string& state, Duration deadline = 2min) {
    const bool seen = simulation.run_until([&] { return state_of(name) == state; }, deadline);
    if (!seen) MESSAGE(name, " is ", state_of(name), ", not ", state);
    return seen;
  }
  std::size_t pods_of(const std::string& job) {
    const auto list = pods();
    return static_cast<std::size_t>(
        std::ranges::count_if(list, [&](const auto& pod) { return pod.label("job-name") == job; }));
  }
  // "1:0 2:1": revision and replicas of each ReplicaSet, in order of revisions.
  std::string history() {
    std::map<std::string, std::string> sets;
    const auto list = store->list(replica_set_kind);
    for (const auto& set : list->items)
      sets[set.annotation("deployment.kubernetes.io/revision")] = set.spec()["replicas"].string_or("?");
    std::string text;
    for (const auto& [revision, replicas] : sets) text += (text.empty() ? "" : " ") + revision + ":" + replicas;
    return text;
  }
};

std::string deployment_yaml(const std::string& version, const std::string& spec = "") {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: default}\nspec:\n  replicas: 2\n" +
         (spec.empty() ? "" : "  " + spec + "\n") +
         "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n"
         "      containers: [{name: main, image: x, command: [server], env: [{name: V, value: " +
         version + "}]}]\n";
}

}  // namespace

TEST_CASE_ON_EVERY_STORE(Workshop, "Workloads: a Job runs until enough of its Pods have succeeded") {
  create(job_yaml("sums", "[job, '0']", "completions: 3\n  parallelism: 2"));
  REQUIRE(until_state("sums", "Complete 3 0"));
  const auto job = get(job_kind, "sums");
  CHECK(job.condition_status("SuccessCriteriaMet") == "True");
  CHECK(job.status()["completionTime"].is_string());
  CHECK(job.status()["active"].int_or(0) == 0);
  CHECK(pods().size() == 3);
  simulation.run_for(1min);
  CHECK(state_of("sums") == "Complete 3 0");
  const auto list = pods();
  for (const auto& pod : list) CHECK(pod.finalizers() == std::vector<std::string>{"slipway.dev/node"});
}

TEST_CASE_ON_EVERY_STORE(Workshop,
                         "Workloads: a Job that fails is tried again, less and less often, and then given up") {
  create(job_yaml("vain", "[job, '3']", "backoffLimit: 2"));
  simulation.run_for(5s);
  CHECK(pods().size() == 1);
  simulation.run_for(10s);
  CHECK(pods().size() == 2);
  simulation.run_for(10s);
  CHECK(pods().size() == 2);
  REQUIRE(until_state("vain", "Failed 0 3"));
  const auto job = get(job_kind, "vain");
  CHECK(job.condition_status("FailureTarget") == "True");
  CHECK(pods().size() == 3);
}

TEST_CASE("Workloads: a Job's Pods are counted once, whenever the control plane is killed") {
  for (int moment = 0; moment < 40; ++moment) {
    Workshop machine(support::in_memory(), static_cast<std::uint64_t>(moment) + 1);
    machine.create(job_yaml("sums", "[job, '0']", "completions: 4\n  parallelism: 2"));
    machine.simulation.run_for(std::chrono::milliseconds(100 * moment));
    machine.crash();
    machine.start();
    REQUIRE(machine.until_state("sums", "Complete 4 0"));
    CHECK(machine.pods().size() == 4);
  }
}

TEST_CASE_ON_EVERY_STORE(
    Workshop, "Workloads: a suspended Job waits, a deadline ends one, and one that is over goes when it is time") {
  Workshop& machine = *this;
  machine.create(job_yaml("later", "[job, '0']", "suspend: true") + "---\n" +
                 job_yaml("long", "[sleep]", "activeDeadlineSeconds: 30") + "---\n" +
                 job_yaml("brief", "[job, '0']", "ttlSecondsAfterFinished: 60") + "---\n" +
                 job_yaml("foreign", "[job, '0']", "managedBy: example.com/other"));
  REQUIRE(machine.until_state("brief", "Complete 1 0"));
  CHECK(machine.state_of("later") == "Suspended 0 0");
  CHECK(machine.state_of("foreign") == " 0 0");
  REQUIRE(machine.until_state("long", "Failed 0 1"));
  CHECK(machine.get(job_kind, "long").status()["conditions"][std::size_t{0}]["reason"].string_or("") ==
        "DeadlineExceeded");
  REQUIRE(objects::modify(*machine.store, job_kind, {"default", "later"}, [](objects::Object& job) {
    job.spec().at_or_insert("suspend") = false;
    return true;
  }));
  REQUIRE(machine.until_state("later", "Complete 1 0"));
  REQUIRE(machine.simulation.run_until([&] { return machine.get(job_kind, "brief").uid().empty(); }, 2min));
  // And its Pods with it: nothing holds on to them.
  const auto is_gone = [&] {
    const auto list = machine.pods();
    return std::ranges::none_of(list, [](const auto& pod) { return pod.name().name.starts_with("brief-"); });
  };
  if (machine.place.traits().collects_garbage) CHECK(machine.simulation.run_until(is_gone, 1min));
}

TEST_CASE_ON_EVERY_STORE(Workshop, "Workloads: each index of a Job succeeds once, and its Pods know theirs") {
  create(job_yaml("parts", "[job, '0']", "completionMode: Indexed\n  completions: 5\n  parallelism: 2"));
  REQUIRE(until_state("parts", "Complete 5 0"));
  simulation.run_for(1s);
  CHECK(get(job_kind, "parts").status()["completedIndexes"].string_or("") == "0-4");
  std::set<std::string> indexes;
  const auto list = pods();
  REQUIRE(list.size() == 5);
  for (const auto& pod : list) {
    const std::string index = pod.label("batch.kubernetes.io/job-completion-index");
    CHECK(pod.annotation("batch.kubernetes.io/job-completion-index") == index);
    CHECK(pod.name().name.starts_with("parts-" + index + "-"));
    CHECK(pod.spec()["hostname"].string_or("") == "parts-" + index);
    CHECK(pod.spec()["containers"][std::size_t{0}]["env"][std::size_t{0}]["name"].string_or("") ==
          "JOB_COMPLETION_INDEX");
    CHECK(pod.finalizers() == std::vector<std::string>{"slipway.dev/node"});
    indexes.insert(index);
  }
  CHECK(indexes.size() == 5);
}

TEST_CASE_ON_EVERY_STORE(Workshop, "Workloads: an index that fails too often is given up, the others go on") {
  create(job_yaml("parts", "[job, '1']", "completionMode: Indexed\n  completions: 2\n  backoffLimitPerIndex: 1"));
  REQUIRE(until_state("parts", "Failed 0 4"));
  const auto job = get(job_kind, "parts");
  CHECK(job.status()["failedIndexes"].string_or("") == "0,1");
  CHECK(job.condition("Failed")["reason"].string_or("") == "FailedIndexes");
  CHECK(job.condition("Failed")["message"].string_or("") == "Job has failed indexes");
  CHECK(job.condition_status("FailureTarget") == "True");
  const auto list = pods();
  for (const auto& pod : list) CHECK(pod.finalizers() == std::vector<std::string>{"slipway.dev/node"});
}

TEST_CASE_ON_EVERY_STORE(Workshop, "Workloads: rules say which failures of Pods count, and which success is enough") {
  const std::string rule = "{operator: In, values: [42]}}]}";
  create(job_yaml("fatal", "[job, '42']", "podFailurePolicy: {rules: [{action: FailJob, onExitCodes: " + rule));
  create(job_yaml("ignored", "[job, '42']",
                  "backoffLimit: 0\n  podFailurePolicy: {rules: [{action: Ignore, onExitCodes: " + rule));
  create(job_yaml("first", "[job, '0']",
                  "completionMode: Indexed\n  completions: 3\n  parallelism: 1\n  successPolicy: {rules: "
                  "[{succeededIndexes: '0'}]}"));
  REQUIRE(until_state("fatal", "Failed 0 1"));
  const auto failed = get(job_kind, "fatal").condition("Failed");
  CHECK(failed["reason"].string_or("") == "PodFailurePolicy");
  CHECK(failed["message"].string_or("").ends_with("failed with exit code 42 matching FailJob rule at index 0"));
  REQUIRE(until_state("first", "Complete 1 0"));
  CHECK(get(job_kind, "first").condition("Complete")["reason"].string_or("") == "SuccessPolicy");
  simulation.run_for(40s);
  CHECK(state_of("ignored") == " 0 0");
  CHECK(pods_of("ignored") == 3);  // 10 s, 20 s
}

TEST_CASE_ON_EVERY_STORE(Workshop,
                         "Workloads: a Job that is suspended lets its Pods go, and begins anew when resumed") {
  create(job_yaml("long", "[sleep]", "activeDeadlineSeconds: 60\n  podReplacementPolicy: Failed"));
  const auto suspend = [&](bool whether) {
    REQUIRE(objects::modify(*store, job_kind, {"default", "long"}, [&](objects::Object& job) {
      job.spec().at_or_insert("suspend") = whether;
      return true;
    }));
  };
  simulation.run_for(50s);
  suspend(true);
  REQUIRE(until_state("long", "Suspended 0 0"));
  REQUIRE(simulation.run_until([&] { return pods_of("long") == 0; }, 1min));
  simulation.run_for(50s);
  suspend(false);
  simulation.run_for(55s);
  CHECK(state_of("long") == " 0 0");
  CHECK(get(job_kind, "long").condition("Suspended")["reason"].string_or("") == "JobResumed");
  // Only when the one before has ended comes the next.
  const auto list = pods();
  REQUIRE(list.size() == 1);
  REQUIRE(store->remove(kinds::pod, list.front().name()));
  REQUIRE(until_state("long", "Failed 0 1"));
  CHECK(pods_of("long") == 0);
}

TEST_CASE_ON_EVERY_STORE(Workshop,
                         "Workloads: each template of a Deployment is a revision, and an old one can come back") {
  create(deployment_yaml("one", "revisionHistoryLimit: 1"));
  const auto settled = [&](const std::string& wanted) {
    const bool seen = simulation.run_until(
        [&] { return history() == wanted && get(kinds::deployment, "web").status()["readyReplicas"].int_or(0) == 2; },
        1min);
    if (!seen) MESSAGE("the history is ", history(), ", not ", wanted);
    return seen;
  };
  const auto apply = [&](const std::string& version, const std::string& more = "") {
    const auto manifest =
        objects::parse_manifest(deployment_yaml(version, "revisionHistoryLimit: 1" + more), "test.yaml");
    REQUIRE(store->apply(manifest->front()));
  };
  REQUIRE(settled("1:2"));
  const auto revision = [&] { return get(kinds::deployment, "web").annotation("deployment.kubernetes.io/revision"); };
  CHECK(revision() == "1");
  apply("two");
  REQUIRE(settled("1:0 2:2"));
  apply("one");
  REQUIRE(settled("2:0 3:2"));
  CHECK(revision() == "3");
  apply("three");
  REQUIRE(settled("3:0 4:2"));  // the oldest is forgotten
  apply("four", "\n  paused: true");
  simulation.run_for(30s);
  CHECK(history() == "3:0 4:2");
  apply("four");
  REQUIRE(settled("4:0 5:2"));
  const auto list = pods();
  for (const auto& pod : list) {
    CHECK(pod.owners().front().kind == "ReplicaSet");
    CHECK(pod.spec()["containers"][std::size_t{0}]["env"][std::size_t{0}]["value"].string_or("") == "four");
  }
}

TEST_CASE_ON_EVERY_STORE(Workshop,
                         "Workloads: a Pod counts when it was ready for long enough, and a late rollout fails") {
  create(deployment_yaml("one", "minReadySeconds: 20\n  progressDeadlineSeconds: 60"));
  const auto deployment = [&] { return get(kinds::deployment, "web"); };
  const auto count = [&](const char* field) { return deployment().status()[field].int_or(0); };
  REQUIRE(simulation.run_until([&] { return count("readyReplicas") == 2; }, 10s));
  CHECK(count("availableReplicas") == 0);
  simulation.run_for(10s);
  CHECK(count("availableReplicas") == 0);
  REQUIRE(simulation.run_until([&] { return count("availableReplicas") == 2; }, 20s));
  CHECK(deployment().condition("Progressing")["reason"].string_or("") == "NewReplicaSetAvailable");
  REQUIRE(objects::modify(*store, kinds::deployment, {"default", "web"}, [](objects::Object& current) {
    current.spec().set_path("template.spec.nodeSelector.nowhere", "true");
    return true;
  }));
  simulation.run_for(50s);
  CHECK(deployment().condition_status("Progressing") == "True");
  simulation.run_for(20s);
  CHECK(deployment().condition("Progressing")["reason"].string_or("") == "ProgressDeadlineExceeded");
  CHECK(count("availableReplicas") == 2);
}

TEST_CASE_ON_EVERY_STORE(
    Workshop, "Workloads: a Deployment takes over the ReplicaSet that one of its name left, and its Pods go on") {
  if (!place.traits().collects_garbage) return;  // nobody lets go of what the first one owns
  const auto owner = [&] {
    const auto sets = store->list(replica_set_kind);
    REQUIRE(sets->items.size() == 1);
    const auto owners = sets->items.front().owners();
    return owners.empty() ? "" : owners.front().uid;
  };
  const auto uids = [&] {
    std::set<std::string> all;
    const auto list = pods();
    for (const auto& pod : list) all.insert(pod.uid());
    return all;
  };
  create(deployment_yaml("one"));
  REQUIRE(simulation.run_until([&] { return history() == "1:2" && uids().size() == 2; }, 1min));
  const auto before = uids();
  REQUIRE(store->remove(kinds::deployment, {"default", "web"},
                        {.propagation = objects::DeleteOptions::Propagation::orphan}));
  REQUIRE(simulation.run_until([&] { return owner().empty(); }, 1min));
  REQUIRE(simulation.run_until([&] { return get(kinds::deployment, "web").uid().empty(); }, 1min));
  create(deployment_yaml("one"));
  REQUIRE(simulation.run_until([&] { return owner() == get(kinds::deployment, "web").uid(); }, 1min));
  simulation.run_for(10s);
  CHECK(history() == "1:2");
  CHECK(uids() == before);
}

TEST_CASE_ON_EVERY_STORE(Workshop, "Workloads: a Deployment whose set's name is somebody else's takes another name") {
  create(deployment_yaml("one"));
  REQUIRE(simulation.run_until([&] { return history() == "1:2"; }, 1min));
  const auto name = store->list(replica_set_kind)->items.front().name();
  REQUIRE(store->remove(kinds::deployment, {"default", "web"}));
  if (!place.traits().collects_garbage) REQUIRE(store->remove(replica_set_kind, name));
  REQUIRE(simulation.run_until([&] { return store->list(replica_set_kind)->items.empty(); }, 2min));

  auto other = objects::Object::make(replica_set_kind, name);
  other.spec() = *doc::parse_yaml(
      "{replicas: 0, selector: {matchLabels: {app: other}}, template: {metadata: {labels: {app: other}}, spec: "
      "{containers: [{name: main, image: x, command: [server]}]}}}",
      "other.yaml");
  REQUIRE(store->create(std::move(other)));
  create(deployment_yaml("one"));
  REQUIRE(simulation.run_until([&] { return history().contains("1:2"); }, 1min));
  CHECK(get(kinds::deployment, "web").status()["collisionCount"].int_or(0) == 1);
  CHECK(store->list(replica_set_kind)->items.size() == 2);
}

TEST_CASE_ON_EVERY_STORE(Workshop, "Workloads: a Pod that leaves its Job is tracked no more, and one that joins is") {
  create(job_yaml("long", "[sleep]", "parallelism: 1"));
  REQUIRE(
      simulation.run_until([&] { return pods().size() == 1 && pods().front().name().name.starts_with("long-"); }, 5s));
  const auto name = pods().front().name();
  const std::string key = "batch.kubernetes.io/controller-uid";
  const auto is_tracked = [&] { return pod(name.name).has_finalizer("batch.kubernetes.io/job-tracking"); };
  CHECK(is_tracked());
  const std::string uid = pod(name.name).label(key);
  const auto call_it = [&](const std::string& label) {
    REQUIRE(objects::modify(*store, kinds::pod, name, [&](objects::Object& current) {
      current.set_label(key, label);
      return true;
    }));
  };
  call_it("nobody");
  REQUIRE(simulation.run_until([&] { return pod(name.name).owners().empty() && !is_tracked(); }, 5s));
  REQUIRE(simulation.run_until([&] { return pods().size() == 2; }, 5s));  // the Job has another one
  call_it(uid);
  // It is the Job's again, which has one too many then.
  REQUIRE(simulation.run_until([&] { return pods().size() == 1; }, 2min));
  CHECK(state_of("long") == " 0 0");
  CHECK(pods().front().has_finalizer("batch.kubernetes.io/job-tracking"));
}

TEST_CASE_ON_EVERY_STORE(Workshop, "Workloads: a Pod that is deleted before it ran has failed, and its Job goes on") {
  for (const char* never_runs :
       {"nodeSelector: {nowhere: \"true\"}", "volumes: [{name: v, configMap: {name: none}}]"}) {
    std::string job = job_yaml("job", "[server]", "podReplacementPolicy: Failed");
    const std::string policy = "restartPolicy: Never";
    job.replace(job.find(policy), policy.size(), policy + "\n      " + never_runs);
    create(job);
    REQUIRE(simulation.run_until([&] { return pods().size() == 1; }, 5s));
    simulation.run_for(2s);
    const auto first = pods().front();
    REQUIRE(store->remove(kinds::pod, first.name()));
    REQUIRE(simulation.run_until([&] { return pods().size() == 1 && pods().front().uid() != first.uid(); }, 1min));
    CHECK(state_of("job") == " 0 1");
    REQUIRE(store->remove(job_kind, {"default", "job"}));
    if (!place.traits().collects_garbage) REQUIRE(store->remove(kinds::pod, pods().front().name()));
    REQUIRE(simulation.run_until([&] { return pods().empty(); }, 1min));
  }
}

TEST_CASE_ON_EVERY_STORE(Workshop, "Workloads: Jobs that are let go of leave Pods that nobody holds") {
  if (!place.traits().collects_garbage) return;
  constexpr int many = 25;
  for (int i = 0; i < many; ++i) create(job_yaml("job-" + std::to_string(i), "[sleep]", "parallelism: 2"));
  REQUIRE(simulation.run_until([&] { return pods().size() == 2 * many; }, 30s));
  for (int i = 0; i < many; ++i) {
    REQUIRE(store->remove(job_kind, {"default", "job-" + std::to_string(i)},
                          {.propagation = objects::DeleteOptions::Propagation::orphan}));
  }
  REQUIRE(simulation.run_until([&] { return store->list(job_kind)->items.empty(); }, 1min));
  simulation.run_for(5s);
  const auto list = pods();
  CHECK(list.size() == 2 * many);
  for (const auto& pod : list) {
    CHECK(pod.owners().empty());
    CHECK_FALSE(pod.has_finalizer("batch.kubernetes.io/job-tracking"));
  }
}

TEST_CASE_ON_EVERY_STORE(Workshop, "Workloads: a Job made again does not keep the Pods of the one before") {
  if (!place.traits().collects_garbage) return;
  create(job_yaml("again", "[sleep]", "parallelism: 2"));
  REQUIRE(simulation.run_until([&] { return pods().size() == 2; }, 5s));
  std::set<std::string> former;
  const auto before = pods();
  for (const auto& pod : before) former.insert(pod.uid());
  REQUIRE(store->remove(job_kind, {"default", "again"}));
  create(job_yaml("again", "[job, '0']", "completions: 1"));
  REQUIRE(until_state("again", "Complete 1 0"));
  const auto are_gone = [&] {
    const auto list = pods();
    return std::ranges::none_of(list, [&](const auto& pod) { return former.contains(pod.uid()); });
  };
  CHECK(simulation.run_until(are_gone, 1min));
}

TEST_CASE_ON_EVERY_STORE(Workshop, "Workloads: an orphan that fits a selector is adopted at once") {
  create(
      "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: set, namespace: default}\nspec:\n"
      "  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n"
      "    spec: {containers: [{name: main, image: x, command: [server]}]}\n---\n"
      "apiVersion: batch/v1\nkind: Job\nmetadata: {name: job, namespace: default}\nspec:\n"
      "  suspend: true\n  manualSelector: true\n  selector: {matchLabels: {app: job}}\n  template:\n"
      "    metadata: {labels: {app: job}}\n"
      "    spec: {restartPolicy: Never, containers: [{name: main, image: x, command: [server]}]}\n");
  REQUIRE(simulation.run_until([&] { return pods().size() == 1 && pods().front().owners().size() == 1; }, 5s));
  simulation.run_for(1min);
  create(pod_yaml("found", "[server]"));  // app: web, and one too many
  REQUIRE(simulation.run_until([&] { return exists("found") == false; }, 1min));
  CHECK(pods().size() == 1);
  create(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: other, namespace: default, labels: {app: nothing}}\n"
      "spec: {restartPolicy: Never, containers: [{name: main, image: x, command: [server]}]}\n");
  simulation.run_for(10s);
  CHECK(pod("other").owners().empty());
  REQUIRE(objects::modify(*store, kinds::pod, {"default", "other"}, [](objects::Object& pod) {
    pod.set_label("app", "job");
    return true;
  }));
  REQUIRE(simulation.run_until([&] { return !exists("other"); }, 1min));  // a Job that is suspended has no Pods
}

TEST_CASE("Workloads: of many Pods a part is made at each look, and all are in the end") {
  Workshop machine;
  machine.create(
      "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: set, namespace: default}\nspec:\n"
      "  replicas: 501\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n"
      "    spec: {schedulerName: nobody, containers: [{name: main, image: x, command: [server]}]}\n");
  CHECK(machine.simulation.run_until([&] { return machine.pods().size() == 501; }, 30s));
}

TEST_CASE(
    "Workloads: a ReplicaSet adopts what it finds, lets go what it does not, and Pods of an earlier version go on") {
  Workshop machine;
  machine.create(
      pod_yaml("found", "[server]") +
      "---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: set, namespace: default}\nspec:\n"
      "  replicas: 2\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n"
      "    spec: {containers: [{name: main, image: x, command: [server]}]}\n");
  const auto owned = [&] {
    std::size_t count = 0;
    const auto list = machine.pods();
    for (const auto& pod : list) count += pod.owners().size();
    return count;
  };
  REQUIRE(machine.simulation.run_until([&] { return owned() == 2; }, 30s));
  CHECK(machine.pods().size() == 2);
  REQUIRE(objects::modify(*machine.store, kinds::pod, {"default", "found"}, [](objects::Object& pod) {
    pod.set_label("app", "other");
    return true;
  }));
  REQUIRE(machine.simulation.run_until([&] { return machine.pods().size() == 3 && owned() == 2; }, 30s));
  CHECK(machine.pod("found").owners().empty());

  // The Deployment's Pods were its own once.
  Workshop older;
  older.create(deployment_yaml("one"));
  REQUIRE(older.simulation.run_until([&] { return older.history() == "1:2"; }, 30s));
  older.simulation.run_for(5s);
  const auto before = older.pods();
  const auto deployment = older.get(kinds::deployment, "web");
  older.crash();
  older.store = older.place.open();
  for (const auto& pod : before) {
    REQUIRE(objects::modify(*older.store, kinds::pod, pod.name(), [&](objects::Object& current) {
      current.document().at_or_insert("metadata").as_object().erase("ownerReferences");
      current.add_owner(deployment);
      return true;
    }));
  }
  older.store.reset();
  older.start();
  older.simulation.run_for(30s);
  const auto after = older.pods();
  REQUIRE(after.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(after[i].uid() == before[i].uid());
    CHECK(after[i].owners().front().kind == "ReplicaSet");
  }
}

}  // namespace slipway::pods
