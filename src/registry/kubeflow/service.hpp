#pragma once
// What the Kubeflow face does: create, change, find and list entities, each call one transaction. Answers are HTTP
// status and body.

#include "core/world/world.hpp"
#include "registry/kubeflow/codec.hpp"

namespace slipway::registry::kubeflow {

struct Answer {
  int status = 200;
  doc::Value body;
};

// The parts of a request that the service reads.
struct Query {
  std::string_view name, external_id, parent, artifact_type;  // of "find" and lists; "" when absent
  bool has_name = false, has_external_id = false, has_parent = false;
  Page page;
  std::int64_t page_size = 0;  // as asked for
};

class Service {
 public:
  Service(core::World world, storage::Database& database) : world_(world), database_(database) {}

  Result<Answer> create(EntityKind kind, const doc::Value& body, Dialect dialect);
  // Under its parent's path: an `id` in the body makes it an update.
  Result<Answer> create_below(EntityKind kind, std::string_view parent, const doc::Value& body, Dialect dialect);
  Result<Answer> create_artifact(const doc::Value& body, std::optional<EntityKind> only, Dialect dialect);
  // Upsert below a version or run: 201 for new model and doc artifacts, 200 for everything else.
  Result<Answer> upsert_artifact(EntityKind owner, std::string_view owner_id, const doc::Value& body, Dialect dialect);

  Result<Answer> get(EntityKind kind, std::string_view id, Dialect dialect);
  Result<Answer> get_artifact(std::string_view id, std::optional<EntityKind> only, Dialect dialect);
  Result<Answer> patch(EntityKind kind, std::string_view id, const doc::Value& body, Dialect dialect);
  Result<Answer> patch_artifact(std::string_view id, const doc::Value& body, std::optional<EntityKind> only,
                                Dialect dialect);
  Result<Answer> find(EntityKind kind, const Query& query, Dialect dialect);
  Result<Answer> find_artifact(const Query& query, std::optional<EntityKind> only, Dialect dialect);
  Result<Answer> list(EntityKind kind, std::string_view parent, const Query& query, Dialect dialect);
  Result<Answer> list_artifacts(std::optional<EntityKind> owner, std::string_view owner_id,
                                std::optional<EntityKind> only, const Query& query, Dialect dialect);

 private:
  std::int64_t now_ms() const;
  core::World world_;
  storage::Database& database_;
};

}  // namespace slipway::registry::kubeflow
