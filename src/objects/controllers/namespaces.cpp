#include "objects/controllers/namespaces.hpp"

#include <algorithm>

#include "objects/controllers/contents.hpp"
#include "objects/kinds.hpp"
#include "objects/verbs/writing.hpp"

namespace slipway::objects::controllers {
namespace {

constexpr Kind service_account{"", "v1", "ServiceAccount", "serviceaccounts"};
constexpr std::string_view default_account = "default";
constexpr std::string_view kept_by = "kubernetes";  // the finalizer in spec of every Namespace
constexpr auto look_again = std::chrono::milliseconds(100);
// What is in a Namespace stays so long after its deletion was asked for: `kubectl delete -f FILE` goes on to what else
// the file has, and must find it. A cluster waits five seconds.
constexpr auto grace = std::chrono::seconds(2);

bool is_kept(const Object& object) {
  for (const auto& finalizer :
       object.spec()["finalizers"].is_array() ? object.spec()["finalizers"].as_array() : doc::Array{}) {
    if (finalizer.string_or("") == kept_by) return true;
  }
  return false;
}

// "pods. has 2 resource instances, services. has 1 resource instances"
std::string counted(const std::map<std::string, std::size_t>& counts, std::string_view verb) {
  std::string text;
  for (const auto& [what, count] : counts) {
    if (!text.empty()) text += ", ";
    text.append(what).append(verb).append(std::to_string(count)).append(" resource instances");
  }
  return text;
}

}  // namespace

NamespaceController::NamespaceController(core::World& world, Store& store, Backend& backend, const Catalog& catalog)
    : world_(world),
      store_(store),
      backend_(backend),
      catalog_(catalog),
      controller_(world, store, "namespace-controller", *this) {
  controller_.reconciles(kinds::namespace_);
  controller_.watches(service_account, [](const Object& account) -> std::vector<Name> {
    if (account.name().name != default_account) return {};
    return {{"", account.name().ns}};
  });
}

Result<> NamespaceController::start() { return controller_.start(); }

Result<Outcome> NamespaceController::reconcile(const Name& name) {
  TRY_ASSIGN(const auto stored, backend_.find(kinds::namespace_, name));
  if (!stored) return Outcome{};
  TRY_ASSIGN(auto object, stored->parse());
  if (object.is_being_deleted()) return empty(std::move(object), stored->version);
  if (!is_kept(object)) {
    // From before Namespaces were emptied.
    const Object before = object;
    object.document().set_path("spec.finalizers", doc::Array{kept_by});
    object.document().set_path("status.phase", "Active");
    TRY(backend_.replace(kinds::namespace_, std::move(object), stored->version, &before));
    return Outcome{};
  }
  return keep(std::move(object));
}

Result<Outcome> NamespaceController::keep(Object object) {
  const Name account{object.name().name, std::string(default_account)};
  TRY_ASSIGN(const auto found, store_.find(service_account, account));
  if (found) return Outcome{};
  auto made = store_.create(Object::make(service_account, account));
  if (!made && made.error().code != Code::already_exists) return fail(std::move(made).error());
  return Outcome{};
}

Result<Outcome> NamespaceController::empty(Object object, std::int64_t version) {
  const auto asked = core::parse_rfc3339(object.document()["metadata"]["deletionTimestamp"].string_or(""));
  const Duration age = asked ? world_.clock.now() - *asked : Duration(grace);
  if (age < grace) return Outcome{grace - age};
  TRY_ASSIGN(const auto left, remove_contents(object.name().name));
  if (left.resources.empty()) {
    TRY(finish(std::move(object), version));
    return Outcome{};
  }
  const Object before = object;
  const auto now = world_.clock.now();
  object.set_condition("NamespaceDeletionContentFailure", "False", "ContentDeleted",
                       "All content successfully deleted, may be waiting on finalization", now);
  object.set_condition("NamespaceContentRemaining", "True", "SomeResourcesRemain",
                       "Some resources are remaining: " + counted(left.resources, " has "), now);
  if (left.finalizers.empty()) {
    object.set_condition("NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers",
                         "All content-preserving finalizers finished", now);
  } else {
    object.set_condition("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain",
                         "Some content in the namespace has finalizers remaining: " + counted(left.finalizers, " in "),
                         now);
  }
  if (!(object.document() == before.document()))
    TRY(backend_.replace(kinds::namespace_, std::move(object), version, &before));
  return Outcome{look_again};
}

Result<NamespaceController::Remaining> NamespaceController::remove_contents(const std::string& ns) {
  Remaining left;
  for (const auto& resource : catalog_.resources()) {
    if (!resource->namespaced || std::ranges::find(resource->verbs, "delete") == resource->verbs.end()) continue;
    const bool is_stored = catalog_.stored(resource->group, resource->kind) == resource;
    if (!is_stored || resource->group == "events.k8s.io") continue;  // the core group's events
    const auto kind = kind_of(*resource);
    TRY_ASSIGN(const auto count, remove_all(store_, backend_, kind, ns));
    if (count > 0) TRY(count_remaining(kind, ns, resource->plural + "." + resource->group, left));
  }
  return left;
}

Result<> NamespaceController::count_remaining(const Kind& kind, const std::string& ns, const std::string& resource,
                                              Remaining& remaining) {
  TRY(backend_.list(kind, {ns, std::nullopt}, [&](const Stored& stored) {
    ++remaining.resources[resource];
    if (const auto object = stored.parse()) {
      for (const auto& finalizer : object->finalizers()) ++remaining.finalizers[finalizer];
    }
    return true;
  }));
  return {};
}

Result<> NamespaceController::finish(Object object, std::int64_t version) {
  const Object before = object;
  auto& finalizers = object.document().at_or_insert("spec").at_or_insert("finalizers");
  if (finalizers.is_array())
    std::erase_if(finalizers.as_array(), [](const doc::Value& value) { return value.string_or("") == kept_by; });
  if (finalizers.size() == 0 && object.finalizers().empty()) {
    TRY(backend_.erase(kinds::namespace_, std::move(object), version, &before));
    return {};
  }
  if (object.document() == before.document()) return {};  // others keep it
  TRY(backend_.replace(kinds::namespace_, std::move(object), version, &before));
  return {};
}

}  // namespace slipway::objects::controllers
