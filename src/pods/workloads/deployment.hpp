#pragma once
// The Deployment controller: a ReplicaSet for each template it had, of which the current one grows while the others
// shrink, so that a template changes without a gap. Numbered and kept, they are its history (kubectl rollout undo).

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "pods/workloads/deployment_status.hpp"
#include "pods/workloads/members.hpp"

namespace slipway::pods::workloads {

inline constexpr const char* template_hash_label = "pod-template-hash";
inline constexpr const char* revision_annotation = "deployment.kubernetes.io/revision";
// Of a set: the revisions that it was before it came back.
inline constexpr const char* former_revisions_annotation = "deployment.kubernetes.io/revision-history";
inline constexpr const char* desired_annotation = "deployment.kubernetes.io/desired-replicas";
inline constexpr const char* most_annotation = "deployment.kubernetes.io/max-replicas";

class DeploymentReconciler final : public objects::Reconciler {
 public:
  DeploymentReconciler(core::World& world, objects::Store& store)
      : world_(world), store_(store), events_(world, store, "deployment-controller") {}
  Result<objects::Outcome> reconcile(const objects::Name& name) override;
  // The Deployment whose Pod it is, for the controller's watch.
  std::vector<objects::Name> deployment_of(const objects::Object& pod);

 private:
  struct Set {  // one of its ReplicaSets
    objects::Object object;
    std::vector<PodSeen> pods;
    bool is_current = false;
  };
  Result<std::vector<Set>> sets_of(const objects::Object& deployment);  // by revision
  // Those of `sets`, and those that an earlier version of the program made for the Deployment itself.
  Result<std::vector<objects::Object>> pods_of(const objects::Object& deployment, const std::vector<Set>& sets);
  // The one of `sets` whose template is wanted, made when there is none; marked, and of the newest revision. Null while
  // the Deployment is paused and has none.
  Result<Set*> current_of(const objects::Object& deployment, const DeploymentWish& wish, std::vector<Set>& sets,
                          DeploymentSeen& seen);
  Result<objects::Object> make_set(const objects::Object& deployment, const DeploymentWish& wish, std::int64_t revision,
                                   DeploymentSeen& seen);
  Result<objects::Object> follow(const objects::Object& deployment, objects::Object set, std::int64_t revision);
  Result<objects::Object> number(const objects::Object& deployment, const objects::Object& current);
  Result<bool> take_over_pods(const objects::Object& deployment, const objects::Object& set,
                              const std::vector<objects::Object>& pods);  // whether there were any
  void see_pods(const objects::Object& deployment, const std::vector<objects::Object>& pods, std::vector<Set>& sets,
                DeploymentSeen& seen) const;
  Result<> scale(const objects::Object& deployment, const DeploymentWish& wish, const std::vector<Set>& sets);
  Result<> resize(const objects::Object& deployment, const DeploymentWish& wish, const Set& set, int size);
  Result<> forget_old(const objects::Object& deployment, std::vector<Set> sets);
  // When to look again.
  Result<std::optional<Duration>> write_status(const objects::Object& deployment, const DeploymentWish& wish,
                                               const DeploymentSeen& seen);

  core::World& world_;
  objects::Store& store_;
  objects::EventRecorder events_;
};

// The label value of Pods of this template; another one for each collision with what is there.
std::string template_hash(const doc::Value& pod_template, int collisions = 0);

}  // namespace slipway::pods::workloads
