#include "objects/kinds.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "objects/catalog.hpp"
#include "objects/schema/builtin.hpp"

namespace slipway::objects::kinds {
namespace {

constexpr std::array every{
    namespace_,
    node,
    pod,
    service,
    config_map,
    secret,
    event,
    endpoint_slice,
    deployment,
    lease,
    llm_deployment,
    gateway,
    virtual_service,
    destination_rule,
    rollout,
    analysis_template,
    analysis_run,
    slo,
    environment,
    promotion,
};

struct ShortName {
  std::string_view text;
  const Kind& kind;
};
constexpr std::array short_names{
    ShortName{"ns", namespace_},
    ShortName{"no", node},
    ShortName{"po", pod},
    ShortName{"svc", service},
    ShortName{"cm", config_map},
    ShortName{"ev", event},
    ShortName{"deploy", deployment},
    ShortName{"llmdep", llm_deployment},
    ShortName{"llmd", llm_deployment},
    ShortName{"gw", gateway},
    ShortName{"vs", virtual_service},
    ShortName{"dr", destination_rule},
    ShortName{"ro", rollout},
    ShortName{"at", analysis_template},
    ShortName{"ar", analysis_run},
    ShortName{"env", environment},
    ShortName{"prom", promotion},
    ShortName{"promo", promotion},
};

std::string did_you_mean(std::string_view given, const std::vector<std::string>& known) {
  const auto near = core::nearest(given, known);
  return near.empty() ? "" : "did you mean \"" + near + "\"?";
}

// What somebody may have meant who wrote a kind that there is not.
std::string instead_of(std::string_view api_version, std::string_view kind) {
  const auto group = group_version_of(api_version).group;
  const Kind* same_kind = nullptr;
  std::vector<std::string> names;
  for (const auto& candidate : every) {
    names.emplace_back(candidate.kind);
    if (candidate.kind == kind && (same_kind == nullptr || candidate.group == group)) same_kind = &candidate;
  }
  if (same_kind != nullptr) return "use apiVersion " + same_kind->api_version();
  for (const auto& resource : schema::builtin().resources()) {
    names.push_back(resource.kind);
    if (resource.kind == kind) return "use apiVersion " + resource.api_version();
  }
  return did_you_mean(kind, names);
}

}  // namespace

std::span<const Kind> all() { return every; }

std::vector<std::string_view> served_versions(const Kind& kind) {
  if (kind.group == "networking.istio.io") return {kind.version, "v1beta1", "v1alpha3"};
  return {kind.version};
}

std::optional<Kind> find_known(std::string_view api_version, std::string_view kind) {
  const auto [group, version] = group_version_of(api_version);
  for (const auto& candidate : every) {
    if (candidate.kind != kind || candidate.group != group) continue;
    if (std::ranges::count(served_versions(candidate), version) == 0) return std::nullopt;
    return candidate;
  }
  if (const auto* resource = schema::builtin().find(group, version, kind)) return kind_of(*resource);
  return std::nullopt;
}

core::Result<Kind> find(std::string_view api_version, std::string_view kind) {
  if (const auto known = find_known(api_version, kind)) return *known;
  return core::fail(core::Code::invalid_argument,
                    "no kind \"" + std::string(kind) + "\" in version \"" + std::string(api_version) + "\"",
                    instead_of(api_version, kind));
}

core::Result<Kind> find_by_resource(std::string_view text) {
  const auto wanted = core::in_lower(text);
  const auto dot = wanted.find('.');
  const auto resource = wanted.substr(0, dot);
  // What follows the first dot is "group" or, as kubectl also takes it, "version.group".
  const auto suffix = dot == std::string::npos ? std::string{} : wanted.substr(dot + 1);
  std::vector<std::string> names;
  auto fits = [&](const Kind& kind) {
    return suffix.empty() || suffix == kind.group ||
           suffix == std::string(kind.version) + "." + std::string(kind.group);
  };
  for (const auto& kind : every) {
    names.emplace_back(kind.plural);
    if ((resource == kind.plural || resource == core::in_lower(kind.kind)) && fits(kind)) return kind;
  }
  for (const auto& [name, kind] : short_names) {
    if (resource == name && fits(kind)) return kind;
  }
  for (const auto& known : schema::builtin().resources()) {
    names.push_back(known.plural);
    const bool is_called = resource == known.plural || resource == core::in_lower(known.kind) ||
                           std::ranges::find(known.short_names, resource) != known.short_names.end();
    if (is_called && fits(kind_of(known))) return kind_of(known);
  }
  return core::fail(core::Code::invalid_argument, "no kind of object is called \"" + std::string(text) + "\"",
                    did_you_mean(wanted, names));
}

}  // namespace slipway::objects::kinds
