#include "pods/volumes/claims.hpp"

#include "pods/test_machine.hpp"

namespace slipway::pods::volumes {
namespace {

using namespace testing;

constexpr objects::Kind claim_kind{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"};
constexpr const char* scratch_volume =
    "volumes: [{name: scratch, ephemeral: {volumeClaimTemplate: {metadata: {labels: {of: a}}, spec: {accessModes: "
    "[ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]";
constexpr const char* mounted = "volumeMounts: [{name: scratch, mountPath: /scratch}]";

TEST_CASE("Claims: an ephemeral volume is a claim of its Pod's own") {
  Machine machine;
  machine.create(pod_yaml("a", "[server]", mounted, scratch_volume));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  const objects::Object claim = machine.get(claim_kind, "a-scratch");
  CHECK(claim.status()["phase"].string_or("") == "Bound");
  CHECK(claim.label("of") == "a");
  const doc::Value& owner = claim.document()["metadata"]["ownerReferences"][0];
  CHECK(owner["uid"].string_or("") == machine.pod("a").uid());
  CHECK(owner["controller"].bool_or(false));
}

TEST_CASE("Claims: what somebody else called like a Pod's own claim is not given to it") {
  Machine machine;
  machine.create(
      "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a-scratch, namespace: default}, spec: "
      "{accessModes: "
      "[ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}\n");
  machine.create(pod_yaml("a", "[server]", mounted, scratch_volume));
  machine.simulation.run_for(30s);
  CHECK(machine.shown("a") == "0/1 ContainerCreating 0");
  CHECK(machine.events_of("a").find("FailedMount") != std::string::npos);
}

}  // namespace
}  // namespace slipway::pods::volumes
