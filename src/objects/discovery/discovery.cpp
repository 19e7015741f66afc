#include "objects/discovery/discovery.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "objects/discovery/aggregated.hpp"
#include "objects/discovery/plain.hpp"

namespace slipway::objects::discovery {
namespace {

constexpr std::string_view aggregated_kind = "APIGroupDiscoveryList";
constexpr std::string_view aggregated_group = "apidiscovery.k8s.io";

constexpr std::array root_forms = {
    Form{"application/json", {}, {}, {}, {}},
    Form{"application/json", aggregated_kind, aggregated_group, "v2",
         "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"},
    Form{"application/json", aggregated_kind, aggregated_group, "v2beta1",
         "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"},
};

Answer only(int status) {
  Answer answer;
  answer.status = status;
  answer.headers = {{"Vary", "Accept"}};
  return answer;
}

}  // namespace

Discovery::Discovery(const Catalog& catalog, std::string server_address)
    : catalog_(catalog), server_address_(std::move(server_address)) {}

void Discovery::refresh() {
  if (revision_ == catalog_.revision()) return;
  revision_ = catalog_.revision();
  groups_ = groups_of(catalog_);
  documents_.clear();
}

const Group* Discovery::find_group(std::string_view name) const {
  const auto at = std::ranges::find(groups_, name, &Group::name);
  return at == groups_.end() ? nullptr : &*at;
}

template <class Render>
const DocumentPtr& Discovery::kept(const std::string& key, Render render) {
  DocumentPtr& document = documents_[key];
  if (!document) document = Document::of(doc::render_json(render()));
  return document;
}

std::optional<Answer> Discovery::get(std::string_view path, std::string_view accept, std::string_view if_none_match) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const bool legacy = path == "/api" || path.starts_with("/api/");
  if (!legacy && path != "/apis" && !path.starts_with("/apis/")) return std::nullopt;
  if (std::ranges::count(path, '/') > (legacy ? 2 : 3)) return std::nullopt;
  refresh();
  if (path == "/api" || path == "/apis") return get_root(legacy, accept, if_none_match);

  const std::string key(path);
  auto at = documents_.find(key);
  if (at == documents_.end()) {
    const auto value = render(path);
    if (!value) return only(404);
    at = documents_.emplace(key, Document::of(doc::render_json(*value))).first;
  }
  if (!negotiate(accept, json_forms())) return only(406);
  return answer_with(at->second, "application/json", if_none_match);
}

Answer Discovery::get_root(bool legacy, std::string_view accept, std::string_view if_none_match) {
  const Choice choice = negotiate(accept, root_forms);
  if (!choice) return only(406);
  const auto first_named = std::ranges::find_if(groups_, [](const Group& group) { return !group.name.empty(); });
  const std::span<const Group> shown = legacy ? std::span<const Group>(groups_.begin(), first_named)
                                              : std::span<const Group>(first_named, groups_.end());
  std::string key(legacy ? "/api" : "/apis");
  const DocumentPtr& document =
      choice.form->is_plain()
          ? kept(key, [&] { return legacy ? api_versions(find_group(""), server_address_) : api_group_list(shown); })
          : kept(key.append(" ").append(choice.form->version), [&] { return aggregated(shown, choice.form->version); });
  return answer_with(document, choice.form->answered_as(), if_none_match);
}

// /api/VERSION, /apis/GROUP, /apis/GROUP/VERSION
std::optional<doc::Value> Discovery::render(std::string_view path) const {
  const bool legacy = path.starts_with("/api/");
  path.remove_prefix(legacy ? 5 : 6);
  const std::size_t slash = legacy ? 0 : path.find('/');
  const Group* group = find_group(legacy ? std::string_view() : path.substr(0, slash));
  if (!group || (!legacy && group->name.empty())) return std::nullopt;
  if (slash == std::string_view::npos) return api_group(*group);
  const std::string_view version = legacy ? path : path.substr(slash + 1);
  const auto at = std::ranges::find(group->versions, version, &GroupVersion::version);
  if (at == group->versions.end()) return std::nullopt;
  return api_resource_list(*at, [&](const schema::Resource& resource) {
    const ResourcePtr stored = catalog_.stored(resource.group, resource.kind);
    return stored ? stored->version : resource.version;
  });
}

}  // namespace slipway::objects::discovery
