#pragma once
// Follows DATA/team.yaml while the platform runs: who is added may work some seconds after the file was changed, and
// who is taken out may not after ten: who leaves loses tokens for good, and half a file that is still being copied
// lacks people, too. One that cannot be understood, or is gone, changes nothing; all of it is on record. Inside server/
// only.
//
// Thread: the control loop only.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "core/world/world.hpp"
#include "server/layout.hpp"
#include "team/team.hpp"

namespace slipway::server {

class TeamFile {
 public:
  using Take = std::function<Result<>(std::vector<team::Person>)>;
  // What is there now is what the platform started with. `take` makes everybody of a good file the team; it is called
  // again with the same people when it failed. `layout` and `events` outlive this.
  TeamFile(core::World& world, const Layout& layout, core::EventSink& events, Take take);
  ~TeamFile();
  TeamFile(const TeamFile&) = delete;
  TeamFile& operator=(const TeamFile&) = delete;

 private:
  void look_later();
  void look();
  Result<std::vector<team::Person>> people_in(const std::string& text) const;
  std::string read() const;  // "" when there is none

  core::World& world_;
  const Layout& layout_;
  core::EventSink& events_;
  Take take_;
  std::string known_;                 // what was decided about
  std::string pending_;               // what was seen at the last look: an editor may be in the midst of writing
  int looks_ = 0;                     // that it was the same
  std::vector<team::Person> people_;  // who was taken last
  core::TimerId timer_ = 0;
};

}  // namespace slipway::server
