#include "pods/workloads/endpoints_mirror.hpp"

#include <algorithm>
#include <array>

#include "objects/kinds.hpp"
#include "pods/workloads/endpoints.hpp"
#include "pods/workloads/service_endpoints.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

namespace {

constexpr const char* mirrored = "endpointslicemirroring-controller.k8s.io";
constexpr const char* skip_label = "endpointslice.kubernetes.io/skip-mirror";
constexpr const char* leader_annotation = "control-plane.alpha.kubernetes.io/leader";
constexpr std::size_t most_addresses = 1000;  // of a subset

// What the EndpointSlice controller wrote when the Service had a selector: no slice of an IP type may say it.
bool is_of_this_machine(const doc::Value& address) { return address["ip"].string_or("").starts_with("127."); }

std::string family_of(const doc::Value& address) { return address["ip"].string_or("").contains(':') ? "IPv6" : "IPv4"; }

// Those of that family, at most so many as are left.
void add_endpoints(const doc::Value& addresses, bool is_ready, const std::string& family, doc::Array& endpoints) {
  for (std::size_t i = 0; i < addresses.size() && endpoints.size() < most_addresses; ++i) {
    const doc::Value& address = addresses[i];
    if (family_of(address) != family || is_of_this_machine(address)) continue;
    doc::Object endpoint{{"addresses", doc::Array{address["ip"]}}, {"conditions", doc::Object{{"ready", is_ready}}}};
    copy_whose(address, endpoint);
    endpoints.emplace_back(std::move(endpoint));
  }
}

doc::Array ports_of(const doc::Value& subset) {
  doc::Array ports;
  for (std::size_t i = 0; i < subset["ports"].size(); ++i) {
    doc::Object port{{"name", ""}};
    for (const auto& [key, value] : subset["ports"][i].as_object()) port.set(key, value);
    ports.emplace_back(std::move(port));
  }
  return ports;
}

Object slice_of(const Object& endpoints, const doc::Value& subset, const std::string& family) {
  Object slice = Object::make(kinds::endpoint_slice, {endpoints.name().ns, ""});
  auto& metadata = slice.document().at_or_insert("metadata").as_object();
  metadata.erase("name");
  metadata.set("generateName", endpoints.name().name + "-");
  for (const auto& [key, value] : endpoints.labels()) slice.set_label(key, value);
  slice.set_label(service_name_label, endpoints.name().name);
  slice.set_label(managed_by_label, mirrored);
  slice.add_owner(endpoints);
  doc::Array all;
  add_endpoints(subset["addresses"], true, family, all);
  add_endpoints(subset["notReadyAddresses"], false, family, all);
  slice.document().at_or_insert("addressType") = family;
  slice.document().at_or_insert("endpoints") = std::move(all);
  slice.document().at_or_insert("ports") = ports_of(subset);
  return slice;
}

bool says_the_same(const Object& wanted, const Object& there) {
  const bool says_all = std::ranges::all_of(std::array{"addressType", "endpoints", "ports"}, [&](const char* part) {
    return objects::says_already(there.document()[part], wanted.document()[part]);
  });
  return says_all && objects::says_already(wanted.document()["endpoints"], there.document()["endpoints"]);
}

}  // namespace

std::vector<Object> mirror_of(const Object& endpoints) {
  std::vector<Object> slices;
  const doc::Value& subsets = endpoints.document()["subsets"];
  for (std::size_t i = 0; i < subsets.size(); ++i) {
    for (const char* family : {"IPv4", "IPv6"}) {
      Object slice = slice_of(endpoints, subsets[i], family);
      if (slice.document()["endpoints"].size() > 0) slices.push_back(std::move(slice));
    }
  }
  return slices;
}

Result<std::vector<Object>> EndpointsMirrorReconciler::wanted_for(const objects::Name& name) {
  TRY_ASSIGN(const auto endpoints, store_.find(endpoints_kind, name));
  TRY_ASSIGN(const auto service, store_.find(kinds::service, name));
  const bool is_meant = endpoints && service && service->spec()["selector"].size() == 0 &&
                        endpoints->label(skip_label) != "true" && endpoints->annotation(leader_annotation).empty();
  return is_meant && !endpoints->is_being_deleted() ? mirror_of(*endpoints) : std::vector<Object>{};
}

Result<objects::Outcome> EndpointsMirrorReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(auto wanted, wanted_for(name));
  TRY_ASSIGN(const auto there, list_slices(store_, name, mirrored));
  std::vector<objects::Name> outdated;
  for (const Object& slice : there) {
    const auto same = std::ranges::find_if(wanted, [&](const Object& one) { return says_the_same(one, slice); });
    if (same != wanted.end()) {
      wanted.erase(same);
    } else {
      outdated.push_back(slice.name());
    }
  }
  for (Object& slice : wanted) TRY(store_.create(std::move(slice)));
  for (const auto& slice : outdated) TRY(objects::remove_if_there(store_, kinds::endpoint_slice, slice));
  return objects::Outcome{};
}

}  // namespace slipway::pods::workloads
