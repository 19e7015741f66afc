// Pods/proxy and services/proxy: an HTTP request through the API server to what runs in a Pod.

#include "objects/kinds.hpp"
#include "pods/connect/context.hpp"
#include "pods/connect/proxy_target.hpp"
#include "pods/workloads/endpoints.hpp"

namespace slipway::pods::connect {
namespace {

constexpr Duration head_timeout = std::chrono::minutes(10);

api::Failure unavailable(std::string message) {
  api::Failure failure;
  failure.code = 503;
  failure.reason = "ServiceUnavailable";
  failure.message = std::move(message);
  return failure;
}

// One request on its way and its answer back, as fast as the client reads it.
class Proxied final : public Session, public std::enable_shared_from_this<Proxied> {
 public:
  Proxied(ContextPtr context, api::CallPtr call) : context_(std::move(context)), call_(std::move(call)) {}

  void start(core::HttpRequest request) {
    const auto call = [weak = weak_from_this()](auto work) {
      if (const auto self = weak.lock(); self && !self->is_over_) work(*self);
    };
    net::StreamEvents events;
    events.on_head = [call](int status, const core::Headers& headers) {
      call([&](Proxied& self) {
        self.has_begun_ = true;
        self.call_->responder->begin(status, headers_for_client(headers));
      });
    };
    events.on_body = [call](std::string_view bytes) { call([&](Proxied& self) { self.on_body(bytes); }); };
    events.on_end = [call](core::Result<> how) { call([&](Proxied& self) { self.on_end(std::move(how)); }); };
    call_->responder->on_close([call] { call([](Proxied& self) { self.end(); }); });
    stream_ = context_->client->open(std::move(request), {}, std::move(events));
  }

 private:
  void on_body(std::string_view bytes) {
    auto& responder = *call_->responder;
    if (!responder.write(bytes)) return end();
    if (!responder.is_full() || std::exchange(is_paused_, true)) return;
    stream_->set_reading(false);
    responder.when_writable([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || !self->stream_) return;
      self->is_paused_ = false;
      self->stream_->set_reading(true);
    });
  }

  void on_end(core::Result<> how) {
    if (how) {
      call_->responder->end();
    } else if (!has_begun_) {
      call_->send(unavailable("error trying to reach service: " + how.error().one_line()));
    }  // else the connection is cut: the client must not take a part for the whole
    end();
  }

  void end() {
    if (std::exchange(is_over_, true)) return;
    call_->responder.reset();
    context_->sessions.remove(context_->world.loop, *this);
  }

  ContextPtr context_;
  api::CallPtr call_;
  std::unique_ptr<net::StreamHandle> stream_;
  bool has_begun_ = false;
  bool is_paused_ = false;
  bool is_over_ = false;
};

api::Answer<> forward(const ContextPtr& context, const api::CallPtr& call, bool is_https, const std::string& peer) {
  const auto target = proxied_target(call->request.target);
  if (!target) return api::refuse(api::bad_request("the path to proxy must be written plainly"));
  core::HttpRequest request;
  request.method = call->request.method;
  request.url = (is_https ? "https://" : "http://") + peer + *target;
  request.headers = headers_for_peer(call->request.headers);
  request.timeout = head_timeout;
  if (is_https) {  // as kube-apiserver: a Pod's certificate names no address
    core::TlsSettings tls;
    tls.insecure_skip_verify = true;
    request.tls = std::make_shared<const core::TlsSettings>(std::move(tls));
  }
  auto body = call->request.read_body();
  if (!body) return api::refuse(api::from_error(body.error()));
  request.body = std::move(*body);
  const auto session = std::make_shared<Proxied>(context, call);
  context->sessions.add(session);
  session->start(std::move(request));
  return {};
}

api::Answer<ProxyName> name_of(const api::Call& call) {
  auto name = parse_proxy_name(call.info.name);
  if (!name)
    return api::refuse(api::bad_request("invalid " + call.info.plural + " request \"" + call.info.name + "\""));
  return std::move(*name);
}

api::Answer<> to_pod(const ContextPtr& context, const api::CallPtr& call) {
  TRY_ANSWER(const auto name, name_of(*call));
  auto pod = context->store.find(objects::kinds::pod, {call->info.ns, name.name});
  if (!pod) return api::refuse(api::from_error(pod.error()));
  if (!*pod) return api::refuse(api::not_found(*call->resource, name.name));
  const std::string address = (*pod)->status()["podIP"].string_or("");
  const std::string phase = (*pod)->status()["phase"].string_or("Pending");
  if (address.empty() || phase == "Succeeded" || phase == "Failed")
    return api::refuse(api::bad_request("address not allowed: pod " + name.name + " does not run; it is " + phase));
  const auto port = pod_port(**pod, name);
  if (!port) return api::refuse(api::bad_request("invalid pod request \"" + call->info.name + "\""));
  return forward(context, call, name.is_https, address + ":" + std::to_string(*port));
}

api::Answer<> to_service(const ContextPtr& context, const api::CallPtr& call) {
  TRY_ANSWER(const auto name, name_of(*call));
  auto service = context->store.find(objects::kinds::service, {call->info.ns, name.name});
  if (!service) return api::refuse(api::from_error(service.error()));
  if (!*service) return api::refuse(api::not_found(*call->resource, name.name));
  const auto port = endpoint_port_name(**service, name.port);
  if (!port)
    return api::refuse(unavailable("no service port \"" + name.port + "\" found for service \"" + name.name + "\""));
  objects::ListOptions options;
  options.ns = call->info.ns;
  auto slices = context->store.list(objects::kinds::endpoint_slice, options);
  if (!slices) return api::refuse(api::from_error(slices.error()));
  std::vector<std::string> addresses;
  for (const auto& slice : slices->items) {
    if (slice.label(workloads::service_name_label) != name.name) continue;
    for (auto& address : ready_addresses(slice, *port)) addresses.push_back(std::move(address));
  }
  if (addresses.empty()) return api::refuse(unavailable("no endpoints available for service \"" + name.name + "\""));
  return forward(context, call, name.is_https, addresses[context->world.random.below(addresses.size())]);
}

}  // namespace

void serve_pod_proxy(const ContextPtr& context, const api::CallPtr& call) {
  if (auto sent = to_pod(context, call); !sent) call->send(sent.error());
}

void serve_service_proxy(const ContextPtr& context, const api::CallPtr& call) {
  if (auto sent = to_service(context, call); !sent) call->send(sent.error());
}

}  // namespace slipway::pods::connect
