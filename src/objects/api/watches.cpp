#include "objects/api/watches.hpp"

#include <algorithm>

#include "net/websocket_answer.hpp"
#include "objects/api/metrics.hpp"
#include "objects/api/options.hpp"
#include "objects/api/output.hpp"
#include "objects/api/reads.hpp"
#include "objects/api/selection.hpp"

namespace slipway::objects::api {
namespace {

constexpr auto bookmark_every = std::chrono::seconds(60);
constexpr auto shortest_watch = std::chrono::seconds(1800);  // when the client names no time; up to twice that
constexpr std::size_t initial_page = 64;                     // objects of the beginning that are sent in one task

}  // namespace

std::string event_line(std::string_view type, std::string_view object) {
  std::string line = "{\"type\":\"";
  return line.append(type).append("\",\"object\":").append(object).append("}\n");
}

// What sessions need of each other: nothing but to be found.
struct Watches::Shared {
  Context& context;
  Metrics& metrics;
  std::uint64_t next_id = 1;
  std::map<std::uint64_t, std::shared_ptr<Session>> sessions;
};

class Watches::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const std::shared_ptr<Shared>& shared, std::uint64_t id, CallPtr call, Selection selection, Output output)
      : shared_(shared),
        id_(id),
        call_(std::move(call)),
        selection_(std::move(selection)),
        output_(output),
        wants_bookmarks_(is_true(call_->request, "allowWatchBookmarks")),
        events_(shared->metrics.watch_events(*call_->resource)) {}

  // From that version on, or with everything that is there now in front.
  void begin(Context& context, std::optional<std::int64_t> after, bool with_present, bool marks_end) {
    call_->responder->begin(200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache, private"}});
    marks_end_ = marks_end;
    if (with_present) {
      send_present(context, std::nullopt);
    } else {
      follow(context, after);
    }
    schedule_bookmark(context);
  }

  void limit(Context& context, Duration time) {
    end_timer_ = context.world.loop.after(time, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->close();
    });
  }

  void close() {
    const auto shared = shared_.lock();
    if (shared == nullptr) return;
    const auto self = shared_from_this();  // until the end of this call
    if (shared->sessions.erase(id_) == 0) return;
    watch_.reset();
    shared->context.world.loop.cancel(end_timer_);
    shared->context.world.loop.cancel(bookmark_timer_);
    call_->responder->end();
  }

 private:
  // A page of what is there, then the next one in a task of its own: a thousand watchers that begin at once must not
  // keep the loop from everybody else. Changes meanwhile come after, from the version of the first page.
  void send_present(Context& context, std::optional<Name> after) {
    std::size_t sent = 0;
    bool more = false;
    const auto visit = [&](Stored stored) {
      if (sent == initial_page) {
        more = true;
        return false;
      }
      last_ = stored.name;
      if (const auto* only = selection_.only_name(); only != nullptr && stored.name.name != *only) return true;
      ++sent;
      auto object = stored.parse();
      if (object && selection_.matches(*object)) open_ = write("ADDED", *object, stored.body);
      return open_;
    };
    auto version = list_present(context, std::move(after), visit);
    if (!version) return refuse(from_error(version.error()));
    if (!began_) began_ = *version;
    if (!open_) return close_later(context);
    if (more) return go_on(context);
    if (marks_end_) bookmark(*began_, true);
    follow(context, began_);
  }

  // One name in one namespace is looked up: what else is there is not read.
  Result<std::int64_t> list_present(Context& context, std::optional<Name> after,
                                    const std::function<bool(Stored)>& visit) {
    const auto* only = selection_.only_name();
    if (only == nullptr || (call_->resource->namespaced && call_->info.ns.empty()))
      return context.backend.list(call_->kind, {call_->info.ns, std::move(after)}, visit);
    TRY_ASSIGN(auto found, context.backend.find(call_->kind, {call_->info.ns, *only}));
    if (found) visit(std::move(*found));
    return context.backend.version(call_->kind);
  }

  // Not before the client has read most of what was sent.
  void go_on(Context& context) {
    auto next = [weak = weak_from_this()] {
      const auto self = weak.lock();
      const auto shared = self ? self->shared_.lock() : nullptr;
      if (shared != nullptr) self->send_present(shared->context, self->last_);
    };
    auto& loop = context.world.loop;
    if (!call_->responder->is_full()) return loop.post(std::move(next));
    call_->responder->when_writable([&loop, next] { loop.post(next); });
  }

  void follow(Context& context, std::optional<std::int64_t> after) {
    auto watch = context.backend.watch(call_->kind, after,
                                       [this](const std::shared_ptr<const Change>& change) { on_change(change); });
    if (!watch) return refuse(from_error(watch.error()));
    watch_ = std::move(*watch);
  }

  void refuse(const Failure& failure) {
    call_->responder->write(event_line("ERROR", doc::render_json(failure.status())));
    if (const auto shared = shared_.lock()) close_later(shared->context);
  }

  void on_change(const std::shared_ptr<const Change>& change) {
    if (change == nullptr) {
      return refuse(expired("too old resource version: the watch fell behind; list again"));
    }
    if (!call_->info.ns.empty() && change->object.name().ns != call_->info.ns) return;
    const bool fits = selection_.matches(change->object);
    const bool is = fits && change->type != EventType::deleted;
    const bool was =
        change->type != EventType::added && (change->previous ? selection_.matches(*change->previous) : fits);
    if (!is && !was) return;
    const auto* type = is ? (was ? "MODIFIED" : "ADDED") : "DELETED";
    if (!write(type, change->object, change->body)) {
      if (const auto shared = shared_.lock()) close_later(shared->context);
    }
  }

  bool write(std::string_view type, const Object& object, std::string_view body) {
    if (output_.is_verbatim() && !call_->is_converted()) return send(event_line(type, body));
    auto shown = to_client(*call_, object.document());
    if (!shown) return true;
    return send(event_line(type, output_.event_object(*call_, *shown, !std::exchange(has_written_, true))));
  }

  bool send(const std::string& event) {
    events_.count.add();
    events_.sizes.observe(static_cast<double>(event.size()));
    return call_->responder->write(event);
  }

  void bookmark(std::int64_t version, bool ends_the_beginning) {
    doc::Object metadata{{"resourceVersion", std::to_string(version)}};
    if (!output_.is_table()) metadata.set("creationTimestamp", nullptr);
    if (ends_the_beginning) metadata.set("annotations", doc::Object{{"k8s.io/initial-events-end", "true"}});
    const doc::Value object = doc::Object{{"kind", call_->resource->kind},
                                          {"apiVersion", call_->resource->api_version()},
                                          {"metadata", std::move(metadata)}};
    const auto text = output_.is_verbatim() ? doc::render_json(object) : output_.event_object(*call_, object, false);
    send(event_line("BOOKMARK", text));
  }

  void schedule_bookmark(Context& context) {
    if (!wants_bookmarks_) return;
    bookmark_timer_ = context.world.loop.after(bookmark_every, [weak = weak_from_this()] {
      const auto self = weak.lock();
      const auto shared = self ? self->shared_.lock() : nullptr;
      if (shared == nullptr) return;
      if (self->watch_ != nullptr) self->bookmark(self->watch_->version(), false);
      self->schedule_bookmark(shared->context);
    });
  }

  // Not inside the watch's own callback.
  void close_later(Context& context) {
    context.world.loop.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->close();
    });
  }

  std::weak_ptr<Shared> shared_;
  std::uint64_t id_;
  CallPtr call_;
  Selection selection_;
  Output output_;
  bool wants_bookmarks_;
  Metrics::WatchEvents events_;
  bool marks_end_ = false;
  bool open_ = true;
  bool has_written_ = false;
  std::optional<std::int64_t> began_;
  Name last_;
  std::unique_ptr<ChangeWatch> watch_;
  core::TimerId end_timer_ = 0;
  core::TimerId bookmark_timer_ = 0;
};

Watches::Watches(Context& context, Metrics& metrics) : shared_(std::make_shared<Shared>(context, metrics)) {}
Watches::~Watches() {
  const auto sessions = shared_->sessions;
  for (const auto& [id, session] : sessions) session->close();
}

void Watches::choose_transport(Call& call) {
  call.responder = net::answer_by_websocket(call.request, std::move(call.responder), net::WebSocket::Kind::text,
                                            {"binary.k8s.io", "base64.binary.k8s.io"});
}

void Watches::open(CallPtr call) {
  auto& context = shared_->context;
  choose_transport(*call);
  auto output = Output::of_watch(*call, context.world.clock.now());
  if (!output) return call->send(output.error());
  auto selection = Selection::of(*call);
  if (!selection) return call->send(selection.error());
  const auto version = number_of(*call, "resourceVersion");
  const auto seconds = number_of(*call, "timeoutSeconds");
  auto current = context.backend.version(call->kind);
  if (!current) return call->send(from_error(current.error()));
  if (auto known = check_version(*call, *current); !known) return call->send(known.error());

  const bool wants_initial = is_true(call->request, "sendInitialEvents");
  const bool says_initial = call->request.has_parameter("sendInitialEvents");
  const bool from_the_beginning = says_initial ? wants_initial : !version || *version == 0;
  const auto id = shared_->next_id++;
  const auto session = std::make_shared<Session>(shared_, id, call, std::move(*selection), *output);
  shared_->sessions.emplace(id, session);
  call->responder->on_close([weak = std::weak_ptr<Session>(session), loop = &context.world.loop] {
    loop->post([weak] {
      if (const auto gone = weak.lock()) gone->close();
    });
  });
  auto time = shortest_watch + Duration(context.world.random.below(Duration(shortest_watch).count()));
  if (seconds && *seconds != 0) {  // less than nothing is over at once
    constexpr std::int64_t longest = 365LL * 24 * 3600;
    time = std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, longest));
  }
  session->limit(context, time);
  const std::optional<std::int64_t> after = version && *version > 0 ? *version : *current;
  session->begin(context, after, from_the_beginning, wants_initial && is_true(call->request, "allowWatchBookmarks"));
}

}  // namespace slipway::objects::api
