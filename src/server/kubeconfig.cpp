#include "server/kubeconfig.hpp"

#include <algorithm>

#include "core/digest.hpp"
#include "team/team.hpp"

namespace slipway::server {
namespace {

constexpr const char* cluster_name = "slipway";

doc::Value entry(const std::string& name, const char* what, doc::Object content) {
  return doc::Object{{"name", name}, {what, std::move(content)}};
}

auto find_named(doc::Array& list, const std::string& name) {
  return std::ranges::find_if(list, [&](const doc::Value& known) { return known["name"].string_or("") == name; });
}

// What a user chose for a context of ours: kubectl config set-context --namespace.
void keep_choices(doc::Value& context, const doc::Value& before) {
  for (const char* key : {"namespace", "extensions"}) {
    if (const doc::Value& chosen = before["context"][key]; !chosen.is_null())
      context.at_or_insert("context").as_object().set(key, chosen);
  }
}

Result<> merge_list(doc::Value& list, const doc::Value& ours, std::string_view path, const std::string& key) {
  if (list.is_null()) list = doc::Array{};
  if (!list.is_array())
    return fail(Error(Code::invalid_argument, std::string(path) + ": " + key + " is not a list").at(list.mark()));
  for (doc::Value mine : ours.as_array()) {
    const auto before = find_named(list.as_array(), mine["name"].string_or(""));
    if (before == list.as_array().end()) {
      list.as_array().push_back(std::move(mine));
      continue;
    }
    if (key == "contexts") keep_choices(mine, *before);
    *before = std::move(mine);
  }
  return {};
}

// As kubeconfig_of() writes it for one of several people: one of our tokens and nothing else.
bool is_written_by_us(const doc::Value& user) {
  const doc::Value& credentials = user["user"];
  return user["name"].string_or("").starts_with(person_prefix) && credentials.is_object() && credentials.size() == 1 &&
         credentials["token"].string_or("").starts_with(team::token_prefix);
}

void drop_who_left(doc::Value& merged, const doc::Value& ours) {
  doc::Array& users = merged.at_or_insert("users").as_array();
  doc::Array& contexts = merged.at_or_insert("contexts").as_array();
  doc::Value ours_now = ours["users"];
  std::erase_if(users, [&](const doc::Value& user) {
    const std::string name = user["name"].string_or("");
    if (!is_written_by_us(user) || find_named(ours_now.as_array(), name) != ours_now.as_array().end()) return false;
    std::erase_if(contexts, [&](const doc::Value& context) {
      const doc::Value& chosen = context["context"];
      return chosen["user"].string_or("") == name && chosen["cluster"].string_or("") == cluster_name;
    });
    return true;
  });
}

}  // namespace

doc::Value kubeconfig_of(const std::string& server, const std::string& authority, const std::vector<KubeUser>& users) {
  doc::Array entries, contexts;
  for (const KubeUser& user : users) {
    entries.push_back(entry(user.name, "user", user.credentials));
    contexts.push_back(entry(user.context, "context", {{"cluster", cluster_name}, {"user", user.name}}));
  }
  doc::Object reached{{"server", server}, {"certificate-authority-data", core::base64(authority)}};
  return doc::Object{{"apiVersion", "v1"},
                     {"kind", "Config"},
                     {"clusters", doc::Array{entry(cluster_name, "cluster", std::move(reached))}},
                     {"users", std::move(entries)},
                     {"contexts", std::move(contexts)},
                     {"current-context", users.empty() ? "" : users.front().context}};
}

Result<std::string> merge_kubeconfig(std::string_view there, std::string_view path, const doc::Value& ours) {
  TRY_ASSIGN(const auto documents, doc::parse_yaml_all(there, path));
  if (documents.empty()) return doc::render_yaml(ours);
  doc::Value merged = documents.front();
  if (documents.size() > 1 || !merged.is_object() || merged["kind"].string_or("Config") != "Config")
    return fail(Code::invalid_argument, std::string(path) + " is not a kubeconfig");
  for (const char* key : {"apiVersion", "kind"}) merged.at_or_insert(key) = ours[key];
  for (const char* key : {"clusters", "users", "contexts"})
    TRY(merge_list(merged.at_or_insert(key), ours[key], path, key));
  drop_who_left(merged, ours);
  doc::Value& current = merged.at_or_insert("current-context");
  doc::Array& contexts = merged.at_or_insert("contexts").as_array();
  if (find_named(contexts, current.string_or("")) == contexts.end()) current = ours["current-context"];
  return doc::render_yaml(merged);
}

}  // namespace slipway::server
