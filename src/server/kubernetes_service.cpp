#include "server/kubernetes_service.hpp"

#include "net/addresses.hpp"
#include "objects/endpoints.hpp"
#include "objects/kinds.hpp"

namespace slipway::server {
namespace {

namespace kinds = objects::kinds;
using objects::Object;

using objects::endpoints_kind;
const objects::Name service_name{"default", "kubernetes"};

doc::Object port_named_https(int port) { return {{"name", "https"}, {"port", port}, {"protocol", "TCP"}}; }

Object render_service(const ApiAddress& address) {
  Object service = Object::make(kinds::service, service_name);
  service.set_label("component", "apiserver");
  service.set_label("provider", "kubernetes");
  auto port = port_named_https(443);
  port.set("targetPort", address.port);
  service.spec() = doc::Object{
      {"type", "ClusterIP"}, {"clusterIP", address.cluster_ip}, {"ports", doc::Array{doc::Value(std::move(port))}}};
  return service;
}

// No API server takes an address of loopback for an IP in a slice; as the name of a host it is one.
Object render_slice(const ApiAddress& address) {
  Object slice = Object::make(kinds::endpoint_slice, service_name);
  slice.set_label(objects::service_name_label, service_name.name);
  auto& document = slice.document();
  const bool is_ipv6 = address.host.contains(':');
  document.at_or_insert("addressType") = net::is_loopback(address.host) ? "FQDN" : is_ipv6 ? "IPv6" : "IPv4";
  document.at_or_insert("endpoints") =
      doc::Array{doc::Object{{"addresses", doc::Array{address.host}}, {"conditions", doc::Object{{"ready", true}}}}};
  document.at_or_insert("ports") = doc::Array{port_named_https(address.port)};
  return slice;
}

Object render_endpoints(const ApiAddress& address) {
  Object endpoints = Object::make(endpoints_kind, service_name);
  endpoints.set_label("endpointslice.kubernetes.io/skip-mirror", "true");
  endpoints.document().at_or_insert("subsets") =
      doc::Array{doc::Object{{"addresses", doc::Array{doc::Object{{"ip", address.host}}}},
                             {"ports", doc::Array{port_named_https(address.port)}}}};
  return endpoints;
}

// `current` says in `part` what `wanted` does, and in the rest what it said.
Result<> keep_part(objects::Store& store, const objects::Kind& kind, const Object& wanted, const char* part) {
  TRY(objects::modify(store, kind, wanted.name(), [&](Object& current) {
    if (objects::says_already(current.document()[part], wanted.document()[part])) return false;
    current.document().at_or_insert(part) = wanted.document()[part];
    return true;
  }));
  return {};
}

}  // namespace

KubernetesService::KubernetesService(core::World& world, objects::Store& store, ApiAddress address)
    : store_(store), address_(std::move(address)), controller_(world, store, "kubernetes-service", *this) {
  controller_.reconciles(kinds::service).reconciles(kinds::endpoint_slice).reconciles(endpoints_kind);
  controller_.watches(kinds::namespace_, [](const Object& space) {
    return space.name().name == service_name.ns ? std::vector{service_name} : std::vector<objects::Name>{};
  });
}

Result<objects::Outcome> KubernetesService::reconcile(const objects::Name& name) {
  if (name != service_name) return objects::Outcome{};
  TRY_ASSIGN(const auto space, store_.find(kinds::namespace_, {"", service_name.ns}));
  if (!space || space->is_being_deleted()) return objects::Outcome{};
  TRY(keep_service());
  TRY(keep_slice());
  TRY(keep_endpoints());
  return objects::Outcome{};
}

Result<> KubernetesService::keep_service() {
  Object wanted = render_service(address_);
  TRY_ASSIGN(const auto current, store_.find(kinds::service, service_name));
  if (current) {
    if (objects::says_already(current->spec()["ports"], std::as_const(wanted).spec()["ports"])) return {};
    auto next = *current;
    next.spec().at_or_insert("ports") = std::as_const(wanted).spec()["ports"];
    TRY(store_.update(std::move(next)));
    return {};
  }
  auto made = store_.create(wanted);
  if (made || made.error().code != Code::invalid_argument) return made ? Result<>() : fail(std::move(made).error());
  wanted.spec().as_object().erase("clusterIP");  // somebody else holds it
  TRY(store_.create(std::move(wanted)));
  return {};
}

Result<> KubernetesService::keep_slice() {
  Object wanted = render_slice(address_);
  TRY_ASSIGN(auto current, store_.find(kinds::endpoint_slice, service_name));
  if (current && current->document()["addressType"] != wanted.document()["addressType"]) {  // it never changes
    TRY(objects::remove_if_there(store_, kinds::endpoint_slice, service_name));
    current.reset();
  }
  if (!current) {
    TRY(store_.create(std::move(wanted)));
    return {};
  }
  TRY(keep_part(store_, kinds::endpoint_slice, wanted, "endpoints"));
  return keep_part(store_, kinds::endpoint_slice, wanted, "ports");
}

// Made empty, and then filled: no API takes new Endpoints with an address of loopback.
Result<> KubernetesService::keep_endpoints() {
  const Object wanted = render_endpoints(address_);
  TRY_ASSIGN(const auto current, store_.find(endpoints_kind, service_name));
  if (!current) {
    Object made = wanted;
    made.document().as_object().erase("subsets");
    TRY(store_.create(std::move(made)));
  }
  return keep_part(store_, endpoints_kind, wanted, "subsets");
}

}  // namespace slipway::server
