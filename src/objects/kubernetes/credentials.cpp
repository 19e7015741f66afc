#include "objects/kubernetes/credentials.hpp"

#include "core/digest.hpp"
#include "core/text.hpp"

namespace slipway::objects::kubernetes {
namespace {

constexpr auto reread_every = std::chrono::minutes(1);  // of token and certificate files: they are rotated
constexpr auto plugin_timeout = std::chrono::seconds(30);
constexpr std::size_t plugin_output = 1024 * 1024;

Result<std::string> secret_in(const core::Files& files, const std::string& path, std::string_view what) {
  auto text = files.read(path);
  if (!text) {
    return fail(Error(Code::unauthenticated, "cannot read the " + std::string(what)).because(std::move(text).error()));
  }
  return std::string(core::trimmed(*text, " \t\r\n"));
}

}  // namespace

Credentials::Credentials(core::Clock& clock, const core::Files& files, Wire& wire, KubeConfig config)
    : clock_(clock), files_(files), wire_(wire), config_(std::move(config)) {}

Result<> Credentials::authorize(core::HttpRequest& request) {
  TRY(refresh());
  request.tls = tls_;
  if (!secrets_->token.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + secrets_->token);
  } else if (!config_.username.empty()) {
    request.headers.emplace_back("Authorization", "Basic " + core::base64(config_.username + ":" + config_.password));
  }
  if (!config_.impersonated_user.empty()) request.headers.emplace_back("Impersonate-User", config_.impersonated_user);
  if (!config_.impersonated_uid.empty()) request.headers.emplace_back("Impersonate-Uid", config_.impersonated_uid);
  for (const auto& group : config_.impersonated_groups) request.headers.emplace_back("Impersonate-Group", group);
  return {};
}

bool Credentials::renew() {
  const bool can = config_.exec || !config_.token_file.empty() || !config_.certificate_file.empty();
  if (can) secrets_.reset();
  return can;
}

Result<> Credentials::refresh() {
  if (secrets_) {
    const bool is_old = (secrets_->expires && clock_.now() >= *secrets_->expires) ||
                        (secrets_->reread_at && clock_.monotonic() >= *secrets_->reread_at);
    if (!is_old) return {};
  }
  TRY_ASSIGN(auto fresh, config_.exec ? from_plugin() : from_files());
  auto tls = config_.tls;
  tls.certificate = fresh.certificate;
  tls.key = fresh.key;
  // The same settings keep their connections.
  if (tls_ == nullptr || *tls_ != tls) tls_ = std::make_shared<const core::TlsSettings>(std::move(tls));
  secrets_ = std::move(fresh);
  return {};
}

Result<Credentials::Secrets> Credentials::from_files() const {
  Secrets secrets{config_.token, config_.certificate, config_.key, {}, {}};
  if (!config_.token_file.empty()) {
    auto token = secret_in(files_, config_.token_file, "token of user \"" + config_.user + "\"");
    if (token && !token->empty()) {
      secrets.token = std::move(*token);
    } else if (secrets.token.empty()) {
      if (!token) return fail(std::move(token).error());
      return fail(Code::unauthenticated, config_.token_file + " is empty: user \"" + config_.user + "\" has no token");
    }
  }
  if (!config_.certificate_file.empty()) {
    TRY_ASSIGN(secrets.certificate, secret_in(files_, config_.certificate_file, "client certificate"));
  }
  if (!config_.key_file.empty()) {
    TRY_ASSIGN(secrets.key, secret_in(files_, config_.key_file, "client key"));
  }
  const bool has_files = !(config_.token_file.empty() && config_.certificate_file.empty() && config_.key_file.empty());
  if (has_files) secrets.reread_at = clock_.monotonic() + reread_every;
  return secrets;
}

std::string Credentials::exec_info() const {
  doc::Object spec{{"interactive", false}};
  if (config_.exec->wants_cluster_info) {
    doc::Object cluster{{"server", config_.server}};
    if (!config_.tls.server_name.empty()) cluster.set("tls-server-name", config_.tls.server_name);
    if (config_.tls.insecure_skip_verify) cluster.set("insecure-skip-tls-verify", true);
    auto ca = config_.tls.ca;
    if (ca.empty() && !config_.tls.ca_file.empty()) ca = files_.read(config_.tls.ca_file).value_or("");
    if (!ca.empty()) cluster.set("certificate-authority-data", core::base64(ca));
    if (!config_.exec->cluster_config.is_null()) cluster.set("config", config_.exec->cluster_config);
    spec.set("cluster", std::move(cluster));
  }
  return doc::render_json(
      doc::Object{{"apiVersion", config_.exec->api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}});
}

Result<Credentials::Secrets> Credentials::from_plugin() const {
  const auto& plugin = *config_.exec;
  const std::string what = "the plugin \"" + plugin.command + "\" of user \"" + config_.user + "\"";
  core::RunRequest run;
  run.argv = {plugin.command};
  run.argv.insert(run.argv.end(), plugin.args.begin(), plugin.args.end());
  for (const auto& [name, value] : config_.environment) {
    bool is_replaced = name == "KUBERNETES_EXEC_INFO";
    for (const auto& [own, ignored] : plugin.environment) is_replaced |= own == name;
    if (!is_replaced) run.environment.emplace_back(name, value);
  }
  run.environment.insert(run.environment.end(), plugin.environment.begin(), plugin.environment.end());
  run.environment.emplace_back("KUBERNETES_EXEC_INFO", exec_info());
  run.timeout = plugin_timeout;
  run.max_output = plugin_output;
  const auto output = wire_.run(std::move(run));
  if (!output) {
    return fail(Error(Code::unauthenticated, what + " did not run", plugin.install_hint).because(output.error()));
  }
  // Neither what it printed nor what it complained of is repeated: there may be secrets in both.
  if (output->exit.code != 0) {
    return fail(Code::unauthenticated, what + " failed with exit code " + std::to_string(output->exit.code),
                plugin.install_hint.empty() ? "run it by hand to see what it says" : plugin.install_hint);
  }
  const auto answer = doc::parse_json(output->out);
  if (!answer || !answer->is_object()) return fail(Code::unauthenticated, what + " did not print an ExecCredential");
  if ((*answer)["kind"].string_or("") != "ExecCredential" ||
      (*answer)["apiVersion"].string_or("") != plugin.api_version) {
    return fail(Code::unauthenticated, what + " did not print an ExecCredential of " + plugin.api_version);
  }
  const auto& status = (*answer)["status"];
  Secrets secrets{status["token"].string_or(""),
                  status["clientCertificateData"].string_or(""),
                  status["clientKeyData"].string_or(""),
                  {},
                  {}};
  if (secrets.certificate.empty() != secrets.key.empty() || (secrets.token.empty() && secrets.certificate.empty()) ||
      secrets.token.find_first_of("\r\n") != std::string::npos) {
    return fail(Code::unauthenticated, what + " printed neither a token nor a certificate with its key");
  }
  if (const auto text = status["expirationTimestamp"].string_or(""); !text.empty()) {
    const auto expires = core::parse_rfc3339(text);
    if (!expires) return fail(Code::unauthenticated, what + " printed an expirationTimestamp that is not a time");
    secrets.expires = *expires;
  }
  return secrets;
}

}  // namespace slipway::objects::kubernetes
