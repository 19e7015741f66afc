#include "server/sharing.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/digest.hpp"
#include "core/ids.hpp"
#include "core/log.hpp"
#include "net/addresses.hpp"
#include "pods/addresses.hpp"
#include "pods/node_file.hpp"
#include "server/certificates.hpp"
#include "server/identities.hpp"
#include "server/kubeconfig.hpp"
#include "server/state.hpp"

namespace slipway::server {
namespace {

constexpr int usual_days = 90;
constexpr int most_days = 365;
constexpr int usual_https_port = 443;  // where the machine lets us; programs find us by variables, too

Result<doc::Value> make_kubeconfig(Platform::State& s, const net::Request& request) {
  TRY_ASSIGN(const std::string text, request.read_body());
  TRY_ASSIGN(const doc::Value body, doc::parse_json(text, "<request body>"));
  doc::Decoder decoder(body, "");
  const std::string person = decoder.required_string("person");
  const auto days = decoder.integer("days", usual_days, {1, most_days});
  const std::string server = decoder.string("server", shared_url(s));
  TRY(decoder.finish());
  if (s.team->find(person) == nullptr) {
    return fail(Code::not_found, "nobody has the id \"" + person + "\"",
                "the people are in " + s.options.layout.team() + "; up --team FILE replaces it");
  }
  TRY_ASSIGN(const auto membership, s.team->membership_of(person));
  TRY_ASSIGN(const auto issued,
             issue_client_certificate(s.world(), s.options.layout, person, membership, std::chrono::hours(24) * days));
  TRY_ASSIGN(const auto facts, net::read_certificate(issued.certificate));
  const std::string until = core::render_rfc3339(facts.validity.until);
  s.audit->record({.actor = std::string(request.header(net::principal_header)),
                   .action = "certificate-issued",
                   .object = person,
                   .detail = "a client certificate until " + until});
  TRY_ASSIGN(const std::string authority, s.world().files.read(s.options.layout.certificates() + "/ca.crt"));
  doc::Object user{{"client-certificate-data", core::base64(issued.certificate)},
                   {"client-key-data", core::base64(issued.key)}};
  return doc::Value(doc::Object{
      {"person", person},
      {"expires", until},
      {"kubeconfig", doc::render_yaml(kubeconfig_of(server, authority, {{person, "slipway", std::move(user)}}))}});
}

std::string machine_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

// What the server is called beside loopback.
std::vector<std::string> shared_names(const PlatformOptions& options) {
  if (!options.is_shared()) return {};
  if (!net::is_any_address(options.profile.address)) return {options.profile.address};
  auto names = net::own_addresses();
  if (auto name = machine_name(); core::is_dns_subdomain(name)) names.push_back(std::move(name));
  return names;
}

// Replaces what is ours in the file at `path`. One that is no kubeconfig is put aside: nobody's text is thrown away.
Result<> put_kubeconfig(const std::string& path, const doc::Value& ours) {
  core::Files& files = core::real_files();
  const std::string there = files.read(path).value_or("");
  auto merged = merge_kubeconfig(there, path, ours);
  if (!merged) {
    log::warn("server", "a kubeconfig cannot be read; it is put aside",
              {{"aside", path + ".unreadable"}, {"why", merged.error().one_line()}});
    TRY(files.write_atomic(path + ".unreadable", there, 0600));
    merged = doc::render_yaml(ours);
  }
  if (*merged == there) return {};
  return files.write_atomic(path, *merged, 0600);
}

// What an earlier start wrote for people who left.
Result<> remove_files_of_who_left(const team::Team& team, const std::string& directory) {
  core::Files& files = core::real_files();
  TRY_ASSIGN(const auto names, files.list(directory));
  for (const std::string& name : names) {
    if (team.has_left(name)) TRY(files.remove_tree(directory + "/" + name));
  }
  return {};
}

doc::Object credentials_of(const Layout& layout, const team::Person& person) {
  const std::string token = core::real_files().read(token_file(layout, person.id)).value_or("");
  return {{"token", token.substr(0, token.find('\n'))}};
}

Error no_kubeconfig_of(const Cluster& cluster) {
  return Error(Code::failed_precondition, "the Kubernetes API of this platform is that of " + cluster.text(),
               "its administrators give out kubeconfigs");
}

}  // namespace

std::string shared_host(const PlatformOptions& options) {
  std::string address = options.is_shared() ? options.profile.address : "127.0.0.1";
  if (!net::is_any_address(address)) return address;
  const auto own = net::own_addresses();
  return own.empty() ? "127.0.0.1" : own.front();
}

std::string shared_url(const Platform::State& s) {
  std::string address = shared_host(s.options);
  if (address.find(':') != std::string::npos) address = "[" + address + "]";
  return "https://" + address + ":" + std::to_string(s.ports.kubernetes);
}

Result<ServerCertificate> make_server_certificate(const PlatformOptions& options) {
  return ensure_certificate(core::real_clock(), core::real_files(), options.layout, shared_names(options));
}

Result<> open_tls_servers(Platform::State& s, const ServerCertificate& certificate) {
  const auto& address = s.options.profile.address;
  net::ServerOptions options{
      .address = "127.0.0.1",
      .port = s.ports.kubernetes,
      .spool_directory = s.options.layout.spool(),
      .loop = &s.real.loop(),
      .tls = net::ServerTls{certificate.certificate_file, certificate.key_file, certificate.authority_file}};
  if (!net::is_any_address(address)) {
    TRY_ASSIGN(s.tls_server, net::Server::start(s.io, s.router, options));
  }
  // By it others see that this block of addresses is taken, when no Pod listens: who chooses one, and who is restored.
  TRY_ASSIGN(const auto node, pods::load_node_file(s.world(), s.options.layout.root));
  options.address = pods::first_service_address(node.block);
  TRY_ASSIGN(s.block_server, net::Server::start(s.io, s.router, options));
  options.port = usual_https_port;
  // A page of another site that made its name resolve to us fails at the certificate, and has no credentials.
  options.allowed_hosts = {"*"};
  if (auto there = net::Server::start(s.io, s.router, options)) s.cluster_server = std::move(*there);
  if (!s.options.is_shared()) return {};
  options.port = s.ports.kubernetes;
  options.address = address;
  TRY_ASSIGN(s.shared_server, net::Server::start(s.io, s.router, options));
  return {};
}

Result<> write_kubeconfigs(const Platform::State& s) {
  core::Files& files = core::real_files();
  const Layout& layout = s.options.layout;
  if (s.cluster) {
    TRY(files.remove_tree(layout.kubeconfigs()));
    return files.remove_tree(layout.kubeconfig());
  }
  const std::string server = "https://127.0.0.1:" + std::to_string(s.ports.kubernetes);
  TRY_ASSIGN(const std::string authority, files.read(layout.certificates() + "/ca.crt"));
  std::vector<KubeUser> all;
  const team::Person* owner = owner_of(*s.team);
  if (owner != nullptr) all.push_back({"slipway", "slipway", credentials_of(layout, *owner)});
  TRY(files.make_directories(layout.kubeconfigs(), 0700));
  TRY(remove_files_of_who_left(*s.team, layout.kubeconfigs()));
  TRY(remove_files_of_who_left(*s.team, layout.tokens()));
  const auto persons = std::ranges::count(s.team->people(), false, &team::Person::service);
  for (const team::Person& person : s.team->people()) {
    const KubeUser user{person.id, "slipway", credentials_of(layout, person)};
    TRY(put_kubeconfig(layout.kubeconfigs() + "/" + person.id, kubeconfig_of(server, authority, {user})));
    const std::string name = std::string(person_prefix) + person.id;
    if (persons > 1 && !person.service) all.push_back({name, name, user.credentials});
  }
  return put_kubeconfig(layout.kubeconfig(), kubeconfig_of(server, authority, all));
}

void add_kubeconfig_route(Platform::State& s) {
  s.router.add("POST", "/api/slipway/v1/kubeconfigs",
               [&s](const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
                 if (s.cluster) return responder->send(net::error_response(no_kubeconfig_of(*s.cluster)));
                 const auto made = make_kubeconfig(s, request);
                 responder->send(made ? net::Response::json(201, *made) : net::error_response(made.error()));
               });
}

}  // namespace slipway::server
