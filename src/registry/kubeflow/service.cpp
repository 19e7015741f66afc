#include "registry/kubeflow/service.hpp"

#include <charconv>

namespace slipway::registry::kubeflow {
namespace {

using storage::Connection;

std::string text(std::string_view view) { return std::string(view); }

Result<std::int64_t> parse_id(std::string_view id, std::string_view sentence) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), value);
  if (error != std::errc() || end != id.data() + id.size() || value < 0) {
    return fail(Code::invalid_argument, "invalid " + text(sentence) + " id \"" + text(id) + "\": bad request");
  }
  return value;
}

std::unexpected<Error> missing(std::string_view sentence, std::string_view id) {
  return fail(Code::not_found, "no " + text(sentence) + " found for id " + text(id) + ": not found");
}

Result<Entity> require_context(Connection& c, EntityKind kind, std::string_view id) {
  const auto& schema = schema_of(kind);
  TRY_ASSIGN(const auto number, parse_id(id, schema.sentence));
  TRY_ASSIGN(auto found, find_context(c, number));
  if (!found || found->kind != kind) return missing(schema.sentence, id);
  return std::move(*found);
}

Result<Entity> require_artifact(Connection& c, std::string_view id, std::optional<EntityKind> only) {
  TRY_ASSIGN(const auto number, parse_id(id, "artifact"));
  TRY_ASSIGN(auto found, registry::find_artifact(c, number));
  if (!found) return missing("artifact", id);
  if (only && found->kind != *only) {
    return fail(Code::not_found,
                "artifact with id " + text(id) + " is not a " + text(schema_of(*only).sentence) + ": not found");
  }
  return std::move(*found);
}

// A taken name or external id, in the words that clients know.
Result<> worded(Result<> stored, const Entity& entity) {
  if (stored || stored.error().code != Code::conflict) return stored;
  return fail(Code::already_exists,
              text(schema_of(entity.kind).sentence) + " with name " + entity.name + " already exists: conflict");
}

// Absent members stay as they are; customProperties are replaced as a whole.
void change(Entity& entity, Draft& draft, std::int64_t now) {
  for (auto& [key, value] : draft.fields) entity.fields.set(key, std::move(value));
  if (draft.external_id) entity.external_id = *draft.external_id;
  entity.updated = now;
}

Entity made_of(EntityKind kind, Draft& draft, std::int64_t now, core::World& world) {
  Entity entity;
  entity.kind = kind;
  entity.name = draft.name.value_or("");
  if (entity.name.empty()) entity.name = world.random.uuid();
  entity.external_id = draft.external_id.value_or("");
  entity.fields = std::move(draft.fields);
  entity.created = entity.updated = now;
  return entity;
}

Answer page_of(const EntityList& list, std::int64_t page_size, Dialect dialect) {
  doc::Array items;
  for (const auto& entity : list.items) items.push_back(render(entity, dialect));
  doc::Object body{{"nextPageToken", list.next_token}, {"pageSize", page_size}};
  body.set("size", static_cast<std::int64_t>(items.size()));
  body.set("items", std::move(items));
  return {200, std::move(body)};
}

Result<std::optional<EntityKind>> type_filter(const Query& query, std::optional<EntityKind> only) {
  if (query.artifact_type.empty()) return only;
  const auto* schema = find_artifact_schema(query.artifact_type);
  if (schema == nullptr) {
    return fail(Code::invalid_argument, text(query.artifact_type) + " is not a valid ArtifactTypeQueryParam");
  }
  return schema->kind;
}

}  // namespace

std::int64_t Service::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(world_.clock.now().time_since_epoch()).count();
}

Result<Answer> Service::create(EntityKind kind, const doc::Value& body, Dialect dialect) {
  const auto& schema = schema_of(kind);
  TRY_ASSIGN(auto draft, decode(schema, body, BodyKind::create, false));
  Entity entity = made_of(kind, draft, now_ms(), world_);
  TRY(database_.write([&](Connection& c) -> Result<> {
    if (!schema.parent.empty()) {
      const auto parent_kind =
          kind == EntityKind::model_version ? EntityKind::registered_model : EntityKind::experiment;
      TRY_ASSIGN(const auto parent, require_context(c, parent_kind, *draft.parent));
      entity.parent = parent.id;
    }
    return worded(insert(c, entity), entity);
  }));
  return Answer{201, render(entity, dialect)};
}

Result<Answer> Service::create_below(EntityKind kind, std::string_view parent, const doc::Value& body,
                                     Dialect dialect) {
  const auto& schema = schema_of(kind);
  TRY_ASSIGN(auto draft, decode(schema, body, BodyKind::full, false));
  if (draft.id) return patch(kind, *draft.id, body, dialect);
  Entity entity = made_of(kind, draft, now_ms(), world_);
  TRY(database_.write([&](Connection& c) -> Result<> {
    const auto parent_kind = kind == EntityKind::model_version ? EntityKind::registered_model : EntityKind::experiment;
    TRY_ASSIGN(const auto found, require_context(c, parent_kind, parent));
    entity.parent = found.id;
    return worded(insert(c, entity), entity);
  }));
  return Answer{201, render(entity, dialect)};
}

Result<Answer> Service::create_artifact(const doc::Value& body, std::optional<EntityKind> only, Dialect dialect) {
  const Schema* schema = only ? &schema_of(*only) : nullptr;
  if (schema == nullptr) {
    TRY_ASSIGN(schema, artifact_schema_of(body));
  }
  TRY_ASSIGN(auto draft, decode(*schema, body, BodyKind::create, !only));
  Entity entity = made_of(schema->kind, draft, now_ms(), world_);
  TRY(database_.write([&](Connection& c) { return worded(insert(c, entity), entity); }));
  return Answer{201, render(entity, dialect)};
}

Result<Answer> Service::upsert_artifact(EntityKind owner, std::string_view owner_id, const doc::Value& body,
                                        Dialect dialect) {
  TRY_ASSIGN(const auto* schema, artifact_schema_of(body));
  TRY_ASSIGN(auto draft, decode(*schema, body, BodyKind::full, true));
  const bool is_document = schema->kind == EntityKind::model_artifact || schema->kind == EntityKind::doc_artifact;
  int status = 200;
  Entity entity;
  TRY(database_.write([&](Connection& c) -> Result<> {
    TRY_ASSIGN(const auto parent, require_context(c, owner, owner_id));
    std::optional<Entity> existing;
    if (draft.id) {
      TRY_ASSIGN(auto found, require_artifact(c, *draft.id, std::nullopt));
      if (found.kind != schema->kind) {
        return fail(Code::invalid_argument,
                    "artifact with id " + *draft.id + " is not a " + text(schema->sentence) + ": bad request");
      }
      existing = std::move(found);
    } else if (!is_document && draft.name) {
      EntityFilter same;
      same.artifacts = true;
      same.kind = schema->kind;
      same.parent = parent.id;
      same.name = draft.name;
      TRY_ASSIGN(auto found, registry::list(c, same));
      if (!found.items.empty()) existing = std::move(found.items.front());
    }
    if (existing) {
      entity = std::move(*existing);
      change(entity, draft, now_ms());
      TRY(worded(update(c, entity), entity));
    } else {
      entity = made_of(schema->kind, draft, now_ms(), world_);
      entity.parent = parent.id;
      entity.parent_kind = parent.kind;
      entity.grandparent = parent.parent;
      if (is_document) status = 201;
      TRY(worded(insert(c, entity), entity));
    }
    return attach(c, parent.id, entity.id);
  }));
  return Answer{status, render(entity, dialect)};
}

Result<Answer> Service::get(EntityKind kind, std::string_view id, Dialect dialect) {
  Answer answer;
  TRY(database_.read([&](Connection& c) -> Result<> {
    TRY_ASSIGN(const auto entity, require_context(c, kind, id));
    answer.body = render(entity, dialect);
    return {};
  }));
  return answer;
}

Result<Answer> Service::get_artifact(std::string_view id, std::optional<EntityKind> only, Dialect dialect) {
  Answer answer;
  TRY(database_.read([&](Connection& c) -> Result<> {
    TRY_ASSIGN(const auto entity, require_artifact(c, id, only));
    answer.body = render(entity, dialect);
    return {};
  }));
  return answer;
}

Result<Answer> Service::patch(EntityKind kind, std::string_view id, const doc::Value& body, Dialect dialect) {
  TRY_ASSIGN(auto draft, decode(schema_of(kind), body, BodyKind::update, false));
  Answer answer;
  TRY(database_.write([&](Connection& c) -> Result<> {
    TRY_ASSIGN(auto entity, require_context(c, kind, id));
    change(entity, draft, now_ms());
    answer.body = render(entity, dialect);
    return worded(update(c, entity), entity);
  }));
  return answer;
}

Result<Answer> Service::patch_artifact(std::string_view id, const doc::Value& body, std::optional<EntityKind> only,
                                       Dialect dialect) {
  const Schema* schema = only ? &schema_of(*only) : nullptr;
  if (schema == nullptr) {
    TRY_ASSIGN(schema, artifact_schema_of(body));
  }
  TRY_ASSIGN(auto draft, decode(*schema, body, BodyKind::update, !only));
  Answer answer;
  TRY(database_.write([&](Connection& c) -> Result<> {
    TRY_ASSIGN(auto entity, require_artifact(c, id, only));
    if (entity.kind != schema->kind) {
      return fail(Code::invalid_argument,
                  "artifact with id " + text(id) + " is not a " + text(schema->sentence) + ": bad request");
    }
    change(entity, draft, now_ms());
    answer.body = render(entity, dialect);
    return worded(update(c, entity), entity);
  }));
  return answer;
}

Result<Answer> Service::find(EntityKind kind, const Query& query, Dialect dialect) {
  const auto& schema = schema_of(kind);
  const bool is_child = !schema.parent.empty();
  if (!query.has_external_id && (!query.has_name || (is_child && !query.has_parent))) {
    return fail(Code::invalid_argument,
                is_child
                    ? "invalid parameters call, supply either (name and parentResourceId), or externalId: bad request"
                    : "invalid parameters call, supply either name or externalId: bad request");
  }
  EntityFilter filter;
  filter.kind = kind;
  if (query.has_name) filter.name = text(query.name);
  if (query.has_external_id) filter.external_id = text(query.external_id);
  if (query.has_parent && is_child) {
    TRY_ASSIGN(filter.parent, parse_id(query.parent, schema.sentence));
  }
  EntityList found;
  TRY(database_.read([&](Connection& c) -> Result<> {
    TRY_ASSIGN(found, registry::list(c, filter));
    return {};
  }));
  if (found.items.size() == 1) return Answer{200, render(found.items.front(), dialect)};
  const std::string names = kind == EntityKind::model_version
                                ? "versionName=" + text(query.name) + ", registeredModelId=" + text(query.parent)
                            : kind == EntityKind::experiment_run
                                ? "name=" + text(query.name) + ", experimentId=" + text(query.parent)
                                : "name=" + text(query.name);
  return fail(Code::not_found, (found.items.empty() ? "no " : "multiple ") + text(schema.sentence) + "s found for " +
                                   names + ", externalId=" + text(query.external_id) + ": not found");
}

Result<Answer> Service::find_artifact(const Query& query, std::optional<EntityKind> only, Dialect dialect) {
  if (!query.has_external_id && !(query.has_name && query.has_parent)) {
    return fail(Code::invalid_argument,
                "invalid parameters call, supply either (artifactName and modelVersionId), or externalId: bad request");
  }
  EntityFilter filter;
  filter.artifacts = true;
  filter.kind = only;
  if (query.has_name) filter.name = text(query.name);
  if (query.has_external_id) filter.external_id = text(query.external_id);
  if (query.has_parent) {
    TRY_ASSIGN(filter.attached_to, parse_id(query.parent, "model version"));
  }
  EntityList found;
  TRY(database_.read([&](Connection& c) -> Result<> {
    TRY_ASSIGN(found, registry::list(c, filter));
    return {};
  }));
  if (found.items.size() == 1) return Answer{200, render(found.items.front(), dialect)};
  return fail(Code::not_found, (found.items.empty() ? "no " : "multiple ") +
                                   (only ? text(schema_of(*only).sentence) : text("artifact")) +
                                   "s found for name=" + text(query.name) + ", modelVersionId=" + text(query.parent) +
                                   ", externalId=" + text(query.external_id) + ": not found");
}

Result<Answer> Service::list(EntityKind kind, std::string_view parent, const Query& query, Dialect dialect) {
  EntityFilter filter;
  filter.kind = kind;
  EntityList found;
  TRY(database_.read([&](Connection& c) -> Result<> {
    if (!parent.empty()) {
      const auto parent_kind =
          kind == EntityKind::model_version ? EntityKind::registered_model : EntityKind::experiment;
      TRY_ASSIGN(const auto above, require_context(c, parent_kind, parent));
      filter.parent = above.id;
    }
    TRY_ASSIGN(found, registry::list(c, filter, query.page));
    return {};
  }));
  return page_of(found, query.page_size, dialect);
}

Result<Answer> Service::list_artifacts(std::optional<EntityKind> owner, std::string_view owner_id,
                                       std::optional<EntityKind> only, const Query& query, Dialect dialect) {
  EntityFilter filter;
  filter.artifacts = true;
  TRY_ASSIGN(filter.kind, type_filter(query, only));
  EntityList found;
  TRY(database_.read([&](Connection& c) -> Result<> {
    if (owner) {
      TRY_ASSIGN(const auto above, require_context(c, *owner, owner_id));
      filter.attached_to = above.id;
    }
    TRY_ASSIGN(found, registry::list(c, filter, query.page));
    return {};
  }));
  return page_of(found, query.page_size, dialect);
}

}  // namespace slipway::registry::kubeflow
