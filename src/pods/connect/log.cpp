// Pods/log: what a container wrote, once or followed to its end.

#include "core/number.hpp"
#include "core/seconds.hpp"
#include "net/websocket_answer.hpp"
#include "objects/kinds.hpp"
#include "pods/connect/context.hpp"
#include "pods/connect/log_growth.hpp"
#include "pods/logs.hpp"

namespace slipway::pods::connect {
namespace {

constexpr std::size_t most_kept = 24 * 1024 * 1024;  // bytes: two files as shim/shim.cpp limits them, and some
const core::Headers plain_text = {{"Content-Type", "text/plain; charset=utf-8"}};

api::Answer<std::optional<std::size_t>> number(const net::Request& request, std::string_view name, std::size_t least) {
  const std::string_view text = request.parameter(name);
  if (text.empty()) return std::optional<std::size_t>();
  const auto value = core::parse_number<std::size_t>(text);
  if (!value || *value < least) {
    return api::refuse(api::bad_request(std::string(name) + ": Invalid value: \"" + std::string(text) +
                                        "\": must be a whole number, at least " + std::to_string(least)));
  }
  return value;
}

api::Answer<LogQuery> parse_query(const net::Request& request, Time now) {
  LogQuery query;
  TRY_ANSWER(query.tail_lines, number(request, "tailLines", 0));
  TRY_ANSWER(query.limit_bytes, number(request, "limitBytes", 1));
  TRY_ANSWER(const auto seconds, number(request, "sinceSeconds", 1));
  const auto since = request.parameter("sinceTime");
  if (seconds && !since.empty())
    return api::refuse(api::bad_request("at most one of `sinceTime` or `sinceSeconds` may be specified"));
  if (seconds)
    query.since = now - core::capped_seconds(static_cast<std::int64_t>(std::min<std::size_t>(*seconds, INT64_MAX)));
  if (!since.empty()) {
    auto time = core::parse_rfc3339(since);
    if (!time) return api::refuse(api::bad_request("sinceTime: " + time.error().one_line()));
    query.since = *time;
  }
  query.previous = api::is_true(request, "previous");
  query.timestamps = api::is_true(request, "timestamps");
  return query;
}

// One follower: the log so far, then what comes, until its writer has ended or the reader is gone.
class Follower final : public Session, public std::enable_shared_from_this<Follower> {
 public:
  Follower(Context& context, std::shared_ptr<net::Responder> responder, const std::string& path,
           std::function<bool()> is_over)
      : context_(context),
        responder_(std::move(responder)),
        is_over_(std::move(is_over)),
        tail_(path),
        growth_(context.world, context.options.notices, path, [this] { look(); }) {}

  // `id`: whose log it is.
  void begin(LogQuery query, const ContainerId& id) {
    context_.followers.add(shared_from_this(), id);
    responder_->on_close([weak = weak_from_this(), &loop = context_.world.loop] {
      loop.post([weak] {
        if (const auto self = weak.lock()) self->leave();
      });
    });
    growth_.expect();
    std::string so_far;  // what comes meanwhile is for later: a program may write faster than we read
    for (std::string more = tail_.read_more(); !more.empty(); more = tail_.read_more()) {
      so_far += more;
      if (so_far.size() > most_kept) break;
    }
    responder_->begin(200, plain_text);
    const std::string text = render_log(so_far, query, is_inside_line_);
    left_ = query.limit_bytes;
    query_.timestamps = query.timestamps;
    write(text);
    look();
  }

  void container_ended() override { look(); }

 private:
  void write(std::string_view text) {
    if (left_) {
      text = text.substr(0, *left_);
      *left_ -= text.size();
    }
    if (!text.empty()) responder_->write(text);
  }

  void leave() { context_.followers.remove(context_.world.loop, *this); }

  void end() {
    responder_->end();
    leave();
  }

  void go_on() {
    if (left_ && *left_ == 0) return end();
    if (!responder_->is_open()) return leave();
    is_paused_ = responder_->is_full();
    if (!is_paused_) return;
    responder_->when_writable([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->is_paused_ = false;
      self->look();
    });
  }

  void look() {
    if (is_paused_) return;
    if (!responder_->is_open()) return leave();
    growth_.expect();
    const bool over = is_over_();  // asked first: then the last lines are in the file
    const std::string lines = tail_.read_more();
    if (lines.empty() && over) return end();
    write(render_log(lines, query_, is_inside_line_));
    if (lines.empty() || responder_->is_full() || (left_ && *left_ == 0)) return go_on();
    context_.world.loop.post([weak = weak_from_this()] {  // others have their turn
      if (const auto self = weak.lock()) self->look();
    });
  }

  Context& context_;  // has this, as long as it lives
  std::shared_ptr<net::Responder> responder_;
  std::function<bool()> is_over_;
  LogQuery query_;
  bool is_inside_line_ = false;
  std::optional<std::size_t> left_;
  bool is_paused_ = false;  // the reader is slow
  LogTail tail_;
  LogGrowth growth_;
};

void send_text(const api::Call& call, std::string text) {
  net::Response response;
  response.headers = plain_text;
  response.body = std::move(text);
  call.responder->send(std::move(response));
}

// The attempt whose log is wanted; 400 when it wrote none yet.
api::Answer<ContainerId> attempt_of(const Context& context, const Target& target, bool previous) {
  ContainerId id = target.id;
  const std::string where = "container \"" + target.name() + "\" in pod \"" + target.pod.name().name + "\"";
  const Runtime& runtime = context.node->runtime;
  if (previous) {
    --id.attempt;
    if (id.attempt < 0 || runtime.inspect(id).state == ContainerRecord::State::absent)
      return api::refuse(api::bad_request("previous terminated " + where + " not found"));
    return id;
  }
  if (runtime.inspect(id).state == ContainerRecord::State::absent) {
    return api::refuse(api::bad_request(where + " is waiting to start: " + waiting_reason(target.pod, target.name())));
  }
  return id;
}

api::Answer<> answer_foreign(const ContextPtr& context, const api::Call& call, const std::string& file,
                             const LogQuery& query) {
  const std::string& name = call.info.name;
  if (file.empty()) {
    send_text(call, name +
                        " is a part of the control plane, which was started in the foreground: its log goes to the "
                        "terminal where slipway up was started.\n");
    return {};
  }
  if (query.previous) return api::refuse(api::bad_request("what ran before wrote to the same log"));
  if (api::is_true(call.request, "follow")) {
    std::make_shared<Follower>(*context, call.responder, file, [] { return false; })->begin(query, {});
    return {};
  }
  auto text = context->world.files.read(file);
  if (!text) return api::refuse(api::from_error(text.error()));
  send_text(call, render_log(*text, query));
  return {};
}

api::Answer<> answer(const ContextPtr& context, const api::CallPtr& call) {
  TRY_ANSWER(const auto pod, find_pod(*context, *call));
  TRY_ANSWER(const auto query, parse_query(call->request, context->world.clock.now()));
  TRY_ANSWER(const auto target, find_container(*context, pod, std::string(call->request.parameter("container"))));
  if (context->options.foreign_log) {
    if (const auto file = context->options.foreign_log(pod)) return answer_foreign(context, *call, *file, query);
  }
  TRY_ANSWER(const auto id, attempt_of(*context, target, query.previous));
  Runtime& runtime = context->node->runtime;
  const std::string path = runtime.log_path(id);
  if (api::is_true(call->request, "follow") && !query.previous && !path.empty()) {
    auto is_over = [weak = std::weak_ptr(context), id] {
      const auto alive = weak.lock();
      return !alive || !alive->node->runtime.inspect(id).is_up();
    };
    std::make_shared<Follower>(*context, call->responder, path, std::move(is_over))->begin(query, id);
    return {};
  }
  auto cri = runtime.read_log(id);
  if (!cri) return api::refuse(api::from_error(cri.error()));
  send_text(*call, render_log(*cri, query));
  return {};
}

}  // namespace

void serve_log(const ContextPtr& context, const api::CallPtr& call) {
  if (call->info.verb != api::Verb::get)
    return call->send(api::method_not_allowed("the server does not allow this method on the requested resource"));
  call->responder = net::answer_by_websocket(call->request, std::move(call->responder), net::WebSocket::Kind::binary,
                                             {"binary.k8s.io"});
  if (auto answered = answer(context, call); !answered) call->send(answered.error());
}

}  // namespace slipway::pods::connect
