#include "server/kubeconfig.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace slipway::server;

namespace {

doc::Value ours(const std::string& server = "https://127.0.0.1:6443") {
  return kubeconfig_of(server, "PEM",
                       {{"slipway", "slipway", {{"token", "slw_of-grace"}}},
                        {"slipway-ada@example.com", "slipway-ada@example.com", {{"token", "slw_of-ada"}}}});
}

doc::Value merged(const std::string& there) {
  const auto text = merge_kubeconfig(there, "kubeconfig", ours());
  REQUIRE(text.has_value());
  return doc::parse_yaml(*text, "kubeconfig").value();
}

}  // namespace

TEST_CASE("Kubeconfig: a context for each user, and the first one's is the current one") {
  const auto made = merged("");
  CHECK(made["current-context"].string_or("") == "slipway");
  CHECK(made["contexts"].size() == 2);
  CHECK(made["contexts"][1]["context"]["user"].string_or("") == "slipway-ada@example.com");
  CHECK(made["users"][1]["user"]["token"].string_or("") == "slw_of-ada");
  CHECK(made["clusters"][0]["cluster"]["certificate-authority-data"].string_or("") == "UEVN");
}

TEST_CASE("Kubeconfig: what others wrote into it stays, our own entries are renewed") {
  const std::string there = doc::render_yaml(ours("https://127.0.0.1:1")) + "preferences: {colors: true}\n";
  auto before = doc::parse_yaml(there, "kubeconfig").value();
  auto& contexts = before.at_or_insert("contexts").as_array();
  contexts[0].at_or_insert("context").at_or_insert("namespace") = "shop";
  contexts.push_back(doc::Object{{"name", "prod"}, {"context", doc::Object{{"cluster", "prod"}, {"user", "me"}}}});
  before.at_or_insert("users").as_array().push_back(
      doc::Object{{"name", "me"}, {"user", doc::Object{{"token", "mine"}}}});
  before.at_or_insert("current-context") = "prod";

  const auto after = merged(doc::render_yaml(before));
  CHECK(after["current-context"].string_or("") == "prod");
  CHECK(after["preferences"]["colors"].bool_or(false));
  CHECK(after["clusters"].size() == 1);
  CHECK(after["clusters"][0]["cluster"]["server"].string_or("") == "https://127.0.0.1:6443");
  CHECK(after["contexts"].size() == 3);
  CHECK(after["contexts"][0]["context"]["namespace"].string_or("") == "shop");
  CHECK(after["users"].size() == 3);
  CHECK(after["users"][2]["user"]["token"].string_or("") == "mine");
}

TEST_CASE("Kubeconfig: a current context that is gone gives way, and what is no kubeconfig is refused") {
  CHECK(merged("current-context: gone\ncontexts: null\n")["current-context"].string_or("") == "slipway");
  for (const char* text : {"kind: Pod\n", "[1]\n", "users: {}\n", "a: 1\n---\nb: 2\n", "{"})
    CHECK(merge_kubeconfig(text, "kubeconfig", ours()).error().code == Code::invalid_argument);
}

TEST_CASE("Kubeconfig: who left goes with his context; entries that others wrote look like nobody's") {
  auto there = ours();
  auto& users = there.at_or_insert("users").as_array();
  users.push_back(doc::Object{{"name", "slipway-mine"}, {"user", doc::Object{{"token", "of-another-cluster"}}}});
  auto& contexts = there.at_or_insert("contexts").as_array();
  contexts.push_back(doc::Object{
      {"name", "ada-in-shop"},
      {"context", doc::Object{{"cluster", "slipway"}, {"user", "slipway-ada@example.com"}, {"namespace", "shop"}}}});
  contexts.push_back(
      doc::Object{{"name", "mine"}, {"context", doc::Object{{"cluster", "slipway"}, {"user", "slipway-mine"}}}});
  there.at_or_insert("current-context") = "ada-in-shop";

  const auto without_ada =
      kubeconfig_of("https://127.0.0.1:6443", "PEM", {{"slipway", "slipway", {{"token", "slw_g"}}}});
  const auto text = merge_kubeconfig(doc::render_yaml(there), "kubeconfig", without_ada).value();
  CHECK_FALSE(text.contains("ada"));
  const auto after = doc::parse_yaml(text, "kubeconfig").value();
  CHECK(after["current-context"].string_or("") == "slipway");
  CHECK(after["users"].size() == 2);
  CHECK(after["contexts"].size() == 2);
  CHECK(after["contexts"][1]["name"].string_or("") == "mine");
}
