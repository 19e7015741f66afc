#pragma once
// Uncontrolled: names and labels of what has no controller, of the kinds that somebody asked for. Controllers adopt
// from these what fits their selector; without it each look would read every object of the kind. Control loop only.

#include <map>
#include <memory>
#include <set>
#include <string>

#include "objects/backend.hpp"

namespace slipway::objects {

class Uncontrolled {
 public:
  explicit Uncontrolled(Backend& backend) : backend_(backend) {}
  // What matches, of one namespace or of all (""). The first call for a kind reads all of it; from then on changes keep
  // it up, each a task after it is durable. Errors are the backend's.
  Result<std::set<Name>> matching(const Kind& kind, const std::string& ns, const LabelSelector& selector);

 private:
  struct Index {
    std::map<Name, std::map<std::string, std::string>> labels;
    std::unique_ptr<ChangeWatch> watch;
    bool missed = false;  // a change: what it knows is worth nothing
  };
  Result<Index*> index_of(const Kind& kind);

  Backend& backend_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Index>> kinds_;  // by group and kind
};

}  // namespace slipway::objects
