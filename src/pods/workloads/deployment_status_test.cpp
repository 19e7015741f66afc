#include "pods/workloads/deployment_status.hpp"

#include <doctest/doctest.h>

namespace slipway::pods::workloads {
namespace {

using namespace std::chrono_literals;

// A Deployment of two replicas that has ten seconds to come on.
struct Rollout {
  objects::Object deployment = objects::Object(
      *doc::parse_yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: demo}, "
                       "spec: {replicas: 2, progressDeadlineSeconds: 10}}",
                       "web.yaml"));
  Time now = Time(1000s);
  DeploymentSeen seen{.current_set = "web-1"};

  // Pods as letters: o of an old template, n of the current one; capital when it is available. Returns when to look
  // again.
  std::optional<Duration> see(std::string_view pods) {
    seen.pods = {};
    seen.current = 0;
    for (const char letter : pods) {
      const bool is_up = letter == 'O' || letter == 'N';
      ++seen.pods.all;
      seen.pods.ready += is_up;
      seen.pods.available += is_up;
      seen.current += letter == 'n' || letter == 'N';
    }
    seen.wanted = std::max(seen.pods.all, 2);
    return render_deployment_status(deployment, read_wish(deployment.spec()), seen, now);
  }
  std::string progress() const {
    const auto& condition = deployment.condition("Progressing");
    return condition["status"].string_or("") + " " + condition["reason"].string_or("");
  }
};

TEST_CASE_FIXTURE(Rollout, "Deployment: progress is told in the words of Kubernetes, and a rollout may be too late") {
  seen.is_made = true;
  CHECK(see("") == Duration(10s));
  CHECK(progress() == "True NewReplicaSetCreated");
  seen.is_made = false;
  now += 4s;
  CHECK(see("nn") == Duration(10s));
  CHECK(progress() == "True ReplicaSetUpdated");
  now += 4s;
  CHECK(see("nn") == Duration(6s));
  now += 1s;
  CHECK(see("Nn") == Duration(10s));  // one more is available
  now += 10s;
  CHECK(see("Nn") == std::nullopt);
  CHECK(progress() == "False ProgressDeadlineExceeded");
  CHECK(deployment.condition("Progressing")["message"].string_or("") ==
        "ReplicaSet \"web-1\" has timed out progressing.");
  now += 1s;
  CHECK(see("NN") == std::nullopt);
  CHECK(progress() == "True NewReplicaSetAvailable");
  CHECK(deployment.condition_status("Available") == "True");
}

TEST_CASE_FIXTURE(Rollout, "Deployment: one that was complete and loses a Pod is no rollout") {
  see("NN");
  CHECK(progress() == "True NewReplicaSetAvailable");
  now += 1h;
  CHECK(see("Nn") == std::nullopt);
  CHECK(progress() == "True NewReplicaSetAvailable");
  CHECK(deployment.status()["unavailableReplicas"].int_or(-1) == 1);
  now += 1s;
  seen.current_set = "web-2";
  CHECK(see("NOn") == Duration(10s));
  CHECK(progress() == "True ReplicaSetUpdated");
}

TEST_CASE_FIXTURE(Rollout, "Deployment: a pause stops the clock, and no deadline means no condition") {
  see("nn");
  now += 8s;
  deployment.spec().at_or_insert("paused") = true;
  CHECK(see("nn") == std::nullopt);
  CHECK(progress() == "Unknown DeploymentPaused");
  now += 1h;
  deployment.spec().at_or_insert("paused") = false;
  CHECK(see("nn") == Duration(10s));
  CHECK(progress() == "Unknown DeploymentResumed");
  now += 10s;
  see("nn");
  CHECK(progress() == "False ProgressDeadlineExceeded");
  deployment.spec().at_or_insert("paused") = true;
  see("nn");
  CHECK(progress() == "False ProgressDeadlineExceeded");  // a pause does not hide it
  deployment.spec().at_or_insert("paused") = false;
  deployment.spec().at_or_insert("progressDeadlineSeconds") = 2147483647;
  CHECK(see("nn") == std::nullopt);
  CHECK(deployment.condition("Progressing").is_null());
}

TEST_CASE_FIXTURE(Rollout, "Deployment: Pods that cannot be made are told until they can") {
  const doc::Value failure = doc::Object{{"reason", "FailedCreate"}, {"message", "exceeded quota"}};
  seen.failure = &failure;
  see("");
  CHECK(deployment.condition("ReplicaFailure")["message"].string_or("") == "exceeded quota");
  seen.failure = nullptr;
  see("n");
  CHECK(deployment.condition("ReplicaFailure").is_null());
}

}  // namespace
}  // namespace slipway::pods::workloads
