#include "server/kubernetes.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "objects/access.hpp"
#include "objects/api/admission.hpp"
#include "objects/api/server.hpp"
#include "objects/kinds.hpp"
#include "pods/addresses.hpp"
#include "pods/node_file.hpp"
#include "server/assets.hpp"
#include "server/cluster/cluster_reads.hpp"
#include "server/cluster/promotion_policy.hpp"
#include "server/mirror_pods.hpp"
#include "server/sharing.hpp"
#include "server/state.hpp"
#include "server/validate.hpp"

namespace slipway::server {
namespace {

namespace api = objects::api;

// Who asked for a Promotion and who approved it is what its own API established; nobody writes that down by hand, in
// its status least of all.
class PromotionsAreAskedFor final : public api::AdmissionPlugin {
 public:
  api::Answer<> validate(const api::Review& review) override {
    const auto& resource = *review.resource;
    if (resource.group != objects::kinds::promotion.group || resource.kind != objects::kinds::promotion.kind) return {};
    if (review.operation == api::Operation::remove) return {};
    return api::refuse(api::forbidden(resource, review.name.name, promotions_are_asked_for));
  }
};

// Started in the foreground, this process writes to its terminal, and a file of that name is of an earlier one.
bool is_our_log(const std::string& path) {
  struct stat file{};
  struct stat ours{};
  return ::stat(path.c_str(), &file) == 0 && ::fstat(STDERR_FILENO, &ours) == 0 && file.st_dev == ours.st_dev &&
         file.st_ino == ours.st_ino;
}

// Service accounts are the API's, people the team's; each tells the other who its tokens belong to.
Result<> open_access(Platform::State& s) {
  objects::AccessOptions options;
  options.rbac = s.options.is_shared();
  options.key_file = s.options.layout.account_key();
  options.other_tokens = [&s](std::string_view token) -> Result<api::Caller> {
    TRY_ASSIGN(const auto owner, s.team->owner_of(token));
    return api::person(owner.id, owner.roles);
  };
  TRY_ASSIGN(s.access, objects::Access::open(*s.objects, std::move(options)));
  s.team->accept_accounts([&s](std::string_view token) -> Result<std::optional<team::Principal>> {
    TRY_ASSIGN(const auto account, s.access->authenticate(token));
    if (!account) return std::nullopt;
    return team::Principal{.id = account->name,
                           .name = account->name,
                           .roles = {},
                           .service = true,
                           .account = api::account_header_of(*account)};
  });
  return {};
}

void serve_connections(Platform::State& s) {
  pods::ConnectionOptions options;
  options.notices = &s.real.notices();
  options.foreign_log = [&s](const objects::Object& pod) -> std::optional<std::string> {
    if (!is_mirror_pod(pod)) return std::nullopt;
    return is_our_log(s.options.layout.log()) ? s.options.layout.log() : std::string();
  };
  options.events = s.audit.get();
  s.connections = std::make_unique<pods::Connections>(s.world(), *s.store, *s.node, s.io, std::move(options));
  s.connections->serve(s.objects->server());
}

}  // namespace

Result<std::vector<doc::Value>> bundled_definitions() {
  std::vector<doc::Value> definitions;
  for (const auto& asset : assets()) {
    if (!asset.path.starts_with("crds/")) continue;
    TRY_ASSIGN(auto documents, doc::parse_yaml_all(asset.bytes, asset.path));
    for (auto& document : documents) definitions.push_back(std::move(document));
  }
  return definitions;
}

Result<> open_embedded(Platform::State& s, std::vector<doc::Value> definitions) {
  TRY_ASSIGN(s.volatile_database, storage::open_sqlite(s.options.layout.volatile_database(),
                                                       {.durability = storage::Durability::normal, .cache_mib = 4}));
  objects::EmbeddedOptions options;
  options.definitions = std::move(definitions);
  options.admit = validate;
  options.events = s.audit.get();
  TRY_ASSIGN(const auto node, pods::load_node_file(s.world(), s.options.layout.root));
  options.services.addresses = pods::service_network(node.block);
  TRY_ASSIGN(s.objects, objects::Embedded::open(s.world(), *s.database, s.volatile_database.get(), std::move(options)));
  s.store = &s.objects->store();
  s.objects->add_admission(std::make_unique<PromotionsAreAskedFor>());
  objects::AdmissionOptions admission;
  admission.exempt_from_pod_security = {own_namespaces.begin(), own_namespaces.end()};
  admission.mounts_tokens = [&s] { return s.runtime && s.runtime->abilities() && s.runtime->abilities()->own_view; };
  s.admission = std::make_unique<objects::Admission>(*s.objects, std::move(admission));
  return open_access(s);
}

JudgedByUs judged_by_us(const Platform::State& s) {
  if (!s.objects) return {};
  return [&s](const objects::Kind& kind) {
    const auto resource = s.objects->catalog().stored(kind.group, kind.kind);
    return !resource || !resource->is_custom() || resource->custom->is_bundled;
  };
}

Result<> open_cluster(Platform::State& s, std::vector<doc::Value> definitions) {
  TRY_ASSIGN(s.cluster, Cluster::open(s.world(), s.io, *s.options.profile.cluster, std::move(definitions)));
  TRY(s.cluster->remember_in(s.options.layout.cluster()));
  s.store = &s.cluster->store();
  return {};
}

void add_kubernetes_routes(Platform::State& s) {
  if (s.cluster) return add_cluster_reads(s.router, *s.store, *s.node, s.cluster->text());
  s.objects->add_routes(s.router);
  s.access->add_routes(s.router);
  serve_connections(s);
}

Result<> start_objects(Platform::State& s) {
  if (s.cluster) return {};
  TRY(s.objects->start());
  TRY(s.access->start());
  s.root_certificates = std::make_unique<RootCertificates>(s.world(), *s.store, s.authority);
  TRY(s.root_certificates->start());
  TRY(s.admission->start());
  TRY_ASSIGN(const auto node, pods::load_node_file(s.world(), s.options.layout.root));
  s.kubernetes_service = std::make_unique<KubernetesService>(
      s.world(), *s.store,
      ApiAddress{shared_host(s.options), s.ports.kubernetes, pods::first_service_address(node.block)});
  return s.kubernetes_service->start();
}

}  // namespace slipway::server
