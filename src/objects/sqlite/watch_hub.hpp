#pragma once
// WatchHub: hands changes that are already durable to whoever watches, in order, on the loop, never inside the call
// that made the change. A watcher that begins in the past, or that cannot keep up, reads the ring page by page until it
// is at the present; one that the ring has passed is cut off. So each holds a bounded number of changes, whatever it
// does. Knows nothing of tables.

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "objects/backend.hpp"

namespace slipway::objects::sqlite {

using Changes = std::vector<std::shared_ptr<const Change>>;

// Control loop only.
class WatchHub {
 public:
  // Kept changes of a kind after a version, at most so many; an error cuts the watcher off.
  using ReadRing = std::function<Result<Changes>(const Kind&, std::int64_t after, std::size_t limit)>;

  // `version` is the last durable one. A watcher holds at most `longest_queue` changes that it was not told yet.
  WatchHub(core::Loop& loop, std::int64_t version, ReadRing read_ring, std::size_t longest_queue = 10'000);
  ~WatchHub();  // open watches stay valid and silent

  // `after` is at most version(). nullptr: changes of all kinds, which does not read the ring.
  std::unique_ptr<ChangeWatch> open(const Kind* kind, std::int64_t after, Backend::OnChange on_change);
  void publish(const std::shared_ptr<const Change>& change);
  // Of the last durable change.
  std::int64_t version() const;

 private:
  struct Watcher;
  struct Shared;
  class Handle;
  std::shared_ptr<Shared> shared_;
};

}  // namespace slipway::objects::sqlite
