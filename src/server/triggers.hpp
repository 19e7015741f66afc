#pragma once
// What a push starts: the workflows of its commit that listen to its branch.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/world/world.hpp"
#include "forge/forge.hpp"

namespace slipway::workflow {
class Engine;
}

namespace slipway::server {

// Of the loop's thread. A workflow of one commit and branch runs once, or is refused once, however often its push is
// told; one that cannot be started because something of ours fails is tried again until it can.
class Triggers {
 public:
  // The context "vars" of a push's workflows.
  using Variables = std::function<std::map<std::string, std::string>(const forge::Push& push)>;
  // Everything outlives the Triggers.
  Triggers(core::World& world, forge::SourceRepository& source, workflow::Engine& engine, Variables variables);

  // `tell` hears what came of each workflow, a line each.
  void pushed(const forge::Push& push, forge::Tell tell);
  void stop() { alive_.reset(); }  // nothing is started any more

 private:
  using Lines = std::vector<std::string>;
  // False when the workflow does not listen to this push.
  bool start_workflow(const forge::Push& push, const forge::SourceFile& file, Lines& lines);

  core::World& world_;
  forge::SourceRepository& source_;
  workflow::Engine& engine_;
  Variables variables_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // what is under way may end after us
};

}  // namespace slipway::server
