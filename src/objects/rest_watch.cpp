#include "objects/rest_watch.hpp"

namespace slipway::objects {
namespace {

std::string line(std::string_view type, const doc::Value& object) {
  doc::Object event{{"type", type}};
  event.set("object", object);
  return doc::render_json(doc::Value(std::move(event))) + "\n";
}

}  // namespace

struct WatchSessions::Session {
  WatchQuery query;
  std::shared_ptr<net::Responder> responder;
  std::unique_ptr<Watch> watch;
  core::TimerId timer = 0;
  std::set<std::string> shown;  // uids the client has, to tell it when one leaves its selector
  std::uint64_t id = 0;
};

void WatchSessions::open(WatchQuery query, std::shared_ptr<net::Responder> responder) {
  if (query.resource_version == "0") query.resource_version.clear();
  auto session = std::make_shared<Session>();
  session->id = next_id_++;
  session->query = std::move(query);
  session->responder = std::move(responder);
  session->responder->begin(200, {{"Content-Type", "application/json"}});
  // `session` owns the watch, so it lives whenever the callback runs.
  auto watch = store_.watch(session->query.kind, session->query.resource_version,
                            [this, raw = session.get()](const WatchEvent& event) { on_event(*raw, event); });
  if (!watch) {
    session->responder->write(line("ERROR", status_value(watch.error())));
    session->responder->end();
    return;
  }
  session->watch = std::move(*watch);
  const auto id = session->id;
  sessions_.emplace(id, session);
  session->responder->on_close([weak = weak_from_this(), id, loop = &loop_] {
    loop->post([weak, id] {
      if (const auto self = weak.lock()) self->close(id);
    });
  });
  if (session->query.timeout) {
    session->timer = loop_.after(*session->query.timeout, [weak = weak_from_this(), id] {
      if (const auto self = weak.lock()) self->close(id);
    });
  }
}

void WatchSessions::on_event(Session& session, const WatchEvent& event) {
  const auto& filter = session.query.filter;
  const auto name = event.object.name();
  if (!filter.ns.empty() && name.ns != filter.ns) return;
  if (filter.field_name && name.name != *filter.field_name) return;
  const auto uid = event.object.uid();
  const bool matches = filter.labels.matches(event.object.labels());
  const bool had = session.shown.contains(uid);
  std::string_view type;
  if (event.type == EventType::deleted) {
    if (!matches && !had) return;
    type = "DELETED";
  } else if (matches) {
    type = had || event.type == EventType::modified ? "MODIFIED" : "ADDED";
    // A client that resumed may hold the object already; one that did not cannot have seen it without a match.
    if (!had && event.type == EventType::modified && session.query.resource_version.empty()) type = "ADDED";
  } else {
    if (!had && session.query.resource_version.empty()) return;
    if (filter.labels.empty()) return;
    type = "DELETED";
  }
  if (type == "DELETED") {
    session.shown.erase(uid);
  } else {
    session.shown.insert(uid);
  }
  if (!session.responder->write(line(type, event.object.document()))) {
    // Not inside the watch's own callback.
    loop_.post([weak = weak_from_this(), id = session.id] {
      if (const auto self = weak.lock()) self->close(id);
    });
  }
}

void WatchSessions::close(std::uint64_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  const auto session = found->second;
  sessions_.erase(found);
  session->watch.reset();
  loop_.cancel(session->timer);
  session->responder->end();
}

}  // namespace slipway::objects
