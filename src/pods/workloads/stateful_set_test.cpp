// StatefulSets, on a simulated machine.

#include "pods/workloads/stateful_set.hpp"

#include "pods/test_machine.hpp"
#include "pods/workloads/claims.hpp"

namespace slipway::pods {
namespace {

using namespace testing;
using workloads::claim_kind;
using workloads::controller_revision_kind;
using workloads::stateful_set_kind;

struct Stateful : Machine {
  using Machine::Machine;
  std::string yaml(const std::string& version, const std::string& spec = "replicas: 3") {
    return "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: default}\nspec:\n  " + spec +
           "\n  serviceName: db\n  selector: {matchLabels: {app: db}}\n  template:\n    metadata: {labels: {app: db}}\n"
           "    spec:\n      containers: [{name: main, image: x, command: [server], env: [{name: V, value: " +
           version + "}]}]\n";
  }
  void apply(const std::string& version, const std::string& spec = "replicas: 3") {
    const auto manifest = objects::parse_manifest(yaml(version, spec), "test.yaml");
    REQUIRE(manifest);
    REQUIRE(store->apply(manifest->front()));
  }
  // "one one two": the version of each Pod, by ordinal; "-" of one that is not ready.
  std::string versions() {
    std::string text;
    const auto list = pods();
    for (const auto& pod : list) {
      const bool ready = pod.condition_status("Ready") == "True" && !pod.is_being_deleted();
      text += (text.empty() ? "" : " ") +
              (ready ? pod.spec()["containers"][std::size_t{0}]["env"][std::size_t{0}]["value"].string_or("") : "-");
    }
    return text;
  }
  bool until(const std::string& wanted, Duration deadline = 2min) {
    const bool seen = simulation.run_until([&] { return versions() == wanted; }, deadline);
    if (!seen) MESSAGE("the Pods are ", versions(), ", not ", wanted);
    simulation.run_for(1s);
    return seen;
  }
  std::int64_t count(const char* field) { return get(stateful_set_kind, "db").status()[field].int_or(0); }
  std::string revision(const char* field) { return get(stateful_set_kind, "db").status()[field].string_or(""); }
  // "1 3": the numbers of its revisions.
  std::string history() {
    std::set<std::int64_t> numbers;
    const auto list = store->list(controller_revision_kind);
    for (const auto& one : list->items) numbers.insert(workloads::number_of(one));
    std::string text;
    for (const auto number : numbers) text += (text.empty() ? "" : " ") + std::to_string(number);
    return text;
  }
};

}  // namespace

TEST_CASE_ON_EVERY_STORE(Stateful, "StatefulSet: its Pods have names, come one after the other and go in reverse") {
  create(yaml("one"));
  REQUIRE(until("one one one"));
  CHECK(journal->started.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(journal->started[i].starts_with("db-" + std::to_string(i)));
  const auto first = pod("db-0");
  CHECK(first.label("statefulset.kubernetes.io/pod-name") == "db-0");
  CHECK(first.label("apps.kubernetes.io/pod-index") == "0");
  CHECK(first.label("controller-revision-hash") == revision("updateRevision"));
  CHECK(first.spec()["hostname"].string_or("") == "db-0");
  CHECK(first.spec()["subdomain"].string_or("") == "db");
  CHECK(count("replicas") == 3);
  CHECK(count("readyReplicas") == 3);
  CHECK(count("availableReplicas") == 3);
  CHECK(count("currentReplicas") == 3);
  CHECK(count("updatedReplicas") == 3);
  CHECK(count("observedGeneration") == 1);
  CHECK(revision("currentRevision") == revision("updateRevision"));
  const auto uid = pod("db-1").uid();
  REQUIRE(store->remove(kinds::pod, {"default", "db-1"}));
  REQUIRE(simulation.run_until([&] { return pod("db-1").uid() != uid && versions() == "one one one"; }, 1min));
  apply("one", "replicas: 1");
  REQUIRE(until("one"));
  CHECK(pods().front().name().name == "db-0");
}

TEST_CASE_ON_EVERY_STORE(Stateful, "StatefulSet: an update stops at its partition, goes on, and can be undone") {
  create(yaml("one"));
  REQUIRE(until("one one one"));
  const auto first = revision("currentRevision");
  const std::string partition = "replicas: 3\n  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}";
  apply("two", partition);
  REQUIRE(until("one one two"));
  simulation.run_for(30s);
  CHECK(versions() == "one one two");
  CHECK(revision("currentRevision") == first);
  CHECK(revision("updateRevision") != first);
  CHECK(count("updatedReplicas") == 1);
  CHECK(count("currentReplicas") == 2);
  // One before the partition comes back as it was.
  REQUIRE(store->remove(kinds::pod, {"default", "db-0"}));
  REQUIRE(until("- one two"));
  REQUIRE(until("one one two"));
  apply("two");
  REQUIRE(until("two two two"));
  CHECK(revision("currentRevision") == revision("updateRevision"));
  CHECK(history() == "1 2");
  apply("one");
  REQUIRE(until("one one one"));
  CHECK(history() == "2 3");
  CHECK(revision("currentRevision") == first);
  CHECK(pod("db-0").label("controller-revision-hash") == first);
}

TEST_CASE_ON_EVERY_STORE(Stateful, "StatefulSet: with OnDelete a new template waits until somebody deletes a Pod") {
  const std::string on_delete = "replicas: 2\n  revisionHistoryLimit: 1\n  updateStrategy: {type: OnDelete}";
  create(yaml("one", on_delete));
  REQUIRE(until("one one"));
  apply("two", on_delete);
  simulation.run_for(30s);
  CHECK(versions() == "one one");
  REQUIRE(store->remove(kinds::pod, {"default", "db-0"}));
  REQUIRE(until("- one"));
  REQUIRE(until("two one"));
  for (const char* version : {"three", "four", "five"}) {
    apply(version, on_delete);
    simulation.run_for(5s);
  }
  CHECK(history() == "1 2 4 5");  // what Pods have, what is wanted, and one more
}

TEST_CASE_ON_EVERY_STORE(Stateful, "StatefulSet: in parallel, from an ordinal on, and one that failed is replaced") {
  create(yaml("one", "replicas: 3\n  podManagementPolicy: Parallel\n  ordinals: {start: 4}"));
  REQUIRE(until("one one one"));
  CHECK(pods().back().name().name == "db-6");
  const auto uid = pod("db-5").uid();
  REQUIRE(objects::modify_status(*store, kinds::pod, {"default", "db-5"}, [](objects::Object& pod) {
    pod.status().at_or_insert("phase") = "Failed";
    pod.status().at_or_insert("reason") = "Evicted";
    return true;
  }));
  REQUIRE(simulation.run_until([&] { return pod("db-5").uid() != uid && versions() == "one one one"; }, 1min));
}

TEST_CASE_ON_EVERY_STORE(Stateful, "StatefulSet: a Pod's claims stay, or go as the retention policy says") {
  const auto with = [](const std::string& replicas, const std::string& scaled, const std::string& deleted) {
    return "replicas: " + replicas + "\n  persistentVolumeClaimRetentionPolicy: {whenScaled: " + scaled +
           ", whenDeleted: " + deleted +
           "}\n  volumeClaimTemplates:\n  - metadata: {name: data}\n    spec: {accessModes: [ReadWriteOnce], "
           "resources: "
           "{requests: {storage: 1Gi}}}";
  };
  const auto owner_of = [&](const std::string& name) {
    const auto claim = get(claim_kind, name);
    if (claim.uid().empty()) return std::string("none");
    const auto owners = claim.owners();
    return owners.empty() ? std::string("nobody") : owners.front().kind;
  };
  // No node mounts volumes: the Pods are of no scheduler, and in parallel.
  const auto nowhere = [&](const std::string& spec) {
    const auto text = yaml("one", spec + "\n  podManagementPolicy: Parallel");
    return text.substr(0, text.find("      containers:")) + "      schedulerName: nobody\n" +
           text.substr(text.find("      containers:"));
  };
  create(nowhere(with("2", "Delete", "Delete")));
  REQUIRE(simulation.run_until([&] { return owner_of("data-db-1") == "StatefulSet"; }, 1min));
  CHECK(owner_of("data-db-0") == "StatefulSet");
  CHECK(get(claim_kind, "data-db-0").label("app") == "db");
  const auto pod = this->pod("db-1");
  CHECK(pod.spec()["volumes"][std::size_t{0}]["persistentVolumeClaim"]["claimName"].string_or("") == "data-db-1");
  const auto change = [&](const std::function<void(doc::Value&)>& how) {
    REQUIRE(objects::modify(*store, stateful_set_kind, {"default", "db"}, [&](objects::Object& set) {
      how(set.spec());
      return true;
    }));
  };
  change([](doc::Value& spec) { spec.set_path("persistentVolumeClaimRetentionPolicy.whenScaled", "Retain"); });
  change([](doc::Value& spec) { spec.set_path("persistentVolumeClaimRetentionPolicy.whenDeleted", "Retain"); });
  REQUIRE(simulation.run_until([&] { return owner_of("data-db-0") == "nobody"; }, 1min));
  change([](doc::Value& spec) { spec.at_or_insert("replicas") = 1; });
  REQUIRE(simulation.run_until([&] { return !exists("db-1"); }, 1min));
  simulation.run_for(5s);
  CHECK(owner_of("data-db-1") == "nobody");
  change([](doc::Value& spec) { spec.at_or_insert("replicas") = 2; });
  REQUIRE(simulation.run_until([&] { return exists("db-1"); }, 1min));
  if (!place.traits().collects_garbage) return;
  change([](doc::Value& spec) { spec.set_path("persistentVolumeClaimRetentionPolicy.whenScaled", "Delete"); });
  simulation.run_for(5s);
  change([](doc::Value& spec) { spec.at_or_insert("replicas") = 1; });
  REQUIRE(simulation.run_until([&] { return owner_of("data-db-1") == "none"; }, 1min));
  CHECK(owner_of("data-db-0") == "nobody");
}

TEST_CASE("StatefulSet: whenever the control plane is killed, the same Pods are there in the end") {
  for (int moment = 0; moment < 30; ++moment) {
    Stateful machine(support::in_memory(), static_cast<std::uint64_t>(moment) + 1);
    machine.create(machine.yaml("one"));
    machine.simulation.run_for(std::chrono::milliseconds(60 * moment));
    machine.apply("two");
    machine.simulation.run_for(std::chrono::milliseconds(70 * moment));
    machine.crash();
    machine.start();
    REQUIRE(machine.until("two two two"));
    CHECK(machine.revision("currentRevision") == machine.revision("updateRevision"));
  }
}

}  // namespace slipway::pods
