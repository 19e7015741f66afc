#include "objects/controllers/unserved.hpp"

#include <array>

namespace slipway::objects::controllers {
namespace {

struct Row {
  Kind kind;
  const char* sentence;
};
constexpr std::array<Row, 2> rows{{
    {{"networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"},
     "nothing here limits traffic between Pods: they are processes of one machine"},
    {{"networking.k8s.io", "v1", "Ingress", "ingresses"},
     "no ingress controller is here: requests come through the gateway, by VirtualServices"},
}};

constexpr auto recent = std::chrono::hours(1);  // as long as Events are kept

}  // namespace

Unserved::Unserved(core::World& world, Store& store) : world_(world), store_(store), events_(world, store, "slipway") {}

Result<> Unserved::start() {
  watches_.clear();
  for (const Row& row : rows) {
    TRY_ASSIGN(auto watch, store_.watch(row.kind, "", [this, &row](const WatchEvent& event) {
      if (event.type == EventType::added) note(event.object, row.sentence);
      if (event.type == EventType::deleted) told_.erase(event.object.uid());
    }));
    watches_.push_back(std::move(watch));
  }
  return {};
}

// Whoever made it long ago was told then.
void Unserved::note(const Object& object, const char* sentence) {
  const auto created = object.created();
  const bool is_old = created && *created + recent <= world_.clock.now();
  if (is_old || object.is_being_deleted() || !told_.insert(object.uid()).second) return;
  events_.warn(object, "NotServed", sentence);
}

}  // namespace slipway::objects::controllers
