#pragma once
// Tenant: a view of a store that others use, too, in which a test is alone: its namespaces, and its objects without
// one, have a suffix on the server that the test does not see. Takes away what it made.
//
// What documents say of namespaces and names in other places than their metadata stays as it is, but for Events.
//
// Thread: the store's.

#include <map>
#include <memory>
#include <set>
#include <string>

#include "objects/store.hpp"

namespace slipway::support {

class Tenant final : public objects::Store {
 public:
  Tenant(std::unique_ptr<objects::Store> shared, std::string suffix);

  core::Result<objects::Object> get(const objects::Kind& kind, const objects::Name& name) override;
  core::Result<std::optional<objects::Object>> find(const objects::Kind& kind, const objects::Name& name) override;
  core::Result<objects::List> list(const objects::Kind& kind, const objects::ListOptions& options) override;
  core::Result<objects::Object> create(objects::Object object) override;
  core::Result<objects::Object> update(objects::Object object) override;
  core::Result<objects::Object> update_status(objects::Object object) override;
  core::Result<objects::Object> apply(objects::Object object) override;
  core::Result<objects::Object> bind(const objects::Object& pod, const std::string& node,
                                     const std::string& finalizer) override;
  core::Result<> remove(const objects::Kind& kind, const objects::Name& name,
                        const objects::DeleteOptions& options) override;
  core::Result<std::unique_ptr<objects::Watch>> watch(
      const objects::Kind& kind, const std::string& version,
      std::function<void(const objects::WatchEvent&)> on_event) override;

 private:
  objects::Name there(const objects::Kind& kind, const objects::Name& name) const;
  objects::Object there(objects::Object object) const;
  // Nothing when it is another's.
  std::optional<objects::Object> here(objects::Object object) const;
  core::Result<objects::Object> here(core::Result<objects::Object> object) const;

  std::unique_ptr<objects::Store> shared_;
  std::string suffix_;
};

}  // namespace slipway::support
