#include "gateway/traffic/backends.hpp"

#include <algorithm>

#include "gateway/traffic/parse.hpp"
#include "objects/endpoints.hpp"

namespace slipway::gateway::traffic {
namespace {

void inherit(TrafficPolicy& policy, const TrafficPolicy& from) {
  if (!policy.load_balancer) policy.load_balancer = from.load_balancer;
  if (!policy.connection_pool) policy.connection_pool = from.connection_pool;
}

bool has_labels(const std::map<std::string, std::string>& labels, const std::map<std::string, std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& pair) {
    const auto found = labels.find(pair.first);
    return found != labels.end() && found->second == pair.second;
  });
}

std::string revision_of(const std::map<std::string, std::string>& labels) {
  for (const char* key :
       {"service.istio.io/canonical-revision", "rollouts-pod-template-hash", "app.kubernetes.io/version", "version"}) {
    if (const auto found = labels.find(key); found != labels.end() && !found->second.empty()) return found->second;
  }
  return "latest";
}

// The port of the Service: the one asked for, or its only one. nullptr with `problem` set otherwise.
const doc::Value* port_of(const objects::Object& service, int wanted, std::string& problem) {
  const doc::Value& ports = service.spec()["ports"];
  if (!ports.is_array() || ports.size() == 0) {
    problem = service.text() + " has no ports";
    return nullptr;
  }
  if (wanted == 0) {
    if (ports.size() > 1) problem = service.text() + " has several ports and the destination names none";
    return ports.size() == 1 ? &ports[0] : nullptr;
  }
  for (const doc::Value& port : ports.as_array()) {
    if (port["port"].int_or(0) == wanted) return &port;
  }
  problem = service.text() + " has no port " + std::to_string(wanted);
  return nullptr;
}

}  // namespace

Backends::Backends(const Inputs& inputs) : inputs_(inputs) {
  std::vector<const DestinationRule*> rules;
  for (const auto& [name, rule] : inputs.destination_rules) rules.push_back(&rule);
  // A rule beside its Service goes first; then the older one.
  const auto rank = [](const DestinationRule* r) {
    const auto service = resolve_host(r->host, r->name.ns);
    return std::tuple(!(service && service->ns == r->name.ns), r->created, r->name);
  };
  std::stable_sort(rules.begin(), rules.end(), [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
  for (const DestinationRule* rule : rules) {
    const auto service = resolve_host(rule->host, rule->name.ns);
    if (!service) continue;
    Policy& policy = policies_[*service];
    inherit(policy.top, rule->policy);
    for (const SubsetRule& subset : rule->subsets) policy.subsets.emplace(subset.name, subset);
  }
  for (const auto& [name, slice] : inputs.endpoint_slices) {
    const std::string service = slice.label(objects::service_name_label);
    if (!service.empty()) slices_[{name.ns, service}].push_back(&slice);
  }
}

std::size_t Backends::of(const Destination& destination, const std::string& ns, const std::string& object,
                         std::vector<Error>& warnings) {
  std::string hint;
  Backend backend = make(destination, ns, hint);
  const std::string key = backend.text();
  if (const auto found = by_text_.find(key); found != by_text_.end()) return found->second;
  if (!backend.problem.empty()) {
    warnings.push_back(Error(Code::not_found, backend.problem + ": its share is answered with 503", hint).on(object));
  }
  const std::size_t index = backends_.size();
  backends_.push_back(std::move(backend));
  by_text_.emplace(key, index);
  return index;
}

Backend Backends::make(const Destination& destination, const std::string& ns, std::string& hint) const {
  Backend backend;
  backend.port = destination.port;
  backend.subset = destination.subset;
  const auto name = resolve_host(destination.host, ns);
  if (!name) {
    backend.service = destination.host;
    backend.problem = "destination host \"" + destination.host + "\" is not the name of a Service";
    hint = "write \"service\" for one in the rule's namespace, or \"service.namespace.svc.cluster.local\"";
    return backend;
  }
  backend.ns = name->ns;
  backend.service = name->name;
  const auto service = inputs_.services.find(*name);
  if (service == inputs_.services.end()) {
    backend.problem = "there is no Service " + name->text();
    return backend;
  }
  const doc::Value* port = port_of(service->second, destination.port, backend.problem);
  if (!port) return backend;
  backend.port = static_cast<int>((*port)["port"].int_or(0));

  std::map<std::string, std::string> labels;
  const auto rules = policies_.find(*name);
  TrafficPolicy policy;
  if (!destination.subset.empty()) {
    const SubsetRule* subset = nullptr;
    if (rules != policies_.end()) {
      const auto found = rules->second.subsets.find(destination.subset);
      if (found != rules->second.subsets.end()) subset = &found->second;
    }
    if (!subset) {
      backend.problem =
          "no DestinationRule of Service " + name->text() + " has a subset \"" + destination.subset + "\"";
      return backend;
    }
    labels = subset->labels;
    policy = subset->policy;
  }
  if (rules != policies_.end()) inherit(policy, rules->second.top);
  if (policy.load_balancer) backend.load_balancer = *policy.load_balancer;
  if (policy.connection_pool) backend.connection_pool = *policy.connection_pool;
  add_endpoints(backend, (*port)["name"].string_or(""), labels);
  return backend;
}

void Backends::add_endpoints(Backend& backend, const std::string& port_name,
                             const std::map<std::string, std::string>& labels) const {
  const auto slices = slices_.find({backend.ns, backend.service});
  if (slices == slices_.end()) return;
  for (const objects::Object* slice : slices->second) {
    int target = 0;
    const doc::Value& ports = slice->document()["ports"];
    for (std::size_t i = 0; i < ports.size(); ++i) {
      if (ports[i]["name"].string_or("") == port_name) target = static_cast<int>(ports[i]["port"].int_or(0));
    }
    if (target == 0) continue;
    const doc::Value& endpoints = slice->document()["endpoints"];
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
      const doc::Value& e = endpoints[i];
      if (!e["conditions"]["ready"].bool_or(true)) continue;  // absent means ready
      Endpoint endpoint;
      std::map<std::string, std::string> pod_labels;
      if (e["targetRef"]["kind"].string_or("") == "Pod") {
        const objects::Name pod{e["targetRef"]["namespace"].string_or(backend.ns),
                                e["targetRef"]["name"].string_or("")};
        const auto found = inputs_.pods.find(pod);
        if (found != inputs_.pods.end()) pod_labels = found->second.labels();
        endpoint.pod = pod.text();
      }
      if (!has_labels(pod_labels, labels)) continue;
      if (const auto version = pod_labels.find("version"); version != pod_labels.end())
        endpoint.version = version->second;
      endpoint.revision = revision_of(pod_labels);
      endpoint.address = e["addresses"][0].string_or("");
      endpoint.port = target;
      if (!endpoint.address.empty()) backend.endpoints.push_back(std::move(endpoint));
    }
  }
  std::sort(backend.endpoints.begin(), backend.endpoints.end(), [](const Endpoint& a, const Endpoint& b) {
    return std::tie(a.pod, a.address, a.port) < std::tie(b.pod, b.address, b.port);
  });
  backend.endpoints.erase(std::unique(backend.endpoints.begin(), backend.endpoints.end()), backend.endpoints.end());
}

}  // namespace slipway::gateway::traffic
