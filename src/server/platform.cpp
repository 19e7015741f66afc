#include "server/platform.hpp"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <ranges>
#include <thread>

#include "core/digest.hpp"
#include "core/log.hpp"
#include "objects/kinds.hpp"
#include "server/api.hpp"
#include "server/assets.hpp"
#include "server/certificates.hpp"
#include "server/identities.hpp"
#include "server/kubernetes.hpp"
#include "server/mirror_pods.hpp"
#include "server/state.hpp"
#include "server/validate.hpp"
#include "server/web.hpp"
#include "team/guard.hpp"

namespace slipway::server {
namespace {

using State = Platform::State;
constexpr std::size_t pushes_looked_at_again = 20;

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

using Definitions = std::future<Result<std::vector<doc::Value>>>;

// What needs nothing of the stores is made beside their opening, which mostly waits for the disk.
struct Aside {
  explicit Aside(const Layout& layout)
      : definitions(std::async(std::launch::async,
                               [] {
                                 objects::read_builtin_kinds();
                                 return bundled_definitions();
                               })),
        certificate(std::async(std::launch::async, [layout]() -> Result<ServerCertificate> {
          TRY(extract_assets("runtime/", layout.runtime()));
          return ensure_certificate(core::real_clock(), core::real_files(), layout);
        })) {}
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

Result<> open_stores(State& s, Definitions& definitions) {
  const Layout& layout = s.options.layout;
  TRY_ASSIGN(s.audit, team::AuditLog::open(s.world(), *s.database, layout.audit_key()));
  TRY_ASSIGN(std::vector<team::Person> people, load_people(layout, s.options.team_file));
  TRY_ASSIGN(s.team, team::Team::open(s.world(), *s.database, std::move(people)));
  s.team->record_to(*s.audit);
  TRY_ASSIGN(auto bundled, definitions.get());
  TRY(open_objects(s, std::move(bundled)));
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease", "kubeflow", "slipway-ci",
                           "llm-d-system", "istio-system", "monitoring"})
    TRY(ensure_namespace(*s.store, name));
  return {};
}

Result<> open_ground(State& s, Definitions definitions) {
  const Layout& layout = s.options.layout;
  s.http = net::make_client(s.io, s.real.loop());
  s.real.set_http(*s.http);
  s.world_.emplace(s.real.world());
  TRY_ASSIGN(s.database, storage::open_sqlite(layout.database()));
  TRY_ASSIGN(s.blobs, storage::open_directory_blobs(layout.blobs()));
  TRY(in_one_transaction(s, [&](State& state) { return open_stores(state, definitions); }));
  return ensure_tokens(*s.team, layout);
}

Result<> open_node(State& s) {
  const Layout& layout = s.options.layout;
  s.runtime = std::make_unique<pods::ShimRuntime>(
      s.world(),
      pods::ShimOptions{.directory = layout.pods(), .shim_command = {own_executable(), "shim"}, .boot_id = ""});
  pods::NodeOptions options;
  options.directory = layout.root;
  // One machine and its owner: a part that fell is up again before somebody asks.
  options.backoff.initial = std::chrono::seconds(1);
  options.backoff.longest = std::chrono::seconds(15);
  s.node = std::make_unique<pods::Node>(s.world(), *s.store, *s.runtime, std::move(options));
  return {};
}

Result<serving::RuntimeCatalog> runtimes_of(const State& s) {
  serving::RuntimeOptions options;
  options.default_runtime = s.options.profile.serving_runtime;
  options.slipway = own_executable();
  options.llama_server = s.options.profile.llama_server;
  if (options.llama_server.empty()) {
    auto found = find_llama_server(s.options.layout.runtime());
    if (found) {
      options.llama_server = *found;
    } else if (options.default_runtime == "llama-server") {
      return fail(std::move(found).error());
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

void add_status_routes(State& s) {
  s.router.add("GET", "/api/slipway/v1/status",
               [&s](const net::Request&, const std::shared_ptr<net::Responder>& responder) {
                 responder->send(net::Response::json(200, describe_parts(s)));
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
  s.router.set_guard(
      team::make_guard(*s.team, {.open_reading = !s.options.rbac, .events = s.audit.get(), .api_decides = true}));
  s.objects->add_routes(s.router);
  s.access->add_routes(s.router);
  team::add_routes(s.router, *s.team, *s.audit);
  serve_connections(s);
  s.registry->add_routes(s.router);
  s.engine->add_routes(s.router);
  s.publisher->add_routes(s.router);
  s.live->add_routes(s.router);
  s.forge->add_routes(
      s.router,
      [&s](const core::Headers& headers, forge::Access access, const std::string& repository) -> Result<std::string> {
        TRY_ASSIGN(const auto principal, s.team->authenticate(headers));
        if (!principal) {
          if (access == forge::Access::read) return std::string();
          return fail(Code::unauthenticated, "pushing needs a token",
                      "the password is a token of yours; any user name will do");
        }
        if (access == forge::Access::push) TRY(team::authorise(*principal, team::Verb::push, repository));
        return principal->id;
      });
  add_api_routes(s.router, {*s.store, *s.delivery, *s.audit});
  add_status_routes(s);
  add_page_routes(s.router);
  TRY_ASSIGN(s.server, net::Server::start(s.io, s.router,
                                          {.address = "127.0.0.1",
                                           .port = s.ports.api,
                                           .spool_directory = s.options.layout.spool(),
                                           .loop = &s.real.loop(),
                                           .allowed_hosts = {}}));
  TRY_ASSIGN(const auto certificate, certified.get());
  TRY_ASSIGN(s.tls_server,
             net::Server::start(s.io, s.router,
                                {.address = "127.0.0.1",
                                 .port = s.ports.kubernetes,
                                 .spool_directory = s.options.layout.spool(),
                                 .loop = &s.real.loop(),
                                 .allowed_hosts = {},
                                 .tls = net::ServerTls{certificate.certificate_file, certificate.key_file, ""}}));
  return {};
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
  return show_mirror_pods(s.world(), *s.store, {s.node->name(), SLIPWAY_VERSION, ::getpid()});
}

Result<> start_rooms(State& s) {
  TRY(s.objects->start());
  TRY(s.access->start());
  TRY(s.admission->start());
  TRY(s.node->start());
  TRY(s.publisher->start());
  TRY(s.serving->start());
  TRY(s.engine->start());
  start_triggers(s);
  s.forge->start([](const Result<>& started) {
    if (!started) log::error("server", "the forge did not start", {{"why", started.error().one_line()}});
  });
  TRY(s.delivery->start());
  TRY(s.slo->start());
  TRY(in_one_transaction(s, show_parts));
  start_traffic_view(s);
  return {};
}

// What clients read to find the platform: written when it serves, removed when it does not.
Result<> announce(const State& s, const std::vector<Endpoint>& endpoints) {
  core::Files& files = core::real_files();
  doc::Object list;
  for (const Endpoint& endpoint : endpoints) list.set(endpoint.name, endpoint.url);
  TRY(files.write_atomic(s.options.layout.endpoints(), doc::render_json_pretty(list) + "\n", 0600));
  const std::string token = files.read(token_file(s.options.layout, "default")).value_or("");
  const doc::Object user = token.empty() ? doc::Object{} : doc::Object{{"token", token.substr(0, token.find('\n'))}};
  const std::string authority = files.read(s.options.layout.certificates() + "/ca.crt").value_or("");
  const doc::Value kubeconfig = doc::Object{
      {"apiVersion", "v1"},
      {"kind", "Config"},
      {"clusters", doc::Array{doc::Object{
                       {"name", "slipway"},
                       {"cluster", doc::Object{{"server", "https://127.0.0.1:" + std::to_string(s.ports.kubernetes)},
                                               {"certificate-authority-data", core::base64(authority)}}}}}},
      {"users", doc::Array{doc::Object{{"name", "slipway"}, {"user", user}}}},
      {"contexts", doc::Array{doc::Object{{"name", "slipway"},
                                          {"context", doc::Object{{"cluster", "slipway"}, {"user", "slipway"}}}}}},
      {"current-context", "slipway"}};
  TRY(files.write_atomic(s.options.layout.kubeconfig(), doc::render_yaml(kubeconfig), 0600));
  return files.write_atomic(s.options.layout.pid(), std::to_string(::getpid()) + "\n", 0600);
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

}  // namespace

void block_stop_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Platform::Platform(std::unique_ptr<State> state) : state_(std::move(state)) {}
Platform::~Platform() = default;

Result<std::unique_ptr<Platform>> Platform::open(PlatformOptions options) {
  TRY(options.layout.make());
  TRY_ASSIGN(DirectoryLock lock, DirectoryLock::take(options.layout));
  std::unique_ptr<Platform> platform(new Platform(std::make_unique<State>(std::move(options), std::move(lock))));
  State& s = *platform->state_;
  TRY_ASSIGN(PortChoice choice, choose_ports(s.options.layout, s.options.profile.ports));
  s.ports = choice.ports;
  s.warnings = std::move(choice.warnings);
  TRY_ASSIGN(const auto variables, merge_variables(s.options));
  Aside aside(s.options.layout);
  TRY(open_ground(s, std::move(aside.definitions)));
  TRY(open_node(s));
  TRY(in_one_transaction(s, open_rooms));
  TRY(open_server(s, std::move(aside.certificate)));
  // Only now: what did not start is not kept.
  TRY(remember_ports(s.options.layout, choice.remembered));
  if (!s.options.variables.empty()) TRY(keep_variables(s.options.layout, variables));
  TRY(announce(s, platform->endpoints()));
  return platform;
}

std::vector<Endpoint> Platform::endpoints() const {
  const State& s = *state_;
  const std::string api = s.url(s.ports.api);
  return {{"ui", api + "/"},
          {"api", api},
          {"kubernetes", "https://127.0.0.1:" + std::to_string(s.ports.kubernetes)},
          {"registry", api},
          {"kfp", api},
          {"git", api + "/git"},
          {"gateway", s.url(s.ports.gateway)},
          {"prometheus", s.url(s.ports.prometheus)}};
}

const std::vector<std::string>& Platform::warnings() const { return state_->warnings; }

Result<> Platform::run(std::function<void()> on_serving) {
  State& s = *state_;
  core::Loop& loop = s.real.loop();
  Result<> result;
  std::thread signals([&] {
    const sigset_t set = stop_signals();
    int number = 0;
    sigwait(&set, &number);
    loop.post([&s] {
      s.stopping = true;
      if (s.triggers) s.triggers->stop();
      s.server.reset();
      s.tls_server.reset();
      if (auto told = stop_mirror_pods(s.world(), *s.store); !told)
        log::warn("server", "cannot tell that the control plane stops", {{"why", told.error().one_line()}});
      s.node->stop_all(std::chrono::seconds(15), [&s] { s.real.stop(); });
    });
  });
  loop.post([&s, &result, on_serving = std::move(on_serving)] {
    if (auto started = start_rooms(s); !started) {
      result = std::move(started);
      ::kill(::getpid(), SIGTERM);
      return;
    }
    s.audit->record({.actor = "slipway/up",
                     .action = "started",
                     .object = "platform",
                     .detail = "serving at " + s.url(s.ports.api)});
    if (on_serving) on_serving();
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
    s.node->stop_all(std::chrono::seconds(15), [&] { s.real.stop(); });
  });
  s.real.run();
  return result;
}

}  // namespace slipway::server
