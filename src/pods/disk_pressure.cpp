#include "pods/disk_pressure.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "objects/kinds.hpp"

namespace slipway::pods {
namespace {

namespace kinds = objects::kinds;
using objects::Object;

constexpr Duration period = std::chrono::seconds(10);  // as a kubelet looks
constexpr std::uint64_t enough = std::uint64_t{512} * 1024 * 1024;
constexpr std::uint64_t least_part = 20;
constexpr const char* taint = "node.kubernetes.io/disk-pressure";

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes / 1024 / 1024) + " MiB"; }

}  // namespace

bool is_under_pressure(const volumes::Room& room, bool was_under_pressure) {
  const std::uint64_t least = std::min(room.total / least_part, enough);
  return room.free < (was_under_pressure ? least + least / 2 : least);
}

DiskPressure::DiskPressure(core::World& world, objects::Store& store, const volumes::VolumeDisk& disk,
                           std::string directory, std::string node, bool taints)
    : world_(world),
      store_(store),
      disk_(disk),
      directory_(std::move(directory)),
      node_(std::move(node)),
      taints_(taints),
      events_(world, store, "kubelet", node_) {}

DiskPressure::~DiskPressure() {
  if (timer_ != 0) world_.loop.cancel(timer_);
}

void DiskPressure::start() { look(); }

// A disk that is quite full takes no status either: it is told when it does.
void DiskPressure::look() {
  if (const auto room = disk_.room(directory_)) {
    if (auto said = tell(*room); !said)
      log::warn("pods", "disk pressure not told", {{"error", said.error().one_line()}});
  }
  timer_ = world_.loop.after(period, [this] { look(); });
}

Result<> DiskPressure::tell(const volumes::Room& room) {
  const objects::Name name{"", node_};
  TRY_ASSIGN(const auto found, store_.find(kinds::node, name));
  if (!found) return {};  // it is registered again
  const std::string told = found->condition_status("DiskPressure");
  const bool is_full = is_under_pressure(room, told == "True");
  if (taints_) TRY(set_taint(name, is_full));  // at every look: a kill may have come between the two
  if (told == (is_full ? "True" : "False")) return {};
  auto node = objects::modify_status(store_, kinds::node, name, [&](Object& changed) {
    changed.set_condition("DiskPressure", is_full ? "True" : "False",
                          is_full ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
                          is_full ? "kubelet has disk pressure: " + mebibytes(room.free) + " of " +
                                        mebibytes(room.total) + " are left for " + directory_
                                  : "kubelet has no disk pressure",
                          world_.clock.now());
    return true;
  });
  if (!node) return fail(std::move(node).error());
  if (told.empty() && !is_full) return {};
  events_.normal(*found, is_full ? "NodeHasDiskPressure" : "NodeHasNoDiskPressure",
                 "Node " + node_ + " status is now: " + (is_full ? "NodeHasDiskPressure" : "NodeHasNoDiskPressure"));
  return {};
}

Result<> DiskPressure::set_taint(const objects::Name& node, bool wanted) {
  TRY(objects::modify(store_, kinds::node, node, [&](Object& changed) {
    doc::Array taints;
    const doc::Value before = std::as_const(changed).spec()["taints"];
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i]["key"].string_or("") != taint) taints.push_back(before[i]);
    }
    if (wanted) taints.push_back(doc::Object{{"key", taint}, {"effect", "NoSchedule"}});
    if (doc::Value(taints) == before || (taints.empty() && before.is_null())) return false;
    changed.spec().at_or_insert("taints") = std::move(taints);
    return true;
  }));
  return {};
}

}  // namespace slipway::pods
