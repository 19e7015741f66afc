#include "pods/workloads/adopters.hpp"

#include "pods/workloads/members.hpp"

namespace slipway::pods::workloads {

Result<> Adopters::start() {
  TRY_ASSIGN(watch_, store_.watch(kind_, "", [this](const objects::WatchEvent& event) { note(event); }));
  return {};
}

void Adopters::note(const objects::WatchEvent& event) {
  if (event.type == objects::EventType::bookmark) return;
  const doc::Value& written = event.object.spec()["selector"];
  const auto selector = objects::LabelSelector::from_value(written);
  const bool is_going = event.type == objects::EventType::deleted || event.object.is_being_deleted();
  if (is_going || written.is_null() || !selector) {
    selectors_.erase(event.object.name());
  } else {
    selectors_.insert_or_assign(event.object.name(), *selector);
  }
}

std::vector<objects::Name> Adopters::selecting(const objects::Object& object) const {
  const std::string ns = object.name().ns;
  const auto labels = object.labels();
  std::vector<objects::Name> found;
  for (auto at = selectors_.lower_bound({ns, ""}); at != selectors_.end() && at->first.ns == ns; ++at) {
    if (at->second.matches(labels)) found.push_back(at->first);
  }
  return found;
}

std::vector<objects::Name> Adopters::of(const objects::Object& orphan) const {
  if (is_controlled(orphan) || orphan.is_being_deleted()) return {};
  auto found = selecting(orphan);
  std::erase_if(found, [this](const objects::Name& name) { return selectors_.at(name).empty(); });
  return found;
}

}  // namespace slipway::pods::workloads
