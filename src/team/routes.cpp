#include <algorithm>
#include <charconv>

#include "net/http.hpp"
#include "team/audit.hpp"
#include "team/team.hpp"

namespace slipway::team {
namespace {

using net::Request;
using Reply = std::shared_ptr<net::Responder>;

doc::Value render_roles(const std::vector<std::string>& roles) {
  doc::Array list;
  for (const auto& role : roles) list.emplace_back(role);
  return list;
}

doc::Value render_person(const Person& person) {
  return doc::Object{
      {"id", person.id}, {"name", person.name}, {"roles", render_roles(person.roles)}, {"service", person.service}};
}

doc::Value render_event(const core::Event& event) {
  doc::Object entry{{"sequence", event.sequence}, {"time", core::render_rfc3339_micro(event.time)},
                    {"actor", event.actor},       {"action", event.action},
                    {"object", event.object},     {"digest", event.digest},
                    {"detail", event.detail}};
  entry.set("seconds", event.seconds < 0 ? doc::Value() : doc::Value(event.seconds));
  return entry;
}

// A whole number of the query, or `fallback` when it is not given.
Result<std::uint64_t> number_parameter(const Request& request, std::string_view name, std::uint64_t fallback) {
  if (!request.has_parameter(name)) return fallback;
  const auto text = request.parameter(name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    std::string message(name);
    message.append(" must be a whole number, not \"").append(text).append("\"");
    return fail(Code::invalid_argument, std::move(message));
  }
  return value;
}

Result<doc::Value> timeline(const AuditLog& audit, const Request& request) {
  AuditQuery query;
  query.newest = request.has_parameter("newest");
  TRY_ASSIGN(query.after, number_parameter(request, "after", 0));
  TRY_ASSIGN(const auto limit, number_parameter(request, query.newest ? "newest" : "limit", 100));
  query.limit = std::clamp<std::uint64_t>(limit, 1, 1000);
  query.actor = request.parameter("actor");
  query.object = request.parameter("object");
  query.action = request.parameter("action");
  TRY_ASSIGN(const auto page, audit.find(query));
  doc::Array items;
  for (const auto& event : page.events) items.push_back(render_event(event));
  return doc::Object{{"items", std::move(items)}, {"matching", page.matching}, {"last", audit.last_sequence()}};
}

Result<doc::Value> verify(const AuditLog& audit) {
  TRY_ASSIGN(const auto verified, audit.verify());
  return doc::Object{{"entries", verified.entries}, {"head", verified.head}};
}

doc::Value whoami(const Team& team, const Request& request) {
  const auto* person = team.find(request.header(net::principal_header));
  if (person == nullptr)
    return doc::Object{{"id", ""}, {"name", "nobody"}, {"roles", doc::Array{}}, {"service", false}};
  return render_person(*person);
}

Result<doc::Value> issue(Team& team, const Request& request) {
  TRY_ASSIGN(const auto text, request.read_body());
  TRY_ASSIGN(const auto body, doc::parse_json(text, "<request body>"));
  doc::Decoder d(body, "");
  const auto person = d.required_string("person");
  const auto label = d.string("label", "");
  const auto lifetime = d.duration("expiresIn", Duration(0));
  TRY(d.finish());
  TRY_ASSIGN(const auto token,
             team.issue_token(person, label, lifetime > Duration(0) ? std::optional(lifetime) : std::nullopt,
                              request.header(net::principal_header)));
  return doc::Object{{"id", token.id}, {"person", token.person}, {"token", token.secret}};
}

Result<doc::Value> tokens(const Team& team) {
  TRY_ASSIGN(const auto list, team.list_tokens());
  doc::Array items;
  for (const auto& token : list) {
    doc::Object item{{"id", token.id}, {"person", token.person}, {"label", token.label}};
    item.set("created", core::render_rfc3339(token.created));
    item.set("expires", token.expires ? doc::Value(core::render_rfc3339(*token.expires)) : doc::Value());
    item.set("revoked", token.revoked);
    items.push_back(std::move(item));
  }
  return doc::Object{{"items", std::move(items)}};
}

Result<doc::Value> revoke(Team& team, const Request& request) {
  const auto& id = request.parameters.at(0);
  TRY(team.revoke(id, request.header(net::principal_header)));
  return doc::Object{{"id", id}, {"revoked", true}};
}

void answer(const Reply& reply, int status, const Result<doc::Value>& value) {
  reply->send(value ? net::Response::json(status, *value) : net::error_response(value.error()));
}

}  // namespace

void add_routes(net::Router& router, Team& team, AuditLog& audit) {
  const std::string base = "/api/slipway/v1";
  router.add("GET", base + "/timeline", [&audit](Request q, Reply r) { answer(r, 200, timeline(audit, q)); });
  router.add("GET", base + "/timeline/verify", [&audit](Request, Reply r) { answer(r, 200, verify(audit)); });
  router.add("GET", base + "/whoami", [&team](Request q, Reply r) { answer(r, 200, whoami(team, q)); });
  router.add("GET", base + "/people", [&team](Request, Reply r) {
    doc::Array items;
    for (const auto& person : team.people()) items.push_back(render_person(person));
    answer(r, 200, doc::Value(doc::Object{{"items", std::move(items)}}));
  });
  router.add("GET", base + "/tokens", [&team](Request, Reply r) { answer(r, 200, tokens(team)); });
  router.add("POST", base + "/tokens", [&team](Request q, Reply r) { answer(r, 201, issue(team, q)); });
  router.add("DELETE", base + "/tokens/{id}", [&team](Request q, Reply r) { answer(r, 200, revoke(team, q)); });
}

}  // namespace slipway::team
