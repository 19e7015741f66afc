#include "pods/volumes/claims.hpp"

#include "core/log.hpp"
#include "objects/kinds.hpp"

namespace slipway::pods::volumes {
namespace {

namespace kinds = objects::kinds;
using objects::Name;
using objects::Object;
using objects::Outcome;

constexpr objects::Kind claim_kind{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"};
constexpr objects::Kind volume_kind{"", "v1", "PersistentVolume", "persistentvolumes", false};
constexpr objects::Kind class_kind{"storage.k8s.io", "v1", "StorageClass", "storageclasses", false};
constexpr const char* provisioner = "slipway.dev/local";
constexpr const char* standard = "standard";
constexpr const char* protection = "kubernetes.io/pvc-protection";
constexpr const char* provisioned_by = "pv.kubernetes.io/provisioned-by";

bool is_bound(const Object& claim) { return claim.status()["phase"].string_or("") == "Bound"; }

doc::Value reference_to(const Object& claim) {
  return doc::Object{{"apiVersion", "v1"},
                     {"kind", "PersistentVolumeClaim"},
                     {"namespace", claim.name().ns},
                     {"name", claim.name().name},
                     {"uid", claim.uid()}};
}

Object volume_for(const Object& claim, const std::string& storage_class, const std::string& path) {
  Object volume = Object::make(volume_kind, {"", "pvc-" + claim.uid()});
  volume.set_annotation(provisioned_by, provisioner);
  const doc::Value& wanted = claim.spec();
  volume.spec() =
      doc::Object{{"capacity", doc::Object{{"storage", wanted["resources"]["requests"]["storage"].string_or("1Gi")}}},
                  {"accessModes", wanted["accessModes"]},
                  {"persistentVolumeReclaimPolicy", "Delete"},
                  {"storageClassName", storage_class},
                  {"volumeMode", "Filesystem"},
                  {"claimRef", reference_to(claim)},
                  {"hostPath", doc::Object{{"path", path}, {"type", "DirectoryOrCreate"}}}};
  return volume;
}

Name claim_for(const Object& pod, const doc::Value& ephemeral_volume) {
  return {pod.name().ns, pod.name().name + "-" + ephemeral_volume["name"].string_or("")};
}

std::vector<Name> claims_of(const Object& pod) {
  std::vector<Name> names;
  const doc::Value& volumes = pod.spec()["volumes"];
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const std::string name = volumes[i]["persistentVolumeClaim"]["claimName"].string_or("");
    if (!name.empty()) names.push_back({pod.name().ns, name});
    if (volumes[i]["ephemeral"].is_object()) names.push_back(claim_for(pod, volumes[i]));
  }
  return names;
}

// It goes with its Pod.
Object claim_of(const Object& pod, const doc::Value& volume) {
  const doc::Value& wanted = volume["ephemeral"]["volumeClaimTemplate"];
  Object claim = Object::make(claim_kind, claim_for(pod, volume));
  for (const char* part : {"labels", "annotations"}) {
    if (wanted["metadata"][part].is_object())
      claim.document().at_or_insert("metadata").at_or_insert(part) = wanted["metadata"][part];
  }
  claim.spec() = wanted["spec"];
  claim.document().at_or_insert("metadata").at_or_insert("ownerReferences") =
      doc::Array{doc::Object{{"apiVersion", "v1"},
                             {"kind", "Pod"},
                             {"name", pod.name().name},
                             {"uid", pod.uid()},
                             {"controller", true},
                             {"blockOwnerDeletion", true}}};
  return claim;
}

}  // namespace

Claims::Claims(core::World& world, objects::Store& store, VolumeDisk& disk, std::string directory)
    : world_(world),
      store_(store),
      disk_(disk),
      directory_(std::move(directory)),
      events_(world, store, "persistentvolume-controller") {}

Result<> Claims::start() {
  TRY(make_class());
  controller_ = std::make_unique<objects::Controller>(world_, store_, "persistentvolume-controller", *this);
  controller_->reconciles(claim_kind).watches(kinds::pod, claims_of);
  return controller_->start();
}

Result<> Claims::make_class() {
  TRY_ASSIGN(const auto found, store_.find(class_kind, {"", standard}));
  if (found) return {};
  Object made = Object::make(class_kind, {"", standard});
  made.set_annotation("storageclass.kubernetes.io/is-default-class", "true");
  made.document().at_or_insert("provisioner") = provisioner;
  made.document().at_or_insert("reclaimPolicy") = "Delete";
  made.document().at_or_insert("volumeBindingMode") = "Immediate";
  auto created = store_.create(std::move(made));
  if (!created && created.error().code != Code::already_exists) return fail(std::move(created).error());
  return {};
}

Result<Outcome> Claims::reconcile(const Name& name) {
  TRY_ASSIGN(auto found, store_.find(claim_kind, name));
  if (!found) {
    TRY(make_for_pod(name));
    return Outcome{};
  }
  Object claim = std::move(*found);
  if (claim.is_being_deleted()) {
    TRY(let_go(claim));
    return Outcome{};
  }
  if (!claim.has_finalizer(protection)) {
    claim.add_finalizer(protection);
    TRY_ASSIGN(claim, store_.update(std::move(claim)));
  }
  if (is_bound(claim)) return Outcome{};
  if (const std::string named = std::as_const(claim).spec()["volumeName"].string_or(""); !named.empty()) {
    TRY_ASSIGN(const auto volume, store_.find(volume_kind, {"", named}));
    if (volume) {
      TRY(bind(std::move(claim), *volume));
    } else if (named == "pvc-" + claim.uid()) {  // killed between naming and making it
      TRY(provision(std::move(claim)));
    }
    return Outcome{};
  }
  const std::string storage_class = std::as_const(claim).spec()["storageClassName"].string_or(standard);
  TRY_ASSIGN(const auto of_class, store_.find(class_kind, {"", storage_class}));
  if (!of_class) {
    tell_no_class(claim, storage_class);
    return Outcome{};
  }
  if (of_class->document()["provisioner"].string_or("") != provisioner) return Outcome{};  // another's
  if (std::as_const(claim).spec()["volumeMode"].string_or("Filesystem") != "Filesystem") {
    events_.warn(claim, "ProvisioningFailed", "this node has directories, no block volumes");
    return Outcome{};
  }
  TRY(provision(std::move(claim)));
  return Outcome{};
}

void Claims::tell_no_class(const Object& claim, const std::string& storage_class) {
  if (storage_class.empty()) {
    events_.normal(claim, "FailedBinding",
                   "no persistent volumes available for this claim and no storage class is set");
  } else {
    events_.warn(claim, "ProvisioningFailed", "storageclass.storage.k8s.io \"" + storage_class + "\" not found");
  }
}

// Of a generic ephemeral volume.
Result<> Claims::make_for_pod(const Name& name) {
  TRY_ASSIGN(const auto pods, store_.list(kinds::pod, {.ns = name.ns}));
  for (const Object& pod : pods.items) {
    const doc::Value& volumes = pod.spec()["volumes"];
    for (std::size_t i = 0; i < volumes.size() && !pod.is_being_deleted(); ++i) {
      if (!volumes[i]["ephemeral"].is_object() || claim_for(pod, volumes[i]) != name) continue;
      auto made = store_.create(claim_of(pod, volumes[i]));
      if (made || made.error().code == Code::already_exists) return {};
      events_.warn(pod, "FailedBinding",
                   "ephemeral volume " + volumes[i]["name"].string_or("") + ": " + made.error().message);
      return fail(std::move(made).error());
    }
  }
  return {};
}

Result<> Claims::provision(Object claim) {
  const std::string path = directory_ + "/" + claim.uid();
  const std::string storage_class = std::as_const(claim).spec()["storageClassName"].string_or(standard);
  TRY(disk_.make_directory(path, 0777, {}));
  Object volume = volume_for(claim, storage_class, path);
  TRY_ASSIGN(auto made, store_.find(volume_kind, volume.name()));
  if (!made) {
    TRY_ASSIGN(made, store_.create(std::move(volume)));
    events_.normal(claim, "ProvisioningSucceeded", "Successfully provisioned volume " + made->name().name);
  }
  claim.spec().at_or_insert("storageClassName") = storage_class;
  return bind(std::move(claim), *made);
}

Result<> Claims::bind(Object claim, const Object& volume) {
  const std::string holder = volume.spec()["claimRef"]["uid"].string_or("");
  if (!holder.empty() && holder != claim.uid()) return {};  // another's: it stays Pending
  if (holder.empty()) {
    Object held = volume;
    held.spec().at_or_insert("claimRef") = reference_to(claim);
    TRY(store_.update(std::move(held)));
  }
  TRY(objects::modify_status(store_, volume_kind, volume.name(), [](Object& bound) {
    if (bound.status()["phase"].string_or("") == "Bound") return false;
    bound.status().at_or_insert("phase") = "Bound";
    return true;
  }));
  claim.spec().at_or_insert("volumeName") = volume.name().name;
  TRY_ASSIGN(claim, store_.update(std::move(claim)));
  claim.status().at_or_insert("phase") = "Bound";
  claim.status().at_or_insert("accessModes") = volume.spec()["accessModes"];
  claim.status().at_or_insert("capacity") = volume.spec()["capacity"];
  TRY(store_.update_status(std::move(claim)));
  return {};
}

Result<bool> Claims::is_used(const Object& claim) {
  TRY_ASSIGN(const auto pods, store_.list(kinds::pod, {.ns = claim.name().ns}));
  return std::ranges::any_of(pods.items, [&](const Object& pod) {
    const auto names = claims_of(pod);
    return std::ranges::find(names, claim.name()) != names.end();
  });
}

// The data first: what is left of a claim that is half gone is found by its object.
Result<> Claims::let_go(const Object& claim) {
  TRY_ASSIGN(const bool used, is_used(claim));
  if (used || !claim.has_finalizer(protection)) return {};
  TRY_ASSIGN(const auto volume, store_.find(volume_kind, {"", claim.spec()["volumeName"].string_or("")}));
  if (volume && volume->annotation(provisioned_by) == provisioner) {
    TRY(world_.files.remove_tree(directory_ + "/" + claim.uid()));
    TRY(objects::remove_if_there(store_, volume_kind, volume->name()));
    log::info("pods", "claim's data removed", {{"claim", claim.name().text()}});
  }
  auto released = objects::modify(store_, claim_kind, claim.name(), [](Object& current) {
    current.remove_finalizer(protection);
    return true;
  });
  if (!released && released.error().code != Code::not_found) return fail(std::move(released).error());
  return {};
}

}  // namespace slipway::pods::volumes
