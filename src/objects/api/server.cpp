#include "objects/api/server.hpp"

#include <algorithm>

#include "objects/api/bindings.hpp"
#include "objects/api/body.hpp"
#include "objects/api/consult.hpp"
#include "objects/api/documents.hpp"
#include "objects/api/foreign.hpp"
#include "objects/api/metrics.hpp"
#include "objects/api/options.hpp"
#include "objects/api/output.hpp"
#include "objects/api/reads.hpp"
#include "objects/api/removals.hpp"
#include "objects/api/scale.hpp"
#include "objects/api/watches.hpp"
#include "objects/api/writes.hpp"
#include "objects/validation/warnings.hpp"

namespace slipway::objects::api {
namespace {

// More than any request may have (body.hpp): one that is too large is told so in the words of an API server.
constexpr std::size_t most_read = 4 * largest_body;

bool allows(const std::vector<std::string>& verbs, std::string_view verb) {
  return std::ranges::find(verbs, verb) != verbs.end();
}

std::string key_of(std::string_view group, std::string_view plural, std::string_view subresource) {
  return std::string(group) + "/" + std::string(plural) + "/" + std::string(subresource);
}

Failure not_allowed() { return method_not_allowed("the server does not allow this method on the requested resource"); }

// events.k8s.io shows the events of the core group.
ResourcePtr stored_as(const Catalog& catalog, const schema::Resource& resource) {
  if (resource.group == "events.k8s.io") return catalog.stored("", "Event");
  return catalog.stored(resource.group, resource.kind);
}

}  // namespace

struct ApiServer::State {
  explicit State(Context& c)
      : context(c),
        metrics(c.world, c.backend),
        documents(c.catalog, c.database),
        reads(c),
        writes(c),
        removals(c, writes),
        watches(c, metrics),
        scales(c, writes),
        foreign(c, [this](const CallPtr& call) { dispatch(call); }),
        bindings(c, writes) {}

  void handle(net::Request request, std::shared_ptr<net::Responder> responder);
  void answer_document(Call& call);
  void dispatch(const CallPtr& call);
  void connect(const CallPtr& call, const CallHandler& handler);
  void dispatch_subresource(const CallPtr& call, const schema::Subresource& subresource);
  Answer<> find_resource(Call& call) const;

  Context& context;
  Metrics metrics;
  Documents documents;
  Reads reads;
  Writes writes;
  Removals removals;
  Watches watches;
  Scales scales;
  ForeignVersions foreign;
  Bindings bindings;
  std::map<std::string, CallHandler, std::less<>> handlers;
  std::function<Answer<>(Call&)> authorizer;
};

ApiServer::ApiServer(Context& context) : state_(std::make_unique<State>(context)) {}
ApiServer::~ApiServer() = default;

void ApiServer::serve_subresource(std::string_view group, std::string_view plural, std::string_view subresource,
                                  CallHandler handler) {
  state_->handlers[key_of(group, plural, subresource)] = std::move(handler);
}

void ApiServer::serve_virtual(std::string_view group, std::string_view plural, CallHandler handler) {
  state_->handlers[key_of(group, plural, "")] = std::move(handler);
}

void ApiServer::set_authorizer(std::function<Answer<>(Call&)> authorizer) {
  state_->authorizer = std::move(authorizer);
}

void ApiServer::add_routes(net::Router& router) {
  const auto handler = [this](net::Request request, std::shared_ptr<net::Responder> responder) {
    state_->handle(std::move(request), std::move(responder));
  };
  for (const auto* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}) {
    for (const auto* path : {"/api", "/apis", "/api/v1", "/api/v1/{rest...}", "/apis/{rest...}"})
      router.add(method, path, handler, {.max_body = most_read});
  }
  for (const auto* path :
       {"/version", "/version/", "/healthz", "/livez", "/readyz", "/healthz/{rest...}", "/livez/{rest...}",
        "/readyz/{rest...}", "/openapi/v2", "/openapi/v3", "/openapi/v3/{rest...}", "/metrics"})
    router.add("GET", path, handler);
}

void ApiServer::State::handle(net::Request request, std::shared_ptr<net::Responder> responder) {
  auto call = std::make_shared<Call>();
  call->info = request_info_of(request);
  call->caller = caller_of(request);
  call->request = std::move(request);
  call->responder = std::move(responder);
  if (call->info.is_resource) {
    if (!context.catalog.has_group_version(call->info.group, call->info.version))
      return call->responder->send(net::Response::text(404, "404 page not found\n"));
    if (auto known = find_resource(*call); !known) return call->send(known.error());
  }
  metrics.measure(*call);
  if (authorizer) {
    if (auto allowed = authorizer(*call); !allowed) return call->send(allowed.error());
  }
  if (!call->info.is_resource) return answer_document(*call);
  dispatch(call);
}

void ApiServer::State::answer_document(Call& call) {
  if (call.request.path != "/metrics") return documents.answer(call.request, *call.responder);
  net::Response response;
  response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = metrics.render(context.catalog);
  call.responder->send(std::move(response));
}

Answer<> ApiServer::State::find_resource(Call& call) const {
  auto& info = call.info;
  const auto& catalog = context.catalog;
  call.resource = catalog.find_by_plural(info.group, info.version, info.plural);
  if (call.resource == nullptr) return refuse(no_such_path());
  call.stored = stored_as(catalog, *call.resource);
  if (call.stored == nullptr) call.stored = call.resource;
  if (auto why = validation::deprecation_of(*call.resource); !why.empty()) call.warn(std::move(why));
  call.kind = kind_of(*call.stored);
  if (!call.resource->namespaced && !info.ns.empty()) return refuse(no_such_path());
  // Without a namespace there are only the objects of all of them.
  const bool reads_all = info.name.empty() && (info.verb == Verb::list || info.verb == Verb::watch);
  if (call.resource->namespaced && info.ns.empty() && !reads_all && !(info.verb == Verb::create && info.name.empty())) {
    return refuse(no_such_path());
  }
  return {};
}

void ApiServer::State::dispatch(const CallPtr& call) {
  const auto& info = call->info;
  const auto& resource = *call->resource;
  if (!info.subresource.empty()) {
    const auto* subresource = resource.find_subresource(info.subresource);
    if (subresource == nullptr) return call->send(no_such_path());
    return dispatch_subresource(call, *subresource);
  }
  const std::string_view verb = name_of(info.verb);
  if (!allows(resource.verbs, verb) || (info.verb == Verb::create && !info.name.empty())) {
    return call->send(not_allowed());
  }
  if (auto fine = check_options(*call); !fine) return call->send(fine.error());
  if (ForeignVersions::concerns(context, *call)) return foreign.handle(call);
  if (const auto handler = handlers.find(key_of(info.group, info.plural, "")); handler != handlers.end())
    return handler->second(call);
  switch (info.verb) {
    case Verb::get:
      return reads.get(call);
    case Verb::list:
      return reads.list(call);
    case Verb::watch:
      return watches.open(call);
    case Verb::create:
      if (resource.namespaced && info.ns.empty()) return call->send(no_such_path());
      if (resource.is("", "Binding")) return bindings.create(call);
      return writes.create(call);
    case Verb::update:
      return writes.update(call);
    case Verb::patch:
      return writes.patch(call);
    case Verb::remove:
      return removals.remove(call);
    case Verb::remove_collection:
      return removals.remove_collection(call);
    case Verb::connect:
      break;
  }
  call->send(not_allowed());
}

// Not in the queue: what goes on record before something begins must be durable by then.
void ApiServer::State::connect(const CallPtr& call, const CallHandler& handler) {
  consult(context, writes.queue(), call, review_of_connection(*call), [this, call, &handler](const Answer<>& allowed) {
    if (!allowed) return call->send(allowed.error());
    context.world.loop.post([call, &handler] { handler(call); });
  });
}

void ApiServer::State::dispatch_subresource(const CallPtr& call, const schema::Subresource& subresource) {
  const auto& info = call->info;
  const auto handler = handlers.find(key_of(info.group, info.plural, info.subresource));
  if (handler != handlers.end()) {
    return info.verb == Verb::connect ? connect(call, handler->second) : handler->second(call);
  }
  const bool is_own = subresource.kind == call->resource->kind;  // the object's own fields
  if (info.verb == Verb::connect || !allows(subresource.verbs, name_of(info.verb))) return call->send(not_allowed());
  if (auto fine = check_options(*call); !fine) return call->send(fine.error());
  if (ForeignVersions::concerns(context, *call)) return foreign.handle(call);
  if (subresource.name == "scale") return scales.handle(call);
  if (subresource.name == "eviction") return removals.evict(call);
  if (subresource.name == "binding") return bindings.create(call);
  if (!is_own) return call->send(method_not_allowed("the server does not serve " + info.subresource + " here"));
  switch (info.verb) {
    case Verb::get:
      return reads.get(call);
    case Verb::update:
      return writes.update(call);
    case Verb::patch:
      return writes.patch(call);
    default:
      call->send(not_allowed());
  }
}

}  // namespace slipway::objects::api
