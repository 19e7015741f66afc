#include "pods/workloads/endpoints.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "objects/kinds.hpp"
#include "pods/pod_status.hpp"
#include "pods/probe.hpp"

namespace slipway::pods::workloads {
namespace {

namespace kinds = objects::kinds;
using objects::Object;

// Pods are processes of this machine with addresses of 127/8. Kubernetes takes no such address under an IP type, and
// nobody else may send requests there: as names of hosts they are taken, and left alone.
constexpr std::string_view address_type = "FQDN";
constexpr std::size_t most_endpoints = 1000;  // that a slice may have

bool has_selector(const Object& service) { return service.spec()["selector"].size() > 0; }

// targetPort is a number, a name of a container's port, or absent: the port itself. 0: the Pod has none of that name.
int target_port(const doc::Value& port, const Object* pod) {
  const doc::Value& target = port["targetPort"];
  if (target.is_null()) return static_cast<int>(port["port"].int_or(0));
  if (target.is_int()) return static_cast<int>(target.as_int());
  if (pod == nullptr) return 0;
  const doc::Value& containers = pod->spec()["containers"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    if (const int number = resolve_port(target, containers[i]); number > 0) return number;
  }
  return 0;
}

bool is_endpoint(const Object& pod) { return !pod.status()["podIP"].string_or("").empty() && !is_finished(pod); }

doc::Array ports_of(const Object& service, const Object* pod) {
  doc::Array ports;
  const doc::Value& declared = service.spec()["ports"];
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const int number = target_port(declared[i], pod);
    if (number == 0) continue;
    ports.push_back(doc::Object{{"name", declared[i]["name"].string_or("")},
                                {"protocol", declared[i]["protocol"].string_or("TCP")},
                                {"port", number}});
  }
  return ports;
}

doc::Value endpoint(const Object& service, const Object& pod) {
  const bool serving = pod.condition_status("Ready") == "True";
  const bool ending = pod.is_being_deleted();
  const bool ready = service.spec()["publishNotReadyAddresses"].bool_or(false) || (serving && !ending);
  doc::Object target{{"kind", "Pod"}, {"namespace", pod.name().ns}, {"name", pod.name().name}, {"uid", pod.uid()}};
  doc::Object result;
  result.set("addresses", doc::Array{pod.status()["podIP"].string_or("")});
  result.set("conditions", doc::Object{{"ready", ready}, {"serving", serving}, {"terminating", ending}});
  result.set("targetRef", std::move(target));
  // By it the Pod has a name below the Service's: "web-0.web".
  if (const auto& host = pod.spec()["hostname"];
      host.is_string() && pod.spec()["subdomain"].string_or("") == service.name().name)
    result.set("hostname", host);
  if (auto node = pod.spec()["nodeName"].string_or(""); !node.empty()) result.set("nodeName", std::move(node));
  return result;
}

Object make_slice(const Object& service, const std::string& name, doc::Array ports, doc::Array endpoints) {
  Object slice = Object::make(kinds::endpoint_slice, {service.name().ns, name});
  slice.set_label(service_name_label, service.name().name);
  slice.set_label(managed_by_label, "slipway");
  slice.add_owner(service);
  slice.document().at_or_insert("addressType") = address_type;
  slice.document().at_or_insert("endpoints") = std::move(endpoints);
  slice.document().at_or_insert("ports") = std::move(ports);
  return slice;
}

}  // namespace

doc::Value minded_of_endpoint(const Object& pod) {
  const doc::Value& labels = pod.document()["metadata"]["labels"];
  if (!is_endpoint(pod)) return labels;
  return doc::Array{labels,
                    pod.uid(),
                    pod.status()["podIP"],
                    pod.spec()["nodeName"],
                    pod.condition_status("Ready") == "True",
                    pod.is_being_deleted()};
}

Result<std::vector<Object>> list_slices(objects::Store& store, const objects::Name& service,
                                        const std::string& manager) {
  objects::ListOptions options;
  options.ns = service.ns;
  TRY_ASSIGN(options.labels, objects::LabelSelector::parse(std::string(service_name_label) + "=" + service.name + "," +
                                                           managed_by_label + "=" + manager));
  TRY_ASSIGN(auto list, store.list(kinds::endpoint_slice, options));
  return std::move(list.items);
}

std::vector<Object> endpoint_slices(const Object& service, const std::vector<Object>& pods) {
  struct Group {
    doc::Array ports;
    std::vector<doc::Array> pieces;  // of its endpoints
  };
  std::vector<Group> groups;  // of Pods with the same ports
  const auto selector = objects::LabelSelector::from_value(service.spec()["selector"]);
  for (const Object& pod : pods) {
    if (!selector || !selector->matches(pod.labels()) || !is_endpoint(pod)) continue;
    doc::Array ports = ports_of(service, &pod);
    auto group = std::ranges::find(groups, ports, &Group::ports);
    if (group == groups.end()) group = groups.insert(groups.end(), Group{std::move(ports), {}});
    if (group->pieces.empty() || group->pieces.back().size() == most_endpoints) group->pieces.emplace_back();
    group->pieces.back().push_back(endpoint(service, pod));
  }
  if (groups.empty()) groups.push_back({ports_of(service, nullptr), {{}}});
  std::vector<Object> slices;
  for (Group& group : groups) {
    for (std::size_t i = 0; i < group.pieces.size(); ++i) {
      std::string name = service.name().name;
      if (!slices.empty()) name += "-" + core::short_hash(doc::render_json(group.ports) + (i ? std::to_string(i) : ""));
      slices.push_back(make_slice(service, name, group.ports, std::move(group.pieces[i])));
    }
  }
  return slices;
}

Result<objects::Outcome> EndpointsReconciler::reconcile(const objects::Name& name) {
  TRY(find_slices());
  TRY_ASSIGN(const auto service, store_.find(kinds::service, name));
  if (!service || service->is_being_deleted() || !has_selector(*service)) {
    selectors_.erase(name);
    TRY(remove_others(name, {}));
    return objects::Outcome{};
  }
  objects::ListOptions options;
  options.ns = name.ns;
  if (auto selector = objects::LabelSelector::from_value(service->spec()["selector"])) options.labels = *selector;
  TRY_ASSIGN(const auto pods, store_.list(kinds::pod, options));
  std::set<objects::Name> wanted;
  for (Object& slice : endpoint_slices(*service, pods.items)) {
    wanted.insert(slice.name());
    slices_[name].insert(slice.name());
    TRY(keep(std::move(slice)));
  }
  TRY(remove_others(name, wanted));
  return objects::Outcome{};
}

// What is there is made to say what `slice` does.
Result<> EndpointsReconciler::keep(Object slice) {
  TRY_ASSIGN(auto current, store_.find(kinds::endpoint_slice, slice.name()));
  if (current && current->document()["addressType"].string_or("") != address_type) {  // it never changes
    TRY(store_.remove(kinds::endpoint_slice, slice.name()));
    current.reset();
  }
  if (!current) {
    TRY(store_.create(std::move(slice)));
    return {};
  }
  for (const char* part : {"endpoints", "ports"}) current->document().at_or_insert(part) = slice.document()[part];
  TRY(store_.update(std::move(*current)));  // nothing changed: no event
  return {};
}

// One that was removed is forgotten at the next look, which its end causes: a transaction may fail.
Result<> EndpointsReconciler::remove_others(const objects::Name& service, const std::set<objects::Name>& wanted) {
  const auto there = slices_.find(service);
  if (there == slices_.end()) return {};
  for (auto it = there->second.begin(); it != there->second.end();) {
    TRY_ASSIGN(const auto slice, store_.find(kinds::endpoint_slice, *it));
    if (slice && !wanted.contains(*it)) TRY(objects::remove_if_there(store_, kinds::endpoint_slice, *it));
    it = slice || wanted.contains(*it) ? std::next(it) : there->second.erase(it);
  }
  if (there->second.empty()) slices_.erase(there);
  return {};
}

// Those of an earlier control plane.
Result<> EndpointsReconciler::find_slices() {
  if (has_found_slices_) return {};
  objects::ListOptions ours;
  TRY_ASSIGN(ours.labels, objects::LabelSelector::parse(std::string(managed_by_label) + "=slipway"));
  TRY_ASSIGN(const auto list, store_.list(kinds::endpoint_slice, ours));
  for (const Object& slice : list.items)
    slices_[{slice.name().ns, slice.label(service_name_label)}].insert(slice.name());
  has_found_slices_ = true;
  return {};
}

std::vector<objects::Name> EndpointsReconciler::note(const Object& service) {
  auto selector = objects::LabelSelector::from_value(service.spec()["selector"]);
  if (selector && has_selector(service)) {
    selectors_.insert_or_assign(service.name(), std::move(*selector));
  } else {
    selectors_.erase(service.name());
  }
  return {service.name()};
}

std::vector<objects::Name> EndpointsReconciler::services_of(const Object& pod) {
  const objects::Name name = pod.name();
  const auto now = pod.labels();
  const auto before = std::exchange(labels_[name], now);
  if (pod.is_being_deleted() && pod.finalizers().empty()) labels_.erase(name);
  std::vector<objects::Name> concerned;
  for (auto at = selectors_.lower_bound({name.ns, ""}); at != selectors_.end() && at->first.ns == name.ns; ++at) {
    if (at->second.matches(now) || at->second.matches(before)) concerned.push_back(at->first);
  }
  return concerned;
}

}  // namespace slipway::pods::workloads
