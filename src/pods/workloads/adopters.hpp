#pragma once
// Adopters: who of a kind selects an object by its labels, and so would take it when nobody controls it. A controller
// is woken by what its objects own; without this it would find an orphan only when something else happened to it. Knows
// the selectors, no more: whether an orphan is taken, claim() decides. Inside the room only.
//
// Thread: the control loop only.

#include <map>
#include <memory>

#include "objects/store.hpp"

namespace slipway::pods::workloads {

class Adopters {
 public:
  // Those of `kind`, by their spec.selector. The store outlives it.
  Adopters(objects::Store& store, const objects::Kind& kind) : store_(store), kind_(kind) {}
  Result<> start();
  std::vector<objects::Name> selecting(const objects::Object& object) const;
  // None when somebody controls it, or it is going, and none that selects everything.
  std::vector<objects::Name> of(const objects::Object& orphan) const;

 private:
  void note(const objects::WatchEvent& event);

  objects::Store& store_;
  objects::Kind kind_;
  std::map<objects::Name, objects::LabelSelector> selectors_;
  std::unique_ptr<objects::Watch> watch_;
};

}  // namespace slipway::pods::workloads
