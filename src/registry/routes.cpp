// The registry's own API under /api/slipway/v1: blobs, and versions registered in one step.

#include "registry/kubeflow/routes.hpp"
#include "net/http.hpp"
#include "registry/registry.hpp"
#include "storage/blobs.hpp"

namespace slipway::registry {
namespace {

using net::Request;
using Reply = std::shared_ptr<net::Responder>;
constexpr std::size_t max_blob = 512ull * 1024 * 1024 * 1024;

std::string caller_of(const Request& request) { return std::string(request.header(net::principal_header)); }

void answer_stored(net::Responder& reply, const Result<storage::BlobStat>& stored) {
  if (!stored) return reply.send(net::error_response(stored.error()));
  reply.send(net::Response::json(201, doc::Object{{"digest", stored->digest.text()}, {"size", stored->size}}));
}

Result<storage::BlobStat> store_small(storage::BlobStore& blobs, const std::string& bytes) {
  TRY_ASSIGN(const auto digest, blobs.put(bytes));
  return storage::BlobStat{digest, bytes.size()};
}

// What net spooled to a file may be as large as a disk. The file is there for as long as `reply` is.
void store_blob(storage::BlobStore& blobs, core::BackgroundTasks& tasks, const Request& request, Reply reply) {
  if (request.body_file.empty()) return answer_stored(*reply, store_small(blobs, request.body));
  tasks.run([&blobs, file = request.body_file](std::stop_token stop) { return blobs.put_file(file, true, stop); },
            [reply = std::move(reply)](const Result<storage::BlobStat>& stored) { answer_stored(*reply, stored); });
}

Result<net::Response> find_blob(const storage::BlobStore& blobs, const Request& request) {
  TRY_ASSIGN(const auto digest, core::Digest::parse(request.parameters.at(0)));
  if (!blobs.contains(digest)) return fail(Code::not_found, "no blob " + digest.text() + " is stored here");
  return net::Response::json(200, doc::Object{{"digest", digest.text()}});
}

std::map<std::string, double> decode_metrics(doc::Decoder& d) {
  std::map<std::string, double> metrics;
  const auto& given = d.any("metrics");
  if (given.is_null()) return metrics;
  if (!given.is_object()) {
    d.add("metrics", "metrics must be an object of numbers");
    return metrics;
  }
  for (const auto& [name, value] : given.as_object()) {
    if (value.is_number()) {
      metrics[name] = value.as_double();
    } else {
      d.add("metrics", "metric " + name + " must be a number");
    }
  }
  return metrics;
}

Result<net::Response> register_version(Registry& registry, const Request& request) {
  TRY_ASSIGN(const auto text, request.read_body());
  TRY_ASSIGN(const auto body, doc::parse_json(text, "<request body>"));
  doc::Decoder d(body, "");
  Registration r;
  r.model = request.parameters.at(0);
  r.version = d.required_string("version");
  r.description = d.string("description");
  const auto weights = d.required_string("weights");
  r.format = d.required_string("format");
  r.commit = d.string("commit");
  r.repository = d.string("repository");
  r.run = d.scalar_text("run");
  r.author = caller_of(request);
  if (d.has("parameters")) r.parameters = d.any("parameters");
  if (d.has("config")) r.config = d.any("config");
  r.metrics = decode_metrics(d);
  TRY(d.finish());
  TRY_ASSIGN(r.weights, core::Digest::parse(weights));
  TRY_ASSIGN(const auto registered, registry.register_version(std::move(r)));
  return net::Response::json(registered.created ? 201 : 200, render(registered.record));
}

Result<net::Response> record_metrics(Registry& registry, const Request& request) {
  TRY_ASSIGN(const auto text, request.read_body());
  TRY_ASSIGN(const auto body, doc::parse_json(text, "<request body>"));
  doc::Decoder d(body, "");
  const auto metrics = decode_metrics(d);
  const auto run = d.scalar_text("run");
  TRY(d.finish());
  TRY_ASSIGN(const auto record, registry.record_metrics(request.parameters.at(0), request.parameters.at(1), metrics,
                                                        run, caller_of(request)));
  return net::Response::json(200, render(record));
}

doc::Value render_list(const std::vector<VersionRecord>& records) {
  doc::Array items;
  for (const auto& record : records) items.push_back(render(record));
  return doc::Object{{"items", std::move(items)}};
}

Result<net::Response> list_models(const Registry& registry, const Request&) {
  TRY_ASSIGN(const auto names, registry.list_models());
  TRY_ASSIGN(const auto records, registry.list_versions(""));
  doc::Array items;
  for (const auto& name : names) {
    doc::Array versions;
    for (const auto& record : records) {
      if (record.model == name) versions.emplace_back(record.version);
    }
    items.push_back(doc::Object{{"name", name}, {"versions", std::move(versions)}});
  }
  return net::Response::json(200, doc::Object{{"items", std::move(items)}});
}

Result<net::Response> list_versions(const Registry& registry, const Request& request) {
  TRY_ASSIGN(const auto records, registry.list_versions(request.parameters.at(0)));
  if (records.empty())
    return fail(Code::not_found, "there is no model \"" + request.parameters.at(0) + "\" with versions");
  return net::Response::json(200, render_list(records));
}

Result<net::Response> get_version(const Registry& registry, const Request& request) {
  TRY_ASSIGN(const auto record, registry.get_version(request.parameters.at(0), request.parameters.at(1)));
  return net::Response::json(200, render(record));
}

}  // namespace

void Registry::add_routes(net::Router& router) {
  using Face = std::function<Result<net::Response>(const Request&)>;
  const auto add = [&](std::string_view method, std::string_view path, Face face, net::RouteOptions options = {}) {
    auto handler = [face = std::move(face)](Request request, Reply reply) {
      auto answer = face(request);
      reply->send(answer ? std::move(*answer) : net::error_response(answer.error()));
    };
    router.add(method, "/api/slipway/v1" + std::string(path), std::move(handler), options);
  };
  net::RouteOptions large;
  large.max_body = max_blob;
  router.add(
      "POST", "/api/slipway/v1/blobs",
      [this](const Request& request, Reply reply) { store_blob(blobs_, tasks_, request, std::move(reply)); }, large);
  add("GET", "/blobs/{digest}", [this](const Request& q) { return find_blob(blobs_, q); });
  add("GET", "/models", [this](const Request& q) { return registry::list_models(*this, q); });
  add("GET", "/models/{model}/versions", [this](const Request& q) { return registry::list_versions(*this, q); });
  add("POST", "/models/{model}/versions", [this](const Request& q) { return registry::register_version(*this, q); });
  add("GET", "/models/{model}/versions/{version}",
      [this](const Request& q) { return registry::get_version(*this, q); });
  add("POST", "/models/{model}/versions/{version}/metrics",
      [this](const Request& q) { return registry::record_metrics(*this, q); });
  kubeflow::add_routes(router, std::make_shared<kubeflow::Service>(world_, database_), events_);
}

}  // namespace slipway::registry
