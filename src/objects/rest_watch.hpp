#pragma once
// One GET ...?watch=true: a stream of {"type","object"} lines, until the client goes, is too slow, or its time is over.

#include <set>

#include "net/http.hpp"
#include "objects/store.hpp"

namespace slipway::objects {

struct WatchQuery {
  Kind kind;
  ListOptions filter;            // ns, labels, field_name
  std::string resource_version;  // "" and "0": current objects first
  std::optional<Duration> timeout;
};

// Who streams now. Control loop only.
class WatchSessions : public std::enable_shared_from_this<WatchSessions> {
 public:
  WatchSessions(Store& store, core::Loop& loop) : store_(store), loop_(loop) {}
  void open(WatchQuery query, std::shared_ptr<net::Responder> responder);

 private:
  struct Session;
  void on_event(Session& session, const WatchEvent& event);
  void close(std::uint64_t id);
  Store& store_;
  core::Loop& loop_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, std::shared_ptr<Session>> sessions_;
};

doc::Value status_value(const Error& error);

}  // namespace slipway::objects
