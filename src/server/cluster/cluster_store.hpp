#pragma once
// ClusterStore: the objects of a cluster as the rooms of one control plane see them. Nothing is written unless this
// control plane leads; and what becomes Pods is for the control plane's own node, which is one among others there.
// Inside server/ only.
//
// Thread: the store's.

#include <functional>
#include <memory>

#include "objects/store.hpp"

namespace slipway::server {

// What Pods of ours name as their scheduler, and our node runs.
inline constexpr std::string_view own_scheduler = "slipway";

class ClusterStore final : public objects::Store {
 public:
  // `may_write` is asked right before each write: an error says who leads instead. `store` outlives it.
  ClusterStore(objects::Store& store, std::function<Result<>()> may_write);

  Result<objects::Object> get(const objects::Kind& kind, const objects::Name& name) override;
  Result<std::optional<objects::Object>> find(const objects::Kind& kind, const objects::Name& name) override;
  Result<objects::List> list(const objects::Kind& kind, const objects::ListOptions& options) override;
  Result<objects::Object> create(objects::Object object) override;
  Result<objects::Object> update(objects::Object object) override;
  Result<objects::Object> update_status(objects::Object object) override;
  Result<objects::Object> apply(objects::Object object) override;
  Result<objects::Object> bind(const objects::Object& pod, const std::string& node,
                               const std::string& finalizer) override;
  Result<> remove(const objects::Kind& kind, const objects::Name& name, const objects::DeleteOptions& options) override;
  Result<std::unique_ptr<objects::Watch>> watch(const objects::Kind& kind, const std::string& version,
                                                std::function<void(const objects::WatchEvent&)> on_event) override;

 private:
  objects::Store& store_;
  std::function<Result<>()> may_write_;
};

// A Pod, or what a Deployment makes Pods from, for our node; everything else as it is. Pure.
objects::Object for_own_node(objects::Object object);

}  // namespace slipway::server
