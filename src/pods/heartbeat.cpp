#include "pods/heartbeat.hpp"

#include "core/log.hpp"
#include "objects/kinds.hpp"

namespace slipway::pods {
namespace {

namespace kinds = objects::kinds;

constexpr Duration period = std::chrono::seconds(10);
constexpr std::int64_t lease_seconds = 40;  // what a kubelet says

}  // namespace

Heartbeat::Heartbeat(core::World& world, objects::Store& store, std::string node)
    : world_(world), store_(store), node_(std::move(node)) {}

Heartbeat::~Heartbeat() {
  if (timer_ != 0) world_.loop.cancel(timer_);
}

void Heartbeat::start() { beat(); }

void Heartbeat::beat() {
  if (auto done = renew(); !done)
    log::warn("pods", "the node's lease was not renewed", {{"node", node_}, {"error", done.error().one_line()}});
  timer_ = world_.loop.after(period, [this] { beat(); });
}

Result<> Heartbeat::renew() {
  const objects::Name name{"kube-node-lease", node_};
  TRY_ASSIGN(auto lease, store_.find(kinds::lease, name));
  const bool is_new = !lease;
  if (is_new) {
    TRY_ASSIGN(const auto node, store_.get(kinds::node, {"", node_}));
    lease = objects::Object::make(kinds::lease, name);
    lease->add_owner(node, false);
  }
  auto& spec = lease->spec();
  spec.at_or_insert("holderIdentity") = node_;
  spec.at_or_insert("leaseDurationSeconds") = lease_seconds;
  spec.at_or_insert("renewTime") = core::render_rfc3339_micro(world_.clock.now());
  TRY(is_new ? store_.create(std::move(*lease)) : store_.update(std::move(*lease)));
  return {};
}

}  // namespace slipway::pods
