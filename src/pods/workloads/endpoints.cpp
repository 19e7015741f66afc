#include "pods/workloads/endpoints.hpp"

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

bool has_selector(const Object& service) { return service.spec()["selector"].size() > 0; }

// targetPort is a number, a name of a container's port, or absent: the port itself.
int target_port(const doc::Value& port, const std::vector<const Object*>& pods) {
  const doc::Value& target = port["targetPort"];
  if (target.is_null()) return static_cast<int>(port["port"].int_or(0));
  if (target.is_int()) return static_cast<int>(target.as_int());
  for (const Object* pod : pods) {
    const doc::Value& containers = pod->spec()["containers"];
    for (std::size_t i = 0; i < containers.size(); ++i) {
      if (const int number = resolve_port(target, containers[i]); number > 0) return number;
    }
  }
  return 0;
}

doc::Value endpoint(const Object& pod) {
  const bool ready = pod.condition_status("Ready") == "True";
  const bool ending = pod.is_being_deleted();
  doc::Object target{{"kind", "Pod"}, {"namespace", pod.name().ns}, {"name", pod.name().name}, {"uid", pod.uid()}};
  doc::Object result;
  result.set("addresses", doc::Array{pod.status()["podIP"].string_or("")});
  result.set("conditions", doc::Object{{"ready", ready && !ending}, {"serving", ready}, {"terminating", ending}});
  result.set("targetRef", std::move(target));
  if (auto node = pod.spec()["nodeName"].string_or(""); !node.empty()) result.set("nodeName", std::move(node));
  return result;
}

bool is_endpoint(const Object& pod) { return !pod.status()["podIP"].string_or("").empty() && !is_finished(pod); }

}  // namespace

Object endpoint_slice(const Object& service, const std::vector<Object>& pods) {
  Object slice = Object::make(kinds::endpoint_slice, service.name());
  slice.set_label(service_name_label, service.name().name);
  slice.set_label(managed_by_label, "slipway");
  slice.add_owner(service);
  std::vector<const Object*> members;
  const auto selector = objects::LabelSelector::from_value(service.spec()["selector"]);
  for (const Object& pod : pods) {
    if (selector && selector->matches(pod.labels()) && is_endpoint(pod)) members.push_back(&pod);
  }
  doc::Array endpoints, ports;
  for (const Object* pod : members) endpoints.push_back(endpoint(*pod));
  const doc::Value& declared = service.spec()["ports"];
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const int number = target_port(declared[i], members);
    if (number == 0) continue;
    ports.push_back(doc::Object{{"name", declared[i]["name"].string_or("")},
                                {"protocol", declared[i]["protocol"].string_or("TCP")},
                                {"port", number}});
  }
  slice.document().at_or_insert("addressType") = address_type;
  slice.document().at_or_insert("endpoints") = std::move(endpoints);
  slice.document().at_or_insert("ports") = std::move(ports);
  return slice;
}

Result<objects::Outcome> EndpointsReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto service, store_.find(kinds::service, name));
  TRY_ASSIGN(auto current, store_.find(kinds::endpoint_slice, name));
  const bool wanted = service && !service->is_being_deleted() && has_selector(*service);
  if (!wanted) {
    selectors_.erase(name);
    if (current && current->label(managed_by_label) == "slipway")
      TRY(objects::remove_if_there(store_, kinds::endpoint_slice, name));
    return objects::Outcome{};
  }
  objects::ListOptions options;
  options.ns = name.ns;
  if (auto selector = objects::LabelSelector::from_value(service->spec()["selector"])) options.labels = *selector;
  TRY_ASSIGN(const auto pods, store_.list(kinds::pod, options));
  Object slice = endpoint_slice(*service, pods.items);
  if (current && current->document()["addressType"].string_or("") != address_type) {  // it never changes
    TRY(store_.remove(kinds::endpoint_slice, name));
    current.reset();
  }
  if (!current) {
    TRY(store_.create(std::move(slice)));
    return objects::Outcome{};
  }
  for (const char* part : {"endpoints", "ports"}) {
    current->document().at_or_insert(part) = slice.document()[part];
  }
  TRY(store_.update(std::move(*current)));  // nothing changed: no event
  return objects::Outcome{};
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
  Seen now{pod.labels(), is_endpoint(pod) ? endpoint(pod) : doc::Value()};
  const Seen before = std::exchange(pods_[name], now);
  if (pod.is_being_deleted() && pod.finalizers().empty()) {
    pods_.erase(name);
  } else if (before == now && now.endpoint.is_null()) {  // an endpoint may be gone without a word of being deleted
    return {};
  }
  std::vector<objects::Name> concerned;
  for (auto at = selectors_.lower_bound({name.ns, ""}); at != selectors_.end() && at->first.ns == name.ns; ++at) {
    if (at->second.matches(now.labels) || at->second.matches(before.labels)) concerned.push_back(at->first);
  }
  return concerned;
}

}  // namespace slipway::pods::workloads
