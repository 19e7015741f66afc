#include "server/cluster/cluster.hpp"

#include <unistd.h>

#include "core/world/real.hpp"
#include "objects/kinds.hpp"
#include "objects/kubernetes_store.hpp"
#include "objects/leader_election.hpp"
#include "server/api.hpp"
#include "server/cluster/cluster_store.hpp"
#include "server/cluster/promotion_policy.hpp"

namespace slipway::server {
namespace {

constexpr const char* own_namespace = "slipway-system";
constexpr const char* lease_name = "control-plane";
// Of a call, retries included: less than a lease lasts, so that who leads notices in time that it does not.
constexpr auto call_deadline = std::chrono::seconds(4);

objects::Variables environment() {
  objects::Variables variables;
  for (char** each = ::environ; *each != nullptr; ++each) {
    const std::string_view text(*each);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::string hint_for(const Error& error, const objects::KubeConfig& config) {
  switch (error.code) {
    case Code::unavailable:
    case Code::deadline_exceeded:
      return "is the cluster running, and is this its address? kubectl --context " + config.context +
             " version asks it";
    case Code::unauthenticated:
      return "renew the credentials of user \"" + config.user + "\" in the kubeconfig";
    case Code::permission_denied:
      return "give user \"" + config.user + "\" what docs/kubernetes.md lists under \"A real cluster\"";
    default:
      return error.hint;
  }
}

}  // namespace

struct Cluster::State {
  State(core::World& w, net::IoThread& io, objects::KubeConfig given)
      : world(w),
        config(std::move(given)),
        objects(objects::make_kubernetes_store(w, io, config, {.deadline = call_deadline})),
        leases(objects::make_kubernetes_store(w, io, config, {.deadline = call_deadline})),
        store(*objects, [this] { return may_write(); }) {}

  Result<> may_write() const {
    if (election != nullptr && election->is_leading()) return {};
    const auto leader = election == nullptr ? std::string() : election->leader();
    if (leader.empty() || leader == identity)
      return fail(Code::unavailable, "this control plane does not lead over the cluster now", "try again");
    return fail(Code::unavailable, "the control plane \"" + leader + "\" leads over this cluster",
                "ask that one, or stop it: this one goes on in its place");
  }

  // A cluster is as old as its namespace kube-system, and has no other name.
  Result<std::string> uid() const {
    TRY_ASSIGN(const auto system, objects->get(objects::kinds::namespace_, {"", "kube-system"}));
    return system.uid();
  }

  Result<> prepare(std::vector<doc::Value> definitions) {
    TRY(objects->install_definitions(std::move(definitions)));
    TRY(protect_promotions(*objects));
    return ensure_namespace(*objects, own_namespace);
  }

  core::World& world;
  objects::KubeConfig config;
  std::unique_ptr<objects::KubernetesStore> objects;
  std::unique_ptr<objects::KubernetesStore> leases;  // the election's, who writes to become the leader
  ClusterStore store;
  std::string identity;
  Callbacks callbacks;
  bool has_let_go = false;
  std::unique_ptr<objects::LeaderElection> election;
};

Cluster::Cluster(std::unique_ptr<State> state) : state_(std::move(state)) {}
Cluster::~Cluster() = default;

Result<std::unique_ptr<Cluster>> Cluster::open(core::World& world, net::IoThread& io, const ClusterProfile& profile,
                                               std::vector<doc::Value> definitions) {
  TRY_ASSIGN(auto config,
             objects::load_kube_config(core::real_files(), environment(), profile.kubeconfig, profile.context));
  std::unique_ptr<Cluster> cluster(new Cluster(std::make_unique<State>(world, io, std::move(config))));
  if (auto prepared = cluster->state_->prepare(std::move(definitions)); !prepared) {
    const auto& why = prepared.error();
    return fail(Error(why.code, "the cluster of " + cluster->text() + " cannot keep the platform's objects",
                      hint_for(why, cluster->state_->config))
                    .because(why));
  }
  return cluster;
}

Result<> Cluster::remember_in(const std::string& file) const {
  core::Files& files = core::real_files();
  TRY_ASSIGN(const auto uid, state_->uid());
  if (files.exists(file)) {
    TRY_ASSIGN(const auto kept, files.read(file));
    TRY_ASSIGN(const auto known, doc::parse_json(kept, file));
    if (known["uid"].string_or("") == uid) return {};
    return fail(Code::failed_precondition,
                "the objects of this data directory are in another cluster, that of context \"" +
                    known["context"].string_or("?") + "\" (" + known["server"].string_or("?") + "), not in that of " +
                    text(),
                "name that context in the profile, or take another directory with --data");
  }
  const doc::Object known{{"uid", uid}, {"context", state_->config.context}, {"server", state_->config.server}};
  return files.write_atomic(file, doc::render_json_pretty(known) + "\n", 0600);
}

objects::Store& Cluster::store() { return state_->store; }
const std::string& Cluster::server_url() const { return state_->config.server; }
std::string Cluster::text() const {
  return "context \"" + state_->config.context + "\" (" + state_->config.server + ")";
}

Result<> Cluster::elect(std::string identity, Callbacks callbacks) {
  State& s = *state_;
  s.identity = identity;
  s.callbacks = std::move(callbacks);
  objects::LeaderElectionOptions options;
  options.lease = {own_namespace, lease_name};
  options.identity = std::move(identity);
  objects::LeaderCallbacks on;
  on.started_leading = [&s] { s.callbacks.leads(); };
  on.stopped_leading = [&s] {
    if (!s.has_let_go) s.callbacks.waits("its lease ran out: the API server of " + s.config.server + " did not answer");
  };
  on.new_leader = [&s](const std::string& leader) {
    if (leader != s.identity) s.callbacks.waits("the control plane \"" + leader + "\" leads over this cluster");
  };
  TRY_ASSIGN(s.election, objects::LeaderElection::make(s.world, *s.leases, std::move(options), std::move(on)));
  s.election->start();
  return {};
}

void Cluster::let_go() {
  State& s = *state_;
  s.has_let_go = true;
  if (s.election) s.election->release();
}

bool Cluster::is_leading() const { return state_->election != nullptr && state_->election->is_leading(); }

}  // namespace slipway::server
