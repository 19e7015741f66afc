#pragma once
// Bodies of Kubeflow Model Registry: what clients send, decoded as strictly as its server does; entities rendered as
// its clients expect. Pure.

#include <optional>
#include <string>

#include "core/doc.hpp"
#include "net/http.hpp"
#include "registry/entities/entities.hpp"

namespace slipway::registry::kubeflow {

enum class Dialect { v1alpha3, v1 };  // v1 writes Metric.step as text

enum class BodyKind {
  create,  // no id, no times
  full,    // an entity as it is shown: id and times may be there
  update,  // name, id, times and parents are ignored
};

// What a body said. Members that were absent or null are absent here.
struct Draft {
  std::optional<std::string> id, name, external_id, parent;
  doc::Object fields;  // given fields and customProperties
};
// Errors carry the HTTP status by their code: see error_response. `lenient` lets unknown members pass, as the real
// server does inside artifacts.
Result<Draft> decode(const Schema& schema, const doc::Value& body, BodyKind kind, bool lenient);

// The artifact type that a body names; invalid_argument when it names none.
Result<const Schema*> artifact_schema_of(const doc::Value& body);

doc::Value render(const Entity& entity, Dialect dialect);

net::Response json_response(int status, const doc::Value& value);  // sorted keys, charset=UTF-8
// {"code": "Not Found", "message": ...}. invalid_argument 400, not_found 404, conflict and already_exists 409,
// failed_precondition 422 (which says "Bad Request", as the real one does), everything else 500.
net::Response error_response(const Error& error);

}  // namespace slipway::registry::kubeflow
