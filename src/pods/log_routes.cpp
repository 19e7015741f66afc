// The log subresource of Pods over HTTP.

#include <charconv>

#include "objects/kinds.hpp"
#include "objects/rest.hpp"
#include "pods/node_state.hpp"

namespace slipway::pods {
namespace {

constexpr Duration look_again = std::chrono::milliseconds(150);

Result<std::optional<std::size_t>> number(const net::Request& request, std::string_view name) {
  const std::string_view text = request.parameter(name);
  if (text.empty()) return std::nullopt;
  std::size_t value = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || stop != text.data() + text.size()) {
    return fail(Code::invalid_argument, std::string(name) + "=\"" + std::string(text) + "\" is not a whole number");
  }
  return value;
}

bool flag(const net::Request& request, std::string_view name) {
  const std::string_view text = request.parameter(name);
  return text == "true" || text == "1";
}

Result<LogQuery> parse_query(const net::Request& request, Time now) {
  LogQuery query;
  TRY_ASSIGN(query.tail_lines, number(request, "tailLines"));
  TRY_ASSIGN(query.limit_bytes, number(request, "limitBytes"));
  TRY_ASSIGN(const auto seconds, number(request, "sinceSeconds"));
  if (seconds) query.since = now - std::chrono::seconds(*seconds);
  if (const auto time = request.parameter("sinceTime"); !time.empty()) {
    TRY_ASSIGN(query.since, core::parse_rfc3339(time));
  }
  query.previous = flag(request, "previous");
  query.timestamps = flag(request, "timestamps");
  return query;
}

// One follower: the log so far, then what comes, until the container has ended or the reader is gone.
class Follower : public std::enable_shared_from_this<Follower> {
 public:
  Follower(Node::State& node, ContainerId id, LogQuery query, std::shared_ptr<net::Responder> responder)
      : node_(node.weak_from_this()),
        id_(std::move(id)),
        query_(query),
        responder_(std::move(responder)),
        tail_(node.runtime.log_path(id_), true) {}

  void begin(const std::string& so_far) {
    responder_->begin(200, {{"Content-Type", "text/plain; charset=utf-8"}});
    query_.tail_lines.reset();
    query_.since.reset();
    if (so_far.empty() || responder_->write(so_far)) wait();
  }

 private:
  void wait() {
    const auto node = node_.lock();
    if (!node) return responder_->end();
    node->world.loop.after(look_again, [self = shared_from_this()] { self->look(); });
  }

  void look() {
    const auto node = node_.lock();
    if (!node) return responder_->end();
    const bool over = !node->runtime.inspect(id_).is_up();  // asked first: then the last lines are in the file
    while (responder_->is_open()) {
      const std::string lines = tail_.read_more();
      if (lines.empty()) return over ? responder_->end() : wait();
      if (!responder_->write(render_log(lines, query_))) return;
    }
  }

  std::weak_ptr<Node::State> node_;
  ContainerId id_;
  LogQuery query_;
  std::shared_ptr<net::Responder> responder_;
  LogTail tail_;
};

void answer(Node::State& node, const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
  const objects::Name pod{request.parameters.at(0), request.parameters.at(1)};
  const std::string container(request.parameter("container"));
  auto query = parse_query(request, node.world.clock.now());
  if (!query) return responder->send(objects::status_response(query.error()));
  auto id = node.find_log(pod, container, query->previous);
  if (!id) return responder->send(objects::status_response(id.error()));
  // The tail begins where the file ends now; nothing is written in between that both or neither would show, except
  // by the shim, which may add a line between the two: so the follower opens its tail first.
  std::shared_ptr<Follower> follower;
  const bool follows = flag(request, "follow") && !query->previous && !node.runtime.log_path(*id).empty();
  if (follows) follower = std::make_shared<Follower>(node, *id, *query, responder);
  auto cri = node.runtime.read_log(*id);
  if (!cri) return responder->send(objects::status_response(cri.error()));
  const std::string text = render_log(*cri, *query);
  if (follower) return follower->begin(text);
  responder->send(net::Response::text(200, text));
}

}  // namespace

void Node::add_routes(net::Router& router) {
  router.add(
      "GET", "/api/v1/namespaces/{ns}/pods/{name}/log",
      [weak = std::weak_ptr(state_)](const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
        if (const auto node = weak.lock()) return answer(*node, request, responder);
        responder->send(objects::status_response(Error(Code::unavailable, "the node is stopping")));
      });
}

}  // namespace slipway::pods
