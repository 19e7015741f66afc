#include "objects/kubernetes/informer.hpp"

#include "core/log.hpp"
#include "net/http.hpp"
#include "objects/kubernetes/status_error.hpp"

namespace slipway::objects::kubernetes {
namespace {

constexpr std::uint64_t shortest_watch = 300;      // seconds; up to twice that, so that not all of them end at once
constexpr auto silence = std::chrono::minutes(3);  // bookmarks come about once a minute: longer, and nobody is there
constexpr auto head_timeout = std::chrono::seconds(30);
constexpr auto peek_patience = std::chrono::milliseconds(150);
constexpr auto first_pause = std::chrono::milliseconds(800);
constexpr auto last_pause = std::chrono::seconds(30);
constexpr auto short_lived = std::chrono::seconds(1);
constexpr std::size_t longest_refusal = 64 * 1024;

}  // namespace

// Ends one watch, and the informer with the last of them.
class Informer::Ticket final : public Watch {
 public:
  Ticket(std::shared_ptr<Informer> informer, std::uint64_t id, std::shared_ptr<Watcher> watcher)
      : informer_(std::move(informer)), id_(id), watcher_(std::move(watcher)) {}
  ~Ticket() override {
    watcher_->is_open = false;
    informer_->watchers_.erase(id_);
  }

 private:
  std::shared_ptr<Informer> informer_;
  std::uint64_t id_;
  std::shared_ptr<Watcher> watcher_;
};

Informer::Informer(std::shared_ptr<Connection> connection, const Kind& kind)
    : connection_(std::move(connection)), kind_(kind) {}

Informer::~Informer() {
  if (timer_ != 0) connection_->loop.cancel(timer_);
}

Result<> Informer::begin() {
  auto& c = *connection_;
  TRY_ASSIGN(auto list, list_all(c.rest, c.names, kind_, {}, c.page));
  for (auto& item : list.items) {
    auto name = item.name();
    objects_.insert_or_assign(std::move(name), std::make_shared<const Object>(std::move(item)));
  }
  version_ = std::move(list.resource_version);
  follow();
  return {};
}

Result<> Informer::begin_after(const std::string& version) {
  if (version.find_first_not_of("0123456789") != std::string::npos) {
    return fail(Code::invalid_argument, "resourceVersion \"" + version + "\" is not one of an API server");
  }
  is_complete_ = false;
  version_ = version;
  auto& c = *connection_;
  RestCall call;
  call.path = watch_path(version, shortest_watch);
  TRY_ASSIGN(auto request, c.rest.request(call, head_timeout));
  TRY_ASSIGN(auto peek, c.wire->peek(std::move(request), peek_patience));
  if (peek.status == 401 && c.credentials.renew()) {
    TRY_ASSIGN(auto renewed, c.rest.request(call, head_timeout));
    TRY_ASSIGN(peek, c.wire->peek(std::move(renewed), peek_patience));
  }
  const auto where = "GET " + c.names.path(kind_, "");
  if (peek.status != 200) return fail(error_of_response(peek.status, peek.bytes, where));
  EventLines lines;
  lines.add(peek.bytes);
  TRY_ASSIGN(const auto first, lines.next());
  if (first && first->type == "ERROR") {
    return fail(error_of_status(first->object, static_cast<int>(first->object["code"].int_or(500)), where));
  }
  follow();
  return {};
}

std::unique_ptr<Watch> Informer::add(OnEvent on_event) {
  auto watcher = std::make_shared<Watcher>();
  watcher->on_event = std::move(on_event);
  const auto id = next_watcher_++;
  watchers_.emplace(id, watcher);
  watcher->is_live = !is_complete_;
  if (watcher->is_live) return std::make_unique<Ticket>(shared_from_this(), id, std::move(watcher));
  connection_->loop.post([weak = weak_from_this(), watcher] {
    const auto self = weak.lock();
    if (!self || !watcher->is_open) return;
    watcher->is_live = true;
    const auto there = self->objects_;
    for (const auto& [name, object] : there) {
      if (!watcher->is_open) return;
      watcher->on_event({EventType::added, *object});
    }
  });
  return std::make_unique<Ticket>(shared_from_this(), id, std::move(watcher));
}

std::string Informer::watch_path(const std::string& version, std::uint64_t seconds) const {
  return connection_->names.path(kind_, "") +
         "?watch=true&allowWatchBookmarks=true&resourceVersion=" + net::url_encode(version) +
         "&timeoutSeconds=" + std::to_string(seconds);
}

void Informer::follow() {
  auto& c = *connection_;
  drop_stream();
  RestCall call;
  call.path = watch_path(version_, shortest_watch + c.random.below(shortest_watch));
  auto request = c.rest.request(call, head_timeout);
  if (!request) return retry(request.error(), false);
  net::StreamOptions options;
  options.idle_timeout = silence;
  net::StreamEvents events;
  events.on_head = [weak = weak_from_this()](int status, const core::Headers& headers) {
    const auto self = weak.lock();
    if (!self) return;
    self->status_ = status;
    self->retry_after_ = retry_after(headers);
    self->opened_ = self->connection_->clock.monotonic();
  };
  events.on_body = [weak = weak_from_this()](std::string_view bytes) {
    if (const auto self = weak.lock()) self->on_body(bytes);
  };
  events.on_end = [weak = weak_from_this()](const Result<>& result) {
    if (const auto self = weak.lock()) self->on_end(result);
  };
  stream_ = c.wire->open(std::move(*request), options, std::move(events));
}

void Informer::drop_stream() {
  ++stream_number_;
  stream_.reset();
  status_ = 0;
  retry_after_ = {};
  lines_.clear();
  refusal_.clear();
  has_heard_ = false;
}

void Informer::on_body(std::string_view bytes) {
  if (status_ != 200) {
    refusal_ += bytes.substr(0, longest_refusal - std::min(longest_refusal, refusal_.size()));
    return;
  }
  lines_.add(bytes);
  const auto stream = stream_number_;
  // A line may end this stream and begin another.
  while (stream_number_ == stream) {
    auto line = lines_.next();
    if (!line) return retry(line.error(), false);
    if (!*line) return;
    has_heard_ = true;
    failures_ = 0;
    take(std::move(**line));
  }
}

void Informer::on_end(const Result<>& result) {
  auto& c = *connection_;
  const auto where = "GET " + c.names.path(kind_, "");
  if (status_ != 0 && status_ != 200) return on_refusal(error_of_response(status_, refusal_, where), retry_after_);
  if (status_ == 0 && !result) return retry(result.error(), false);
  // Its time was over, or the way to the server ended: go on where we are, at once unless it was for nothing.
  const bool was_useful = status_ == 200 && (has_heard_ || c.clock.monotonic() - opened_ >= short_lived);
  if (was_useful) return follow();
  retry(result ? Error(Code::unavailable, where + ": the watch ended at once") : result.error(), false);
}

void Informer::on_refusal(const Error& error, Duration wait) {
  if (error.code == Code::gone) return list_again();
  if (error.code == Code::unauthenticated) connection_->credentials.renew();
  retry(error, false, wait);
}

void Informer::take(EventLine line) {
  if (line.type == "ERROR") {
    const auto& status = line.object;
    return on_refusal(error_of_status(status, static_cast<int>(status["code"].int_or(500)),
                                      "GET " + connection_->names.path(kind_, "")),
                      std::chrono::seconds(status["details"]["retryAfterSeconds"].int_or(0)));
  }
  const auto version = line.object["metadata"]["resourceVersion"].string_or("");
  if (!version.empty()) version_ = version;
  if (line.type == "BOOKMARK") return;
  connection_->names.from_server(kind_, line.object);
  const auto type = line.type == "DELETED" ? EventType::deleted
                    : line.type == "ADDED" ? EventType::added
                                           : EventType::modified;
  take_change(type, Object(std::move(line.object)));
}

// What the server says, told as a history without gap or repetition of the object.
void Informer::take_change(EventType type, Object object) {
  auto now = std::make_shared<const Object>(std::move(object));
  const auto name = now->name();
  const auto found = objects_.find(name);
  if (type == EventType::deleted) {
    const bool was_known = found != objects_.end();
    if (was_known) objects_.erase(found);
    if (was_known || !is_complete_) tell(type, now);
    return;
  }
  if (found == objects_.end()) {
    objects_.emplace(name, now);
    return tell(is_complete_ ? EventType::added : type, now);
  }
  const auto before = found->second;
  if (before->uid() == now->uid() && before->resource_version() == now->resource_version()) return;
  found->second = now;
  if (before->uid() == now->uid()) return tell(EventType::modified, now);
  tell(EventType::deleted, before);
  tell(EventType::added, now);
}

void Informer::list_again() {
  auto& c = *connection_;
  drop_stream();
  log::info("objects", "a watch is too old and begins with a list", {{"kind", kind_.kind}});
  auto list = list_all(c.rest, c.names, kind_, {}, c.page);
  if (!list) return retry(list.error(), true);
  std::map<Name, ObjectPtr> before = std::exchange(objects_, {});
  for (auto& item : list->items) {
    auto name = item.name();
    objects_.insert_or_assign(std::move(name), std::make_shared<const Object>(std::move(item)));
  }
  version_ = std::move(list->resource_version);
  is_complete_ = true;
  const auto now = objects_;
  for (const auto& [name, object] : before) {
    const auto found = now.find(name);
    if (found == now.end() || found->second->uid() != object->uid()) tell(EventType::deleted, object);
  }
  for (const auto& [name, object] : now) {
    const auto found = before.find(name);
    const bool is_new = found == before.end() || found->second->uid() != object->uid();
    if (is_new) {
      tell(EventType::added, object);
    } else if (found->second->resource_version() != object->resource_version()) {
      tell(EventType::modified, object);
    }
  }
  follow();
}

void Informer::retry(const Error& error, bool lists, Duration wait) {
  auto& c = *connection_;
  drop_stream();
  ++failures_;
  wait = std::max(wait, back_off(failures_, first_pause, last_pause, c.random));
  log::warn("objects", "a watch of the API server broke off and will be tried again",
            {{"kind", kind_.kind}, {"error", error.one_line()}, {"in", core::render_for_people(wait)}});
  if (timer_ != 0) c.loop.cancel(timer_);
  timer_ = c.loop.after(wait, [weak = weak_from_this(), lists] {
    const auto self = weak.lock();
    if (!self) return;
    self->timer_ = 0;
    if (lists) return self->list_again();
    self->follow();
  });
}

void Informer::tell(EventType type, const ObjectPtr& object) {
  const auto watchers = watchers_;
  for (const auto& [id, watcher] : watchers) {
    if (watcher->is_open && watcher->is_live) watcher->on_event({type, *object});
  }
}

}  // namespace slipway::objects::kubernetes
