#include "objects/kubernetes/kind_names.hpp"

#include "net/http.hpp"
#include "objects/kinds.hpp"

namespace slipway::objects::kubernetes {
namespace {

std::string renamed(const std::string& api_version, const GroupNames& groups) {
  const auto [group, version] = group_version_of(api_version);
  const auto found = groups.find(group);
  return found == groups.end() ? api_version : found->second + "/" + std::string(version);
}

void rename_owners(doc::Value& document, const GroupNames& groups) {
  if (groups.empty() || !document["metadata"]["ownerReferences"].is_array()) return;
  for (auto& owner : document.at_or_insert("metadata").at_or_insert("ownerReferences").as_array()) {
    if (owner.is_object()) owner.as_object().set("apiVersion", renamed(owner["apiVersion"].string_or(""), groups));
  }
}

// apiVersion and kind stand first, as in what people write.
void set_type(doc::Value& document, const std::string& api_version, std::string_view kind) {
  if (document["apiVersion"].is_string() && document["kind"].is_string()) {
    document.as_object().set("apiVersion", api_version);
    document.as_object().set("kind", kind);
    return;
  }
  doc::Object typed{{"apiVersion", api_version}, {"kind", kind}};
  for (auto& [key, value] : document.as_object()) {
    if (key != "apiVersion" && key != "kind") typed.append(key, std::move(value));
  }
  document = std::move(typed);
}

}  // namespace

KindNames::KindNames(Rest& rest, GroupNames groups) : rest_(rest), groups_(std::move(groups)) {
  for (const auto& [ours, theirs] : groups_) ours_.emplace(theirs, ours);
}

std::string KindNames::server_group(std::string_view ours) const {
  const auto found = groups_.find(ours);
  return found == groups_.end() ? std::string(ours) : found->second;
}

Result<Kind> KindNames::of(const Object& object) {
  if (!object.document().is_object() || !object.document()["metadata"].is_object()) {
    return fail(Code::invalid_argument, "an object needs apiVersion, kind and metadata");
  }
  return find(object.api_version(), object.kind());
}

Result<Kind> KindNames::find(std::string_view api_version, std::string_view kind) {
  const auto [group, version] = group_version_of(api_version);
  for (const auto& known : kinds::all()) {
    if (known.group == group && known.kind == kind) return kinds::find(api_version, kind);
  }
  if (builtin_.find(group, version, kind) != nullptr) return kind_of(*builtin_.stored(group, kind));
  TRY_ASSIGN(const auto found, discover(api_version, kind));
  if (found) return *found;
  return fail(Code::invalid_argument,
              "no kind \"" + std::string(kind) + "\" in version \"" + std::string(api_version) + "\"",
              "is its CustomResourceDefinition installed?");
}

Result<std::optional<Kind>> KindNames::discover(std::string_view api_version, std::string_view kind) {
  const auto [group, version] = group_version_of(api_version);
  const auto key = std::string(api_version) + "/" + std::string(kind);
  if (const auto found = discovered_.find(key); found != discovered_.end()) return std::optional(found->second);
  if (version.empty() || api_version.find_first_of("?#% ") != std::string_view::npos) return std::optional<Kind>();
  const auto theirs = server_group(group);
  RestCall call;
  call.path = theirs.empty() ? "/api/" + std::string(version) : "/apis/" + theirs + "/" + std::string(version);
  auto answer = rest_.call(call);
  if (!answer) {
    if (answer.error().code == Code::failed_precondition || answer.error().code == Code::not_found)
      return std::optional<Kind>();
    return fail(std::move(answer).error());
  }
  const auto& resources = answer->body["resources"];
  for (std::size_t i = 0; i < resources.size(); ++i) {
    const auto plural = resources[i]["name"].string_or("");
    if (plural.find('/') != std::string::npos) continue;
    schema::Resource resource;
    resource.group = group;
    resource.version = version;
    resource.kind = resources[i]["kind"].string_or("");
    resource.plural = plural;
    resource.namespaced = resources[i]["namespaced"].bool_or(false);
    discovered_.insert_or_assign(std::string(api_version) + "/" + resource.kind, kind_of(resource));
  }
  const auto found = discovered_.find(key);
  return found == discovered_.end() ? std::optional<Kind>() : std::optional(found->second);
}

std::string KindNames::path(const Kind& kind, const std::string& ns, const std::string& name,
                            std::string_view subresource) const {
  std::string path = kind.group.empty() ? "/api/" : "/apis/" + server_group(kind.group) + "/";
  path += kind.version;
  if (kind.namespaced && !ns.empty()) path += "/namespaces/" + net::url_encode(ns);
  path += "/" + std::string(kind.plural);
  if (!name.empty()) path += "/" + net::url_encode(name);
  if (!subresource.empty()) path += "/" + std::string(subresource);
  return path;
}

void KindNames::to_server(const Kind& kind, doc::Value& document) const {
  set_type(document, renamed(kind.api_version(), groups_), kind.kind);
  rename_owners(document, groups_);
}

void KindNames::from_server(const Kind& kind, doc::Value& document) const {
  if (!document.is_object()) return;
  set_type(document, kind.api_version(), kind.kind);
  rename_owners(document, ours_);
}

}  // namespace slipway::objects::kubernetes
