#include "objects/webhooks/client.hpp"

#include "core/digest.hpp"
#include "objects/endpoints.hpp"
#include "objects/kinds.hpp"

namespace slipway::objects::webhooks {
namespace {

constexpr std::size_t largest_answer = 8UL * 1024 * 1024;

// Of a Service by its number, or null.
const doc::Value* find_port(const doc::Value& ports, std::int64_t number) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i]["port"].int_or(0) == number) return &ports[i];
  }
  return nullptr;
}

// "10.0.0.1:8443" of an endpoint that is ready, on the port of that name.
std::optional<std::string> ready_address(const doc::Value& slice, std::string_view port_name) {
  const auto& ports = slice["ports"];
  const auto& endpoints = slice["endpoints"];
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (!endpoints[i]["conditions"]["ready"].bool_or(true) || endpoints[i]["addresses"].size() == 0) continue;
    for (std::size_t k = 0; k < ports.size(); ++k) {
      if (ports[k]["name"].string_or("") != port_name) continue;
      const auto address = endpoints[i]["addresses"][std::size_t{0}].string_or("");
      const bool is_v6 = address.find(':') != std::string::npos;
      return (is_v6 ? "[" + address + "]" : address) + ":" + ports[k]["port"].string_or("");
    }
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> Client::address_of(const doc::Value& service) {
  const Name name{service["namespace"].string_or(""), service["name"].string_or("")};
  const auto number = service["port"].int_or(443);
  TRY_ASSIGN(const auto stored, context_.backend.find(kinds::service, name));
  if (!stored) return fail(Code::not_found, "service \"" + name.name + "\" not found");
  TRY_ASSIGN(const Object found, stored->parse());
  const auto* port = find_port(found.spec()["ports"], number);
  if (port == nullptr) {
    return fail(Code::not_found,
                "no service port " + std::to_string(number) + " found for service \"" + name.name + "\"");
  }
  const auto port_name = (*port)["name"].string_or("");
  std::optional<std::string> address;
  TRY(context_.backend.list(kinds::endpoint_slice, {name.ns, std::nullopt}, [&](const Stored& kept) {
    const auto slice = kept.parse();
    if (slice && slice->label(service_name_label) == name.name) address = ready_address(slice->document(), port_name);
    return !address;
  }));
  if (address) return std::move(*address);
  return fail(Code::unavailable, "no endpoints available for service \"" + name.name + "\"");
}

Result<core::HttpRequest> Client::request_to(const doc::Value& client_config, std::chrono::seconds timeout) {
  core::HttpRequest request;
  request.method = "POST";
  request.timeout = timeout;
  request.max_response = largest_answer;
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  core::TlsSettings tls;
  if (const auto bundle = client_config["caBundle"].string_or(""); !bundle.empty()) {
    TRY_ASSIGN(tls.ca, core::from_base64(bundle));
  }
  if (const auto url = client_config["url"].string_or(""); !url.empty()) {
    request.url = url;
  } else {
    const auto& service = client_config["service"];
    TRY_ASSIGN(const auto address, address_of(service));
    auto path = service["path"].string_or("");
    if (!path.starts_with('/')) path.insert(0, "/");
    request.url = "https://" + address + path;
    tls.server_name = service["name"].string_or("") + "." + service["namespace"].string_or("") + ".svc";
  }
  request.url += (request.url.find('?') == std::string::npos ? "?" : "&") + std::string("timeout=") +
                 std::to_string(timeout.count()) + "s";
  request.tls = std::make_shared<const core::TlsSettings>(std::move(tls));
  return request;
}

void Client::post(const doc::Value& client_config, std::chrono::seconds timeout, const doc::Value& body, Done done) {
  auto request = request_to(client_config, timeout);
  if (!request) {
    context_.world.loop.post(
        [done = std::move(done), error = std::move(request).error()]() mutable { done(fail(std::move(error))); });
    return;
  }
  request->body = doc::render_json(body);
  context_.world.http.send(std::move(*request), std::move(done));
}

}  // namespace slipway::objects::webhooks
