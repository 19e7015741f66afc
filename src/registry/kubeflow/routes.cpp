#include "registry/kubeflow/routes.hpp"

#include <charconv>

namespace slipway::registry::kubeflow {
namespace {

using net::Request;
using Call = std::function<Result<Answer>(Service&, const Request&, const doc::Value& body, Dialect)>;
constexpr auto any_artifact = std::nullopt;

Result<Query> query_of(const Request& request) {
  for (const auto& [key, value] : request.query) {
    if (value.find('\0') != std::string::npos || value.find("\\u0000") != std::string::npos) {
      return fail(Code::invalid_argument, "null bytes are not allowed in " + key);
    }
  }
  Query query;
  query.name = request.parameter("name");
  query.external_id = request.parameter("externalId");
  query.parent = request.parameter("parentResourceId");
  query.artifact_type = request.parameter("artifactType");
  query.has_name = request.has_parameter("name");
  query.has_external_id = request.has_parameter("externalId");
  query.has_parent = request.has_parameter("parentResourceId");
  if (const auto size = request.parameter("pageSize"); !size.empty()) {
    std::int32_t value = 0;
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), value);
    if (error != std::errc() || end != size.data() + size.size() || value < 0) {
      return fail(Code::invalid_argument, "invalid pageSize \"" + std::string(size) + "\": bad request");
    }
    query.page_size = query.page.size = value;
  }
  const auto order = request.parameter("orderBy");
  if (order == "CREATE_TIME") query.page.order_by = OrderBy::created;
  if (order == "LAST_UPDATE_TIME") query.page.order_by = OrderBy::updated;
  query.page.descending = request.parameter("sortOrder") == "DESC";
  query.page.token = request.parameter("nextPageToken");
  if (!request.parameter("filterQuery").empty()) {
    return fail(Code::invalid_argument, "filterQuery is not supported yet: bad request");
  }
  return query;
}

Result<Answer> answer(Service& service, const Request& request, Dialect dialect, const Call& call) {
  doc::Value body;
  if (request.method == "POST" || request.method == "PATCH") {
    TRY_ASSIGN(const auto bytes, request.read_body());
    TRY_ASSIGN(body, doc::parse_json(bytes, "<request body>"));
  }
  return call(service, request, body, dialect);
}

void record_change(core::EventSink& events, const Request& request, const Answer& answer) {
  if (request.method == "GET") return;
  core::Event event;
  event.actor = request.header(net::principal_header);
  event.action = answer.status == 201 ? "created" : "changed";
  event.object = answer.body["name"].string_or("");
  event.detail = request.method + " " + request.path;
  events.record(std::move(event));
}

// One line a path: what is called with the request's parameters and query.
void add_paths(const std::function<void(std::string_view method, std::string_view path, Call)>& add) {
  using enum EntityKind;
  const auto creates = [](EntityKind kind) -> Call {
    return [kind](Service& s, const Request&, const doc::Value& body, Dialect d) { return s.create(kind, body, d); };
  };
  const auto gets = [](EntityKind kind) -> Call {
    return [kind](Service& s, const Request& q, const doc::Value&, Dialect d) {
      return s.get(kind, q.parameters.at(0), d);
    };
  };
  const auto patches = [](EntityKind kind) -> Call {
    return [kind](Service& s, const Request& q, const doc::Value& body, Dialect d) {
      return s.patch(kind, q.parameters.at(0), body, d);
    };
  };
  const auto finds = [](EntityKind kind) -> Call {
    return [kind](Service& s, const Request& q, const doc::Value&, Dialect d) -> Result<Answer> {
      TRY_ASSIGN(const auto query, query_of(q));
      return s.find(kind, query, d);
    };
  };
  const auto lists = [](EntityKind kind) -> Call {
    return [kind](Service& s, const Request& q, const doc::Value&, Dialect d) -> Result<Answer> {
      TRY_ASSIGN(const auto query, query_of(q));
      return s.list(kind, q.parameters.empty() ? std::string() : q.parameters.at(0), query, d);
    };
  };
  const auto creates_below = [](EntityKind kind) -> Call {
    return [kind](Service& s, const Request& q, const doc::Value& body, Dialect d) {
      return s.create_below(kind, q.parameters.at(0), body, d);
    };
  };
  const auto lists_artifacts = [](std::optional<EntityKind> owner, std::optional<EntityKind> only) -> Call {
    return [owner, only](Service& s, const Request& q, const doc::Value&, Dialect d) -> Result<Answer> {
      TRY_ASSIGN(const auto query, query_of(q));
      return s.list_artifacts(owner, q.parameters.empty() ? std::string() : q.parameters.at(0), only, query, d);
    };
  };
  const auto upserts = [](EntityKind owner) -> Call {
    return [owner](Service& s, const Request& q, const doc::Value& body, Dialect d) {
      return s.upsert_artifact(owner, q.parameters.at(0), body, d);
    };
  };

  struct Family {
    EntityKind kind;
    std::string_view one, many;
  };
  for (const auto& [kind, one, many] :
       {Family{registered_model, "/registered_model", "/registered_models"},
        Family{model_version, "/model_version", "/model_versions"}, Family{experiment, "/experiment", "/experiments"},
        Family{experiment_run, "/experiment_run", "/experiment_runs"}}) {
    const std::string each = std::string(many) + "/{id}";
    add("POST", many, creates(kind));
    add("GET", many, lists(kind));
    add("GET", each, gets(kind));
    add("PATCH", each, patches(kind));
    add("GET", one, finds(kind));
  }
  add("POST", "/registered_models/{id}/versions", creates_below(model_version));
  add("GET", "/registered_models/{id}/versions", lists(model_version));
  add("POST", "/experiments/{id}/experiment_runs", creates_below(experiment_run));
  add("GET", "/experiments/{id}/experiment_runs", lists(experiment_run));

  for (const auto owner : {model_version, experiment_run}) {
    const std::string path =
        owner == model_version ? "/model_versions/{id}/artifacts" : "/experiment_runs/{id}/artifacts";
    add("POST", path, upserts(owner));
    add("GET", path, lists_artifacts(owner, any_artifact));
  }
  for (const auto only : {std::optional<EntityKind>(), std::optional(model_artifact)}) {
    const std::string one = only ? "/model_artifact" : "/artifact";
    add("POST", one + "s", [only](Service& s, const Request&, const doc::Value& body, Dialect d) {
      return s.create_artifact(body, only, d);
    });
    add("GET", one + "s", lists_artifacts(std::nullopt, only));
    add("GET", one + "s/{id}", [only](Service& s, const Request& q, const doc::Value&, Dialect d) {
      return s.get_artifact(q.parameters.at(0), only, d);
    });
    add("PATCH", one + "s/{id}", [only](Service& s, const Request& q, const doc::Value& body, Dialect d) {
      return s.patch_artifact(q.parameters.at(0), body, only, d);
    });
    add("GET", one, [only](Service& s, const Request& q, const doc::Value&, Dialect d) -> Result<Answer> {
      TRY_ASSIGN(const auto query, query_of(q));
      return s.find_artifact(query, only, d);
    });
  }
}

}  // namespace

void add_routes(net::Router& router, std::shared_ptr<Service> service, core::EventSink& events) {
  for (const auto dialect : {Dialect::v1alpha3, Dialect::v1}) {
    const std::string base = dialect == Dialect::v1 ? "/api/model_registry/v1" : "/api/model_registry/v1alpha3";
    add_paths([&](std::string_view method, std::string_view path, Call call) {
      auto handler = [service, dialect, &events, call = std::move(call)](Request request,
                                                                         std::shared_ptr<net::Responder> reply) {
        const auto answered = answer(*service, request, dialect, call);
        if (answered) record_change(events, request, *answered);
        reply->send(answered ? json_response(answered->status, answered->body) : error_response(answered.error()));
      };
      router.add(method, base + std::string(path), std::move(handler));
    });
  }
}

}  // namespace slipway::registry::kubeflow
