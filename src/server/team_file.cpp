#include "server/team_file.hpp"

#include "core/log.hpp"
#include "server/identities.hpp"

namespace slipway::server {
namespace {

constexpr Duration look_again = std::chrono::seconds(1);

}  // namespace

TeamFile::TeamFile(core::World& world, const Layout& layout, core::EventSink& events, Take take)
    : world_(world), layout_(layout), events_(events), take_(std::move(take)), known_(read()), pending_(known_) {
  look_later();
}

TeamFile::~TeamFile() { world_.loop.cancel(timer_); }

std::string TeamFile::read() const { return world_.files.read(layout_.team()).value_or(""); }

void TeamFile::look_later() {
  timer_ = world_.loop.after(look_again, [this] {
    look();
    look_later();
  });
}

// Only what is the same twice is whole.
void TeamFile::look() {
  const std::string text = read();
  if (text != std::exchange(pending_, text) || text == known_) return;
  auto people = people_in(text);
  if (people) {
    if (auto taken = take_(std::move(*people)); !taken)
      return log::warn("server", "team.yaml is taken later", {{"why", taken.error().one_line()}});
  } else {
    log::error("server", "team.yaml is not taken; the team stays as it was", {{"why", people.error().one_line()}});
  }
  known_ = text;
  events_.record({.actor = "slipway/up",
                  .action = people ? "changed" : "refused",
                  .object = "team.yaml",
                  .detail = people ? "" : people.error().one_line()});
}

Result<std::vector<team::Person>> TeamFile::people_in(const std::string& text) const {
  if (text.empty()) return fail(Code::failed_precondition, layout_.team() + " is empty or gone");
  return read_people(text, layout_.team());
}

}  // namespace slipway::server
