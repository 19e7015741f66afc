// The log subresource of Pods over HTTP.

#include <charconv>

#include "core/seconds.hpp"
#include "objects/kinds.hpp"
#include "objects/status.hpp"
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
  if (seconds)
    query.since = now - core::capped_seconds(static_cast<std::int64_t>(std::min<std::size_t>(*seconds, INT64_MAX)));
  if (const auto time = request.parameter("sinceTime"); !time.empty()) {
    TRY_ASSIGN(query.since, core::parse_rfc3339(time));
  }
  query.previous = flag(request, "previous");
  query.timestamps = flag(request, "timestamps");
  return query;
}

// One follower: the log so far, then what comes, until the container has ended or the reader is gone. A container that
// has not started yet is waited for.
class Follower : public std::enable_shared_from_this<Follower> {
 public:
  Follower(Node::State& node, objects::Name pod, ContainerId id, std::shared_ptr<net::Responder> responder)
      : node_(node.weak_from_this()),
        pod_(std::move(pod)),
        id_(std::move(id)),
        responder_(std::move(responder)),
        tail_(node.runtime.log_path(id_)) {}

  void begin(const LogQuery& query) {
    std::string so_far;
    for (std::string more = tail_.read_more(); !more.empty(); more = tail_.read_more()) so_far += more;
    query_.timestamps = query.timestamps;
    responder_->begin(200, {{"Content-Type", "text/plain; charset=utf-8"}});
    const std::string text = render_log(so_far, query);
    if (text.empty() || responder_->write(text)) wait();
  }

 private:
  void wait() {
    const auto node = node_.lock();
    if (!node) return responder_->end();
    node->world.loop.after(look_again, [self = shared_from_this()] { self->look(); });
  }

  bool is_over(Node::State& node) {
    const ContainerRecord record = node.runtime.inspect(id_);
    if (record.state != ContainerRecord::State::absent) was_seen_ = true;
    if (was_seen_) return !record.is_up();
    const auto pod = node.store.find(objects::kinds::pod, pod_);
    return !pod || !*pod || (*pod)->uid() != id_.pod_uid;
  }

  void look() {
    const auto node = node_.lock();
    if (!node) return responder_->end();
    const bool over = is_over(*node);  // asked first: then the last lines are in the file
    while (responder_->is_open()) {
      const std::string lines = tail_.read_more();
      if (lines.empty()) return over ? responder_->end() : wait();
      if (!responder_->write(render_log(lines, query_))) return;
    }
  }

  std::weak_ptr<Node::State> node_;
  objects::Name pod_;
  ContainerId id_;
  std::shared_ptr<net::Responder> responder_;
  LogQuery query_;
  LogTail tail_;
  bool was_seen_ = false;
};

void answer(Node::State& node, const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
  const objects::Name pod{request.parameters.at(0), request.parameters.at(1)};
  const std::string container(request.parameter("container"));
  auto query = parse_query(request, node.world.clock.now());
  if (!query) return responder->send(objects::status_response(query.error()));
  auto id = node.find_log(pod, container, query->previous);
  if (!id) return responder->send(objects::status_response(id.error()));
  if (flag(request, "follow") && !query->previous && !node.runtime.log_path(*id).empty()) {
    return std::make_shared<Follower>(node, pod, *id, responder)->begin(*query);
  }
  auto cri = node.runtime.read_log(*id);
  if (!cri) return responder->send(objects::status_response(cri.error()));
  responder->send(net::Response::text(200, render_log(*cri, *query)));
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
