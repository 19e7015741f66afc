#pragma once
// Informer: one list and one watch of a kind for however many look at it. Holds the objects as the server last told
// them, goes on from the last version when the connection ends, and when that version is forgotten (410) lists again
// and tells the differences. Inside of objects.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
//
// Thread: the control loop only. Beginning and listing again block; everything else arrives as tasks of the loop.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "objects/kubernetes/event_lines.hpp"
#include "objects/kubernetes/lists.hpp"

namespace slipway::objects::kubernetes {

using OnEvent = std::function<void(const WatchEvent&)>;

// What every informer of a store needs; kept alive by whoever still watches.
struct Connection {
  Connection(core::World& w, std::unique_ptr<Wire> wire_to, KubeConfig config, GroupNames groups, Duration deadline,
             std::size_t page_size)
      : loop(w.loop),
        clock(w.clock),
        random(w.random),
        wire(std::move(wire_to)),
        credentials(w.clock, w.files, *wire, std::move(config)),
        rest(w.clock, w.random, *wire, credentials, deadline),
        names(rest, std::move(groups)),
        page(page_size) {}
  core::Loop& loop;
  core::Clock& clock;
  core::Random& random;
  std::unique_ptr<Wire> wire;
  Credentials credentials;
  Rest rest;
  KindNames names;
  std::size_t page;
};

class Informer : public std::enable_shared_from_this<Informer> {
 public:
  Informer(std::shared_ptr<Connection> connection, const Kind& kind);
  ~Informer();

  // With what is there now, which everybody who is added is told first.
  Result<> begin();
  // With what changes after that version, and without what was there. gone, invalid_argument.
  Result<> begin_after(const std::string& version);
  // Told on the loop, never inside this call, until the Watch is destroyed.
  std::unique_ptr<Watch> add(OnEvent on_event);

 private:
  using ObjectPtr = std::shared_ptr<const Object>;
  struct Watcher {
    OnEvent on_event;
    bool is_open = true;
    bool is_live = false;  // it was told what is there
  };
  class Ticket;

  std::string watch_path(const std::string& version, std::uint64_t seconds) const;
  void follow();
  void on_body(std::string_view bytes);
  void on_end(const Result<>& result);
  void take(EventLine line);
  void take_change(EventType type, Object object);
  void on_refusal(const Error& error, Duration wait);
  void list_again();
  void retry(const Error& error, bool lists, Duration wait = {});
  void drop_stream();
  void tell(EventType type, const ObjectPtr& object);

  std::shared_ptr<Connection> connection_;
  Kind kind_;
  std::map<Name, ObjectPtr> objects_;
  // Whether objects_ is all there is: not at first of an informer that began after a version.
  bool is_complete_ = true;
  std::string version_;

  std::unique_ptr<net::StreamHandle> stream_;
  std::uint64_t stream_number_ = 0;
  int status_ = 0;
  Duration retry_after_{};
  EventLines lines_;
  std::string refusal_;  // the body of a status other than 200
  core::Instant opened_;
  bool has_heard_ = false;  // something came over this stream
  int failures_ = 0;
  core::TimerId timer_ = 0;

  std::map<std::uint64_t, std::shared_ptr<Watcher>> watchers_;
  std::uint64_t next_watcher_ = 1;
};

}  // namespace slipway::objects::kubernetes
