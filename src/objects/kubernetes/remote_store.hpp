#pragma once
// RemoteStore: Store over the REST calls of a Kubernetes API server. Inside of objects; the door is
// kubernetes_store.hpp.
//
// Thread: the control loop only. Blocks.

#include <map>
#include <memory>
#include <set>
#include <string>

#include "objects/kubernetes/informer.hpp"
#include "objects/kubernetes_store.hpp"

namespace slipway::objects::kubernetes {

class RemoteStore final : public KubernetesStore {
 public:
  RemoteStore(core::World& world, std::unique_ptr<Wire> wire, KubeConfig config, KubernetesOptions options);

  Result<Object> get(const Kind& kind, const Name& name) override;
  Result<std::optional<Object>> find(const Kind& kind, const Name& name) override;
  Result<List> list(const Kind& kind, const ListOptions& options) override;
  Result<Object> create(Object object) override;
  Result<Object> update(Object object) override;
  Result<Object> update_status(Object object) override;
  Result<Object> apply(Object object) override;
  Result<Object> bind(const Object& pod, const std::string& node, const std::string& finalizer) override;
  Result<> remove(const Kind& kind, const Name& name, const DeleteOptions& options = {}) override;
  Result<std::unique_ptr<Watch>> watch(const Kind& kind, const std::string& resource_version,
                                       OnEvent on_event) override;
  Result<Object> apply_fields(Object object, const FieldOwner& owner) override;
  Result<Kind> find_kind(std::string_view api_version, std::string_view kind) override;
  Result<> install_definitions(std::vector<doc::Value> definitions) override;

 private:
  Result<Object> send(const Kind& kind, RestCall call, const Name& name);
  Result<Object> insert(const Kind& kind, const Object& object);
  Result<Object> put(const Kind& kind, Object object, std::string_view subresource);
  Result<Object> change(Object object, std::string_view subresource);
  Result<Object> put_status(const Kind& kind, Object object);
  Result<Object> with_status(const Kind& kind, const Object& given, Object made);
  std::string path(const Kind& kind, const Name& name, std::string_view subresource = {}) const;

  core::Clock& clock_;
  KubernetesOptions options_;
  std::shared_ptr<Connection> connection_;
  std::map<std::string, std::weak_ptr<Informer>> informers_;  // by path
  std::set<std::string> without_status_door_;                 // by path
};

}  // namespace slipway::objects::kubernetes
