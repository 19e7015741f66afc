#include "server/cluster/cluster_reads.hpp"

#include <algorithm>

#include "core/number.hpp"
#include "objects/api/request_info.hpp"
#include "objects/kinds.hpp"
#include "objects/status.hpp"
#include "pods/node.hpp"

namespace slipway::server {
namespace {

namespace kinds = objects::kinds;
using objects::api::RequestInfo;
using objects::api::Verb;

std::optional<objects::Kind> kind_of(const RequestInfo& info) {
  for (const auto& kind : kinds::all()) {
    if (kind.group == info.group && kind.version == info.version && kind.plural == info.plural) return kind;
  }
  return std::nullopt;
}

pods::LogQuery log_query_of(const net::Request& request) {
  pods::LogQuery query;
  query.tail_lines = core::parse_number<std::size_t>(request.parameter("tailLines"));
  query.previous = objects::api::is_true(request, "previous");
  return query;
}

struct Reads {
  objects::Store& store;
  pods::Node& node;
  std::string cluster_text;

  Result<net::Response> answer(const net::Request& request) const {
    const auto info = objects::api::request_info_of(request);
    const auto kind = info.is_resource ? kind_of(info) : std::nullopt;
    if (kind && info.subresource == "log" && *kind == kinds::pod) {
      TRY_ASSIGN(auto text, node.read_log({info.ns, info.name}, std::string(request.parameter("container")),
                                          log_query_of(request)));
      return net::Response::text(200, std::move(text));
    }
    const bool is_read = info.verb == Verb::get || info.verb == Verb::list;
    if (!kind || !is_read || !info.subresource.empty() || *kind == kinds::secret) return fail(elsewhere());
    if (info.verb == Verb::get) {
      TRY_ASSIGN(const auto object, store.get(*kind, {info.ns, info.name}));
      return net::Response::json(200, object.document());
    }
    return list(*kind, info.ns);
  }

  Result<net::Response> list(const objects::Kind& kind, const std::string& ns) const {
    objects::ListOptions options;
    options.ns = ns;
    TRY_ASSIGN(auto found, store.list(kind, options));
    doc::Array items;
    for (auto& object : found.items) items.push_back(std::move(object.document()));
    return net::Response::json(200, doc::Object{{"apiVersion", kind.api_version()},
                                                {"kind", std::string(kind.kind) + "List"},
                                                {"metadata", doc::Object{{"resourceVersion", found.resource_version}}},
                                                {"items", std::move(items)}});
  }

  Error elsewhere() const {
    return Error(Code::unimplemented, "the Kubernetes API of this platform is that of " + cluster_text,
                 "use kubectl with the cluster's own kubeconfig");
  }
};

}  // namespace

void add_cluster_reads(net::Router& router, objects::Store& store, pods::Node& node, std::string cluster_text) {
  const auto reads = std::make_shared<const Reads>(Reads{store, node, std::move(cluster_text)});
  for (const auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    for (const auto* path : {"/api/v1/{rest...}", "/apis/{rest...}"}) {
      router.add(method, path, [reads](const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
        auto answer = reads->answer(request);
        responder->send(answer ? std::move(*answer) : objects::status_response(answer.error()));
      });
    }
  }
}

}  // namespace slipway::server
