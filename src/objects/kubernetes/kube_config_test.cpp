#include "objects/kube_config.hpp"

#include <doctest/doctest.h>

#include "core/digest.hpp"
#include "core/world/simulated.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

Result<KubeConfig> parse(std::string text, std::string_view context = {}) {
  const KubeFile file{"/home/ana/.kube/config", std::move(text)};
  return parse_kube_config({&file, 1}, context);
}

std::string config_with(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
         "contexts: [{name: c, context: {cluster: k, user: u, namespace: team-a}}]\n"
         "clusters: [{name: k, cluster: {" +
         cluster +
         "}}]\n"
         "users: [{name: u, user: {" +
         user + "}}]\n";
}

const std::string here = "server: \"https://10.0.0.1:6443/\"";

}  // namespace

TEST_CASE("a kubeconfig's current context is read whole") {
  const auto config = parse(config_with(
      here + ", certificate-authority: ca.crt, tls-server-name: api",
      "client-certificate: ../pki/me.crt, client-key-data: " + core::base64("KEY") + ", as: root, as-groups: [a, b]"));
  REQUIRE_MESSAGE(config, (config ? "" : config.error().one_line()));
  CHECK(config->server == "https://10.0.0.1:6443");
  CHECK(config->ns == "team-a");
  CHECK(config->tls.ca_file == "/home/ana/.kube/ca.crt");
  CHECK(config->tls.server_name == "api");
  CHECK(config->certificate_file == "/home/ana/pki/me.crt");
  CHECK(config->key == "KEY");
  CHECK(config->impersonated_user == "root");
  CHECK(config->impersonated_groups.size() == 2);
}

TEST_CASE("of several kubeconfigs the first that names a thing wins, and paths belong to their file") {
  const KubeFile files[] = {
      {"/a/one", "clusters: [{name: k, cluster: {server: \"https://one\", certificate-authority: ca}}]\n"},
      {"/b/two",
       "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
       "clusters: [{name: k, cluster: {server: \"https://two\"}}]\nusers: [{name: u, user: {tokenFile: t}}]\n"},
      {"/c/three", "current-context: other\nusers: [{name: u, user: {token: abc}}]\n"},
      {"/d/empty", "# nothing\n"},
  };
  const auto config = parse_kube_config(files);
  REQUIRE_MESSAGE(config, (config ? "" : config.error().one_line()));
  CHECK(config->server == "https://one");
  CHECK(config->tls.ca_file == "/a/ca");
  CHECK(config->token_file == "/b/t");
  CHECK(config->token.empty());
}

TEST_CASE("what is wrong with a kubeconfig is said with its place and never with its secrets") {
  struct Row {
    std::string text, words;
  };
  const Row rows[] = {
      {config_with(here + ", proxy-url: \"http://proxy\"", ""),
       "is behind a proxy (proxy-url), which is not supported"},
      {config_with("server: 10.0.0.1", ""), "needs a server that begins with https:// or http://"},
      {config_with("server: \"https://me:s3cret@host\"", ""), "must not have credentials"},
      {config_with(here + ", insecure-skip-tls-verify: true, certificate-authority: ca", ""), "skips its verification"},
      {config_with(here + ", certificate-authority-data: \"***s3cret\"", ""), "is not base64"},
      {config_with(here, "token: 12345678s3cret\n, username: x"), "has a token and a username"},
      {config_with(here, "token: [s3cret]"), "user \"u\".token must be a string, not array"},
      {config_with(here, "token: 777333"), "user \"u\".token must be a string, not integer"},
      {config_with(here, "client-certificate: a"), "has a client certificate without its key"},
      {config_with(here, "auth-provider: {name: gcp}"), "uses an auth-provider"},
      {config_with(here, "exec: {command: x}"), "needs apiVersion client.authentication.k8s.io/v1"},
      {config_with(here, "exec: {apiVersion: client.authentication.k8s.io/v1, command: x}"), "needs interactiveMode"},
      {config_with(here, "exec: {apiVersion: client.authentication.k8s.io/v1beta1}"), "needs a command"},
      {config_with(here, "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}"),
       "there is nobody at a terminal"},
      {config_with(here, "token: s3cret, exec: {command: x}"), "an exec plugin and other credentials"},
      {"users: [{name: u, user: {token: s3cret}}, {name: u, user: {token: s3cret}}]\n",
       "duplicate name \"u\" in users"},
      {"users:\n  - name: u\n    user: {token: s3cret, token: other-s3cret}\n", "token"},
      {"users:\n  - name: u\n    user: {token: \"s3cret}\n", "/home/ana/.kube/config:"},
      {"kind: Pod\n", "has apiVersion v1 and kind Config"},
      {"- s3cret\n", "must be an object"},
      {"current-context: away\n", "there is no context \"away\""},
      {"clusters: []\n", "names no current-context"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto config = parse(row.text);
    REQUIRE_FALSE(config);
    const auto text = config.error().render();
    CHECK_MESSAGE(text.find(row.words) != std::string::npos, text);
    CHECK_MESSAGE(text.find("s3cret") == std::string::npos, text);
    CHECK(text.find("777333") == std::string::npos);
  }
  const auto placed = parse(config_with(here + ", proxy-url: \"http://proxy\"", ""));
  CHECK(placed.error().one_line().starts_with("/home/ana/.kube/config:5:"));
}

TEST_CASE("a kubeconfig is looked for where kubectl looks, and in a Pod the service account is used") {
  core::SimulatedWorld world{1};
  auto& files = world.world().files;
  const Variables home{{"HOME", "/home/ana"}};
  CHECK(load_kube_config(files, home).error().code == Code::not_found);
  const auto text = config_with(here, "token: abc");
  REQUIRE(files.make_directories("/home/ana/.kube"));
  REQUIRE(files.write_atomic("/home/ana/.kube/config", text));
  CHECK(load_kube_config(files, home)->token == "abc");
  REQUIRE(files.write_atomic("/home/ana/two", config_with("server: \"https://two\"", "")));
  const Variables listed{{"HOME", "/home/ana"},
                         {"KUBECONFIG", "/home/ana/absent::/home/ana/two:/home/ana/.kube/config"}};
  CHECK(load_kube_config(files, listed)->server == "https://two");
  CHECK(load_kube_config(files, listed, "/home/ana/.kube/config")->token == "abc");
  CHECK_FALSE(load_kube_config(files, listed, "/home/ana/absent"));
  CHECK(load_kube_config(files, listed, {}, "other").error().message == "there is no context \"other\"");

  const std::string account = "/var/run/secrets/kubernetes.io/serviceaccount";
  REQUIRE(files.make_directories(account));
  REQUIRE(files.write_atomic(account + "/token", "pod-token\n"));
  REQUIRE(files.write_atomic(account + "/namespace", "team-b\n"));
  const auto pod =
      load_kube_config(files, {{"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "443"}});
  REQUIRE(pod);
  CHECK(pod->server == "https://[fd00::1]:443");
  CHECK(pod->ns == "team-b");
  CHECK(pod->token_file == account + "/token");
}
