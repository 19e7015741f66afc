#include "server/platform.hpp"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <future>
#include <ranges>
#include <thread>

#include "core/digest.hpp"
#include "core/log.hpp"
#include "core/stop_signals.hpp"
#include "net/addresses.hpp"
#include "objects/kinds.hpp"
#include "pods/ending.hpp"
#include "pods/node_object.hpp"
#include "pods/shim_program.hpp"
#include "server/api.hpp"
#include "server/assets.hpp"
#include "server/cluster/cluster_store.hpp"
#include "server/identities.hpp"
#include "server/kubernetes.hpp"
#include "server/mirror_pods.hpp"
#include "server/sharing.hpp"
#include "server/state.hpp"
#include "server/validate.hpp"
#include "server/web.hpp"
#include "team/guard.hpp"

namespace slipway::server {
namespace {

using State = Platform::State;
constexpr std::size_t pushes_looked_at_again = 20;
constexpr auto stop_patience = std::chrono::minutes(1);   // with the grace periods of Pods
constexpr auto death_patience = std::chrono::seconds(2);  // of a control plane that was just killed

using Definitions = std::future<Result<std::vector<doc::Value>>>;

// What needs nothing of the stores is made beside their opening, which mostly waits for the disk.
struct Aside {
  explicit Aside(const PlatformOptions& options)
      : definitions(std::async(std::launch::async,
                               [] {
                                 objects::read_builtin_kinds();
                                 return bundled_definitions();
                               })),
        certificate(std::async(std::launch::async, [options] { return make_server_certificate(options); })) {}
  Definitions definitions;
  std::future<Result<ServerCertificate>> certificate;
};

// Everything that `work` writes to the database is one transaction, with one fsync. It must not wait for anybody.
template <class Work>
Result<> in_one_transaction(State& s, Work work) {
  Result<> outcome;
  TRY(s.database->group([&] { outcome = work(s); }));
  return outcome;
}

Result<> ensure_own_namespaces(State& s) {
  for (const char* name : own_namespaces) TRY(ensure_namespace(*s.store, name));
  return {};
}

Result<> open_stores(State& s, Definitions& definitions) {
  const Layout& layout = s.options.layout;
  TRY_ASSIGN(s.audit, team::AuditLog::open(s.world(), *s.database, layout.audit_key()));
  TRY_ASSIGN(std::vector<team::Person> people, load_people(layout, s.options.team_file));
  TRY_ASSIGN(s.team, team::Team::open(s.world(), *s.database, std::move(people)));
  s.team->record_to(*s.audit);
  if (s.options.profile.cluster) return {};
  TRY_ASSIGN(auto bundled, definitions.get());
  TRY(open_embedded(s, std::move(bundled)));
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"})
    TRY(ensure_namespace(*s.store, name));
  return ensure_own_namespaces(s);
}

// Pods that are not among the objects are ended: a start with the wrong objects must not happen by a forgotten option.
Result<> check_platform(const State& s) {
  const std::string file = s.options.layout.cluster();
  if (s.options.profile.cluster || !core::real_files().exists(file)) return {};
  return fail(Code::failed_precondition, "the objects of " + s.options.layout.root + " are in a cluster (" + file + ")",
              "give the profile with engines.platform: kubernetes; to begin without it, take another directory");
}

void open_world(State& s) {
  s.http = net::make_client(s.io, s.real.loop());
  s.real.set_http(*s.http);
  s.world_.emplace(s.real.world());
}

Result<> open_ground(State& s, Definitions definitions) {
  const Layout& layout = s.options.layout;
  TRY(check_platform(s));
  open_world(s);
  TRY_ASSIGN(s.database, storage::open_sqlite(layout.database()));
  TRY_ASSIGN(s.blobs, storage::open_directory_blobs(layout.blobs()));
  TRY(in_one_transaction(s, [&](State& state) { return open_stores(state, definitions); }));
  if (s.options.profile.cluster) {
    TRY_ASSIGN(auto bundled, definitions.get());
    TRY(open_cluster(s, std::move(bundled)));
  }
  TRY(ensure_tokens(*s.team, layout));
  return extract_assets("runtime/", layout.runtime());
}

void open_runtime(State& s) {
  const Layout& layout = s.options.layout;
  pods::ShimOptions options;
  options.directory = layout.pods();
  options.shim_command = pods::shim_program(s.world().files, layout.shim(), {own_executable(), "shim"});
  options.notices = &s.real.notices();
  options.make_directory = pods::make_directory_at_once;
  s.runtime = std::make_unique<pods::ShimRuntime>(s.world(), std::move(options));
}

// What our own Pods need to see, wherever it is: a clone, or a data directory, may be below /tmp.
std::vector<std::string> kept_paths_of(const State& s) {
  std::vector<std::string> paths = s.options.profile.pods.shared_paths;
  paths.push_back(s.options.layout.root);
  const std::filesystem::path own = own_executable();
  paths.push_back(own.string());
  for (const auto& directory : {own.parent_path(), own.parent_path().parent_path()}) {
    if (directory.string().starts_with("/tmp/")) paths.push_back(directory.string());
  }
  return paths;
}

// As in a cluster, where clients find the API server by these.
std::vector<std::pair<std::string, std::string>> own_environment(const State& s) {
  const std::string port = std::to_string(s.ports.kubernetes);
  return {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
          {"KUBERNETES_SERVICE_HOST", "127.0.0.1"},
          {"KUBERNETES_SERVICE_PORT", port},
          {"KUBERNETES_SERVICE_PORT_HTTPS", port}};
}

Result<> open_node(State& s) {
  const Layout& layout = s.options.layout;
  open_runtime(s);
  pods::NodeOptions options;
  options.directory = layout.root;
  if (const auto& cluster = s.options.profile.cluster) {
    options.name = pods::host_name(s.world()) + s.own_suffix();  // the machine may be a node of the cluster, too
    options.scheduler = own_scheduler;
    options.only_endpoints = cluster->has_workloads;
  }
  options.least_isolation = s.options.profile.pods.least_isolation;
  options.images = s.options.profile.pods.images;
  options.kept_paths = kept_paths_of(s);
  options.devices = pods::find_devices(s.world().files);
  for (const auto& [resource, ids] : s.options.profile.pods.devices) options.devices[resource] = ids;
  s.cgroups = pods::Cgroups::find("slipway-" + core::short_hash(layout.root));
  options.cgroups = s.cgroups.get();
  if (!s.options.profile.cluster) {
    options.issue_token = [&s](const objects::PodToken& wanted) { return s.access->issue(wanted); };
    options.base_environment = own_environment(s);
  }
  // One machine and its owner: a part that fell is up again before somebody asks.
  options.backoff.initial = std::chrono::seconds(1);
  options.backoff.longest = s.options.profile.pods.longest_restart_delay;
  options.most_processes = s.options.profile.pods.most_processes;
  options.max_pods = s.options.profile.pods.max_pods;
  s.node = std::make_unique<pods::Node>(s.world(), *s.store, *s.runtime, std::move(options));
  return {};
}

// Without a model server everything else runs: who wants the Kubernetes API alone needs none.
Result<serving::RuntimeCatalog> runtimes_of(State& s) {
  serving::RuntimeOptions options;
  options.default_runtime = s.options.profile.serving_runtime;
  options.slipway = own_executable();
  options.llama_server = s.options.profile.llama_server;
  if (options.llama_server.empty()) {
    auto found = find_llama_server(s.options.layout.runtime());
    if (found) {
      options.llama_server = *found;
    } else if (options.default_runtime == "llama-server" && s.options.profile.is_runtime_given) {
      return fail(std::move(found).error());
    } else {
      options.why_no_llama_server = found.error().one_line();
      if (options.default_runtime == "llama-server")
        s.warnings.push_back("model servers cannot be run: " + options.why_no_llama_server +
                             "; or slipway up --runtime sim simulates them");
    }
  }
  return serving::RuntimeCatalog(std::move(options));
}

Result<> open_rooms(State& s) {
  const Layout& layout = s.options.layout;
  TRY_ASSIGN(s.registry, registry::Registry::open(s.world(), *s.database, *s.blobs, *s.audit));
  TRY_ASSIGN(s.forge, forge::Forge::open(s.world(), *s.database, *s.audit, {.directory = layout.repositories()}));
  TRY(open_engine(s));
  s.weights = std::make_unique<RegisteredWeights>(s.world(), *s.registry, *s.blobs);
  TRY_ASSIGN(serving::RuntimeCatalog catalog, runtimes_of(s));
  s.serving = std::make_unique<serving::Serving>(s.world(), *s.store, std::move(catalog), *s.weights);
  s.publisher = std::make_unique<gateway::publisher::Publisher>(
      s.world(), *s.store,
      gateway::publisher::Options{
          .events = s.audit.get(), .on_report = {}, .kept_rules = layout.root + "/gateway/rules.json"});

  const auto prometheus_url = [&s] { return s.url(s.ports.prometheus); };
  s.versions = std::make_unique<RegisteredVersions>(*s.registry);
  s.manifests = std::make_unique<CommittedManifests>(*s.forge);
  s.metric_query = delivery::make_prometheus_metric_query(s.world(), prometheus_url);
  delivery::Options options;
  options.gateway_url = [&s] { return s.url(s.ports.gateway); };
  s.delivery = std::make_unique<delivery::Delivery>(
      delivery::Parts{s.world(), *s.store, *s.audit, *s.metric_query, *s.versions, *s.manifests}, std::move(options));
  s.prometheus_query = slo::make_prometheus_query(s.world(), prometheus_url);
  s.slo = std::make_unique<slo::Slo>(s.world(), *s.store, *s.prometheus_query, *s.audit);
  s.live = std::make_unique<LiveStream>(s.world(), *s.audit, [&s] { return render_overview(gather_overview(s)); });
  return {};
}

std::vector<Endpoint> endpoints_of(const State& s) {
  const std::string api = s.url(s.ports.api);
  std::vector<Endpoint> list{
      {"ui", api + "/"},
      {"api", api},
      {"kubernetes", s.cluster ? s.cluster->server_url() : "https://127.0.0.1:" + std::to_string(s.ports.kubernetes)},
      {"registry", api},
      {"kfp", api},
      {"git", api + "/git"},
      {"gateway", s.url(s.ports.gateway)},
      {"prometheus", s.url(s.ports.prometheus)}};
  if (s.options.is_shared()) list.push_back({"shared", shared_url(s)});
  return list;
}

void add_status_routes(State& s) {
  s.router.add("GET", "/api/slipway/v1/status",
               [&s](const net::Request&, const std::shared_ptr<net::Responder>& responder) {
                 doc::Value status = describe_parts(s);
                 doc::Value& faces = status.at_or_insert("endpoints");
                 for (const Endpoint& endpoint : endpoints_of(s)) faces.at_or_insert(endpoint.name) = endpoint.url;
                 responder->send(net::Response::json(200, status));
               });
  s.router.add(
      "POST", "/api/slipway/v1/shutdown",
      [&s](const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
        s.audit->record(
            {.actor = std::string(request.header(net::principal_header)), .action = "stopped", .object = "platform"});
        responder->send(net::Response::json(202, doc::Object{{"stopping", true}}));
        ::kill(::getpid(), SIGTERM);
      });
}

Result<> open_server(State& s, std::future<Result<ServerCertificate>> certified) {
  s.router.set_guard(team::make_guard(
      *s.team, {.events = s.audit.get(), .api_decides = s.cluster == nullptr, .shared = s.options.is_shared()}));
  team::add_routes(s.router, *s.team, *s.audit);
  add_kubernetes_routes(s);
  s.registry->add_routes(s.router);
  s.engine->add_routes(s.router);
  s.publisher->add_routes(s.router);
  s.live->add_routes(s.router);
  s.forge->add_routes(
      s.router,
      [&s](const core::Headers& headers, forge::Access access, const std::string& repository) -> Result<std::string> {
        TRY_ASSIGN(const auto principal, s.team->authenticate(headers));
        if (!principal) {
          const bool reads = access == forge::Access::read;
          if (reads && !s.options.is_shared()) return std::string();
          return fail(Code::unauthenticated, std::string(reads ? "reading" : "pushing") + " needs a token",
                      "the password is a token of yours; any user name will do");
        }
        if (access == forge::Access::push) TRY(team::authorise(*principal, team::Verb::push, repository));
        if (s.options.is_shared() && principal->roles.empty()) return fail(team::not_of_the_team(*principal));
        return principal->id;
      });
  add_api_routes(s.router, {*s.store, *s.delivery, *s.audit, judged_by_us(s)});
  add_status_routes(s);
  add_kubeconfig_route(s);
  add_page_routes(s.router);
  TRY_ASSIGN(s.server, net::Server::start(s.io, s.router,
                                          {.address = "127.0.0.1",
                                           .port = s.ports.api,
                                           .spool_directory = s.options.layout.spool(),
                                           .loop = &s.real.loop(),
                                           .allowed_hosts = {}}));
  TRY_ASSIGN(const auto certificate, certified.get());
  s.authority = certificate.authority;
  return open_tls_servers(s, certificate);
}

void start_triggers(State& s) {
  s.triggers = std::make_unique<Triggers>(s.world(), *s.forge, *s.engine,
                                          [&s](const forge::Push&) { return s.options.profile.variables; });
  s.forge->on_push_telling(
      [&s](const forge::Push& push, forge::Tell tell) { s.triggers->pushed(push, std::move(tell)); });
  // A push is marked as announced before git has told us its workflows: what a crash came between is looked at again.
  auto recent = s.forge->pushes("", pushes_looked_at_again);
  if (!recent) return log::error("server", "cannot read recent pushes", {{"why", recent.error().one_line()}});
  for (const forge::Push& push : std::views::reverse(*recent)) s.triggers->pushed(push, [](const auto&) {});
}

Result<> show_parts(State& s) {
  TRY(start_infrastructure(s));
  const ControlPlaneProcess process{s.node->name(), SLIPWAY_VERSION, ::getpid(), s.own_suffix()};
  TRY(show_mirror_pods(s.world(), *s.store, process));
  s.mirror_pods = std::make_unique<MirrorPods>(s.world(), *s.store, process);
  return {};
}

Result<> start_rooms(State& s) {
  if (s.cluster) TRY(ensure_own_namespaces(s));
  TRY(start_objects(s));
  TRY(s.node->start());
  TRY(s.publisher->start());
  TRY(start_services(s));
  TRY(s.serving->start());
  TRY(s.engine->start());
  start_triggers(s);
  s.forge->start([](const Result<>& started) {
    if (!started) log::error("server", "the forge did not start", {{"why", started.error().one_line()}});
  });
  TRY(s.delivery->start());
  TRY(s.slo->start());
  TRY(s.cluster ? show_parts(s) : in_one_transaction(s, show_parts));
  TRY(s.mirror_pods->start());  // it watches what is durable
  start_traffic_view(s);
  return {};
}

// What clients read to find the platform: written when it serves, removed when it does not.
Result<> announce(const State& s, const std::vector<Endpoint>& endpoints) {
  core::Files& files = core::real_files();
  doc::Object list;
  for (const Endpoint& endpoint : endpoints) list.set(endpoint.name, endpoint.url);
  TRY(files.write_derived(s.options.layout.endpoints(), doc::render_json_pretty(list) + "\n", 0600));
  TRY(write_kubeconfigs(s));
  return files.write_derived(s.options.layout.pid(), std::to_string(::getpid()) + "\n", 0600);
}

// Whoever comes has a token and a kubeconfig at once, and whoever leaves has none any more.
void follow_team(State& s) {
  s.team_file = std::make_unique<TeamFile>(s.world(), s.options.layout, *s.audit,
                                           [&s](std::vector<team::Person> people) -> Result<> {
                                             TRY(s.team->set_people(std::move(people)));
                                             TRY(ensure_tokens(*s.team, s.options.layout));
                                             return write_kubeconfigs(s);
                                           });
}

// What is given now wins over the profile, and the profile over what earlier starts were given.
Result<std::map<std::string, std::string>> merge_variables(PlatformOptions& options) {
  TRY_ASSIGN(auto kept, kept_variables(options.layout));
  std::map<std::string, std::string>& effective = options.profile.variables;
  effective.insert(kept.begin(), kept.end());
  for (const auto& [name, value] : options.variables) kept[name] = effective[name] = value;
  return kept;
}

// The containers whose program runs.
Result<std::size_t> count_running(State& s) {
  TRY_ASSIGN(const objects::List pods, s.store->list(objects::kinds::pod));
  std::size_t running = 0;
  for (const objects::Object& pod : pods.items) {
    for (const doc::Value& container : pod.spec()["containers"].as_array()) {
      if (s.node->process_of(pod.name(), container["name"].string_or(""))) ++running;
    }
  }
  return running;
}

Result<> begin(State& s, const std::function<void()>& on_serving) {
  TRY(start_rooms(s));
  s.audit->record(
      {.actor = "slipway/up", .action = "started", .object = "platform", .detail = "serving at " + s.url(s.ports.api)});
  if (on_serving) on_serving();
  return {};
}

// The rooms begin when this control plane leads first. While it does not lead any more they go on reading, and what
// they would write is refused and tried again: by then they look at what is there.
Result<> begin_in_cluster(State& s, const std::function<void(Error)>& give_up,
                          const std::function<void()>& on_serving) {
  const auto has_said = std::make_shared<bool>(false);
  const auto say_once = [has_said, on_serving] {
    if (!std::exchange(*has_said, true) && on_serving) on_serving();
  };
  Cluster::Callbacks callbacks;
  callbacks.leads = [&s, give_up, say_once] {
    s.why_it_waits.clear();
    if (s.stopping || std::exchange(s.has_begun, true)) return;
    if (auto begun = begin(s, say_once); !begun) give_up(std::move(begun).error());
  };
  callbacks.waits = [&s, say_once](const std::string& why) {
    log::warn("server", "this control plane waits", {{"why", why}});
    s.why_it_waits = why;
    say_once();
  };
  return s.cluster->elect(s.node->name() + "-" + s.world().random.hex(8), std::move(callbacks));
}

// Of a control plane that never led: what an earlier one left running here.
Result<> stop_left(State& s, core::Task done) {
  TRY_ASSIGN(s.ending,
             pods::Ending::of_left(s.world(), *s.runtime, s.options.layout.root, stop_patience, std::move(done)));
  return {};
}

// `leave`: Pods run on, for the next start to adopt.
void stop(State& s, bool leave) {
  s.stopping = true;
  s.team_file.reset();
  if (s.triggers) s.triggers->stop();
  s.server.reset();
  s.tls_server.reset();
  s.block_server.reset();
  s.cluster_server.reset();
  s.shared_server.reset();
  const auto end = [&s] {
    if (s.cluster) s.cluster->let_go();
    s.real.stop();
  };
  if (leave) return end();
  if (s.cluster && !s.has_begun) {
    if (auto begun = stop_left(s, end)) return;
    log::error("server", "what an earlier control plane left running goes on", {{"data", s.options.layout.root}});
    return end();
  }
  s.mirror_pods.reset();
  if (auto told = stop_mirror_pods(s.world(), *s.store, s.own_suffix()); !told)
    log::warn("server", "cannot tell that the control plane stops", {{"why", told.error().one_line()}});
  s.node->stop_all(stop_patience, end);
}

// Without the cluster, which may be away, or led by somebody else.
Result<std::size_t> stop_without_cluster(State& s) {
  open_world(s);
  open_runtime(s);
  TRY(stop_left(s, [&] { s.real.stop(); }));
  s.real.run();
  return s.ending->count();
}

}  // namespace

Platform::Platform(std::unique_ptr<State> state) : state_(std::move(state)) {}
Platform::~Platform() = default;

Result<std::unique_ptr<Platform>> Platform::open(PlatformOptions options) {
  TRY(options.layout.make());
  TRY_ASSIGN(DirectoryLock lock, DirectoryLock::take(options.layout, death_patience));
  std::unique_ptr<Platform> platform(new Platform(std::make_unique<State>(std::move(options), std::move(lock))));
  State& s = *platform->state_;
  TRY_ASSIGN(PortChoice choice, choose_ports(s.options.layout, s.options.profile.ports));
  s.ports = choice.ports;
  s.warnings = std::move(choice.warnings);
  TRY_ASSIGN(const auto variables, merge_variables(s.options));
  Aside aside(s.options);
  TRY(open_ground(s, std::move(aside.definitions)));
  TRY(open_node(s));
  TRY(in_one_transaction(s, open_rooms));
  TRY(open_server(s, std::move(aside.certificate)));
  // Only now: what did not start is not kept.
  TRY(remember_ports(s.options.layout, choice.remembered));
  if (!s.options.variables.empty()) TRY(keep_variables(s.options.layout, variables));
  TRY(announce(s, platform->endpoints()));
  follow_team(s);
  return platform;
}

bool PlatformOptions::is_shared() const { return !profile.address.empty() && !net::is_loopback(profile.address); }

std::vector<Endpoint> Platform::endpoints() const { return endpoints_of(*state_); }

const std::vector<std::string>& Platform::warnings() const { return state_->warnings; }

Result<> Platform::run(std::function<void()> on_serving) {
  State& s = *state_;
  core::Loop& loop = s.real.loop();
  Result<> result;
  std::thread signals([&] {
    const int number = core::wait_for_stop_signal(leave_signal);
    loop.post([&s, number] { stop(s, number == leave_signal); });
  });
  const auto give_up = [&result](Error why) {
    result = fail(std::move(why));
    ::kill(::getpid(), SIGTERM);
  };
  loop.post([&s, give_up, on_serving = std::move(on_serving)] {
    auto begun = s.cluster ? begin_in_cluster(s, give_up, on_serving) : begin(s, on_serving);
    if (!begun) give_up(std::move(begun).error());
  });
  s.real.run();
  signals.join();
  for (const std::string& path : {s.options.layout.endpoints(), s.options.layout.pid()}) {
    if (auto removed = core::real_files().remove_tree(path); !removed)
      log::warn("server", "cannot remove a file", {{"path", path}});
  }
  return result;
}

Result<std::size_t> stop_workloads(const Layout& layout) {
  TRY_ASSIGN(DirectoryLock lock, DirectoryLock::take(layout));
  State s({.layout = layout, .profile = {}, .team_file = "", .variables = {}}, std::move(lock));
  if (core::real_files().exists(layout.cluster())) return stop_without_cluster(s);
  TRY(open_ground(s, std::async(std::launch::deferred, bundled_definitions)));
  TRY(open_node(s));
  Result<std::size_t> result = 0;
  s.real.loop().post([&] {
    // Adopts what runs, to end it. Both in one task: no controller gets to start anything between.
    if (auto started = s.node->start(); !started) {
      result = fail(std::move(started).error());
    } else {
      result = count_running(s);
    }
    if (!result) return s.real.stop();
    s.node->stop_all(stop_patience, [&] { s.real.stop(); });
  });
  s.real.run();
  return result;
}

}  // namespace slipway::server
