#include "objects/api/documents.hpp"

#include "net/http.hpp"
#include "objects/api/failure.hpp"
#include "objects/discovery/version.hpp"
#include "storage/database.hpp"

namespace slipway::objects::api {
namespace {

void send(net::Responder& responder, const discovery::Answer& answer) {
  if (answer.document == nullptr && answer.status != 304 && answer.status != 301) {
    return responder.send(
        answer.status == 406
            ? not_acceptable("only the following media types are accepted: application/json").response()
            : net::Response::text(answer.status, "404 page not found\n"));
  }
  net::Response response;
  response.status = answer.status;
  if (!answer.content_type.empty()) response.headers.emplace_back("Content-Type", answer.content_type);
  response.headers.insert(response.headers.end(), answer.headers.begin(), answer.headers.end());
  if (answer.document != nullptr && answer.status == 200) response.body = answer.document->body;
  responder.send(std::move(response));
}

doc::Value version() {
  discovery::Build build;
  build.compiler = "gcc";
  build.platform = "linux/amd64";
  return discovery::version_document(build);
}

Result<> is_readable(storage::Database& database) {
  return database.read([](storage::Connection& connection) {
    return connection.query("SELECT count(*) FROM sqlite_master", {}, [](const storage::Row&) {});
  });
}

}  // namespace

// A server that answers on its loop is alive and ready, for it opens its socket last; only the disk may fail it later.
Documents::Documents(const Catalog& catalog, storage::Database& database)
    : discovery_(catalog),
      openapi_(catalog),
      health_{{.name = "ping"},
              {.name = "log"},
              {.name = "etcd", .look = [&database] { return is_readable(database); }},
              {.name = "informer-sync", .is_of_readiness = true},
              {.name = "shutdown", .is_of_readiness = true}} {}

void Documents::answer(const net::Request& request, net::Responder& responder) {
  const std::string_view path = request.path;
  if (path == "/version" || path == "/version/") return responder.send(net::Response::json(200, version()));
  if (auto health = answer_health(request, health_)) return responder.send(std::move(*health));
  if (path.starts_with("/openapi/")) return answer_openapi(request, responder);
  auto found = discovery_.get(path, request.header("Accept"), request.header("If-None-Match"));
  if (!found) return responder.send(net::Response::text(404, "404 page not found\n"));
  send(responder, *found);
}

void Documents::answer_openapi(const net::Request& request, net::Responder& responder) {
  auto found =
      openapi_.get(request.path, request.parameter("hash"), request.header("Accept"), request.header("If-None-Match"));
  if (!found) return responder.send(net::Response::text(404, "404 page not found\n"));
  send(responder, *found);
}

}  // namespace slipway::objects::api
