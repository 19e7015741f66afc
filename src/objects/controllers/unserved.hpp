#pragma once
// Unserved: what this API keeps and nothing here acts on: whoever makes one is told by an Event, not by silence. Not
// for kinds whose status says so already (a claim that stays Pending, an autoscaler without metrics).
//
// Thread: the control loop only.

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "objects/event_recorder.hpp"

namespace slipway::objects::controllers {

class Unserved {
 public:
  Unserved(core::World& world, Store& store);
  Result<> start();

 private:
  void note(const Object& object, const char* sentence);

  core::World& world_;
  Store& store_;
  EventRecorder events_;
  std::set<std::string> told_;  // uids
  std::vector<std::unique_ptr<Watch>> watches_;
};

}  // namespace slipway::objects::controllers
