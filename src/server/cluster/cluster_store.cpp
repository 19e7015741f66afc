#include "server/cluster/cluster_store.hpp"

#include <algorithm>

#include "objects/kinds.hpp"
#include "pods/node.hpp"

namespace slipway::server {
namespace kinds = objects::kinds;
using objects::Kind;
using objects::Name;
using objects::Object;

namespace {

void send_to_own_node(doc::Value& pod_spec) {
  pod_spec.at_or_insert("schedulerName") = own_scheduler;
  auto& tolerations = pod_spec.at_or_insert("tolerations");
  if (!tolerations.is_array()) tolerations = doc::Array{};
  auto& list = tolerations.as_array();
  const bool is_there = std::ranges::any_of(
      list, [](const doc::Value& toleration) { return toleration["key"].string_or("") == pods::node_taint; });
  if (!is_there) list.push_back(doc::Object{{"key", pods::node_taint}, {"operator", "Exists"}});
}

}  // namespace

Object for_own_node(Object object) {
  const auto version = object.api_version();
  const bool is_pod = version == "v1" && object.kind() == kinds::pod.kind;
  const bool makes_pods =
      (version == "apps/v1" || version == "batch/v1") && std::as_const(object).spec()["template"]["spec"].is_object();
  if (is_pod) send_to_own_node(object.spec());
  if (makes_pods) send_to_own_node(object.spec().at_or_insert("template").at_or_insert("spec"));
  return object;
}

ClusterStore::ClusterStore(Store& store, std::function<Result<>()> may_write)
    : store_(store), may_write_(std::move(may_write)) {}

Result<Object> ClusterStore::get(const Kind& kind, const Name& name) { return store_.get(kind, name); }
Result<std::optional<Object>> ClusterStore::find(const Kind& kind, const Name& name) { return store_.find(kind, name); }
Result<objects::List> ClusterStore::list(const Kind& kind, const objects::ListOptions& options) {
  return store_.list(kind, options);
}

Result<Object> ClusterStore::create(Object object) {
  TRY(may_write_());
  return store_.create(for_own_node(std::move(object)));
}
Result<Object> ClusterStore::update(Object object) {
  TRY(may_write_());
  return store_.update(std::move(object));
}
Result<Object> ClusterStore::update_status(Object object) {
  TRY(may_write_());
  return store_.update_status(std::move(object));
}
Result<Object> ClusterStore::apply(Object object) {
  TRY(may_write_());
  return store_.apply(for_own_node(std::move(object)));
}
Result<Object> ClusterStore::bind(const Object& pod, const std::string& node, const std::string& finalizer) {
  TRY(may_write_());
  return store_.bind(pod, node, finalizer);
}
Result<> ClusterStore::remove(const Kind& kind, const Name& name, const objects::DeleteOptions& options) {
  TRY(may_write_());
  return store_.remove(kind, name, options);
}

Result<std::unique_ptr<objects::Watch>> ClusterStore::watch(const Kind& kind, const std::string& version,
                                                            std::function<void(const objects::WatchEvent&)> on_event) {
  return store_.watch(kind, version, std::move(on_event));
}

}  // namespace slipway::server
