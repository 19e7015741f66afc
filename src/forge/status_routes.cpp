// Commit statuses as GitHub's REST API has them: POST and GET /api/v3/repos/{owner}/{repo}/...

#include "forge/names.hpp"
#include "forge/routes.hpp"
#include "net/http.hpp"

namespace slipway::forge {
namespace {

using Reply = std::shared_ptr<net::Responder>;

// GitHub's error body.
net::Response refusal(const Error& error) {
  const int status = error.code == Code::invalid_argument ? 422 : core::http_status(error.code);
  doc::Object body{{"message", error.one_line()}, {"status", std::to_string(status)}};
  return net::Response::json(status, std::move(body));
}

void answer(const Reply& reply, int status, const Result<doc::Value>& value) {
  reply->send(value ? net::Response::json(status, *value) : refusal(value.error()));
}

Result<doc::Value> post(Forge::State& state, const net::Request& request) {
  const auto& repository = request.parameters.at(1);
  TRY(state.require(repository));
  TRY_ASSIGN(const auto text, request.read_body());
  TRY_ASSIGN(const auto body, doc::parse_json(text, "<request body>"));
  CommitStatus status;
  status.state = body["state"].string_or("");
  status.context = body["context"].string_or("default");
  status.description = body["description"].string_or("");
  status.target_url = body["target_url"].string_or("");
  status.creator = request.header(net::principal_header);
  TRY_ASSIGN(const auto stored, state.statuses.set(repository, request.parameters.at(2), std::move(status)));
  return render(stored);
}

Result<doc::Value> list(Forge::State& state, const net::Request& request) {
  TRY(state.require(request.parameters.at(1)));
  TRY_ASSIGN(const auto statuses, state.statuses.list(request.parameters.at(1), request.parameters.at(2)));
  doc::Array items;
  for (const auto& status : statuses) items.push_back(render(status));
  return items;
}

Result<doc::Value> combined(Forge::State& state, const net::Request& request) {
  const auto& repository = request.parameters.at(1);
  TRY(state.require(repository));
  TRY_ASSIGN(const auto all, state.statuses.combined(repository, request.parameters.at(2)));
  doc::Array items;
  for (const auto& status : all.statuses) items.push_back(render(status));
  doc::Object body{
      {"state", all.state}, {"sha", request.parameters.at(2)}, {"total_count", std::int64_t(items.size())}};
  body.set("statuses", std::move(items));
  body.set("repository", doc::Object{{"name", repository}, {"full_name", request.parameters.at(0) + "/" + repository}});
  return body;
}

}  // namespace

void add_status_routes(net::Router& router, const std::shared_ptr<Forge::State>& state) {
  using Face = Result<doc::Value> (*)(Forge::State&, const net::Request&);
  const auto add = [&](std::string_view method, std::string_view rest, int status, Face face) {
    auto handler = [weak = std::weak_ptr(state), status, face](net::Request request, Reply reply) {
      if (const auto alive = weak.lock()) answer(reply, status, face(*alive, request));
    };
    router.add(method, "/api/v3/repos/{owner}/{repository}/" + std::string(rest), std::move(handler));
  };
  add("POST", "statuses/{commit}", 201, post);
  add("GET", "statuses/{commit}", 200, list);
  add("GET", "commits/{commit}/statuses", 200, list);
  add("GET", "commits/{commit}/status", 200, combined);
}

void Forge::add_routes(net::Router& router, Gatekeeper gatekeeper) {
  add_git_routes(router, state_, std::move(gatekeeper));
  add_status_routes(router, state_);
}

}  // namespace slipway::forge
