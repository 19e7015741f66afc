#include "server/team_file.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "server/identities.hpp"

namespace slipway::server {
namespace {

constexpr Duration look_again = std::chrono::seconds(1);
constexpr int looks_before_leaving = 10;

const team::Person* find(const std::vector<team::Person>& people, const std::string& id) {
  const auto found = std::ranges::find(people, id, &team::Person::id);
  return found == people.end() ? nullptr : &*found;
}

// Those of `all` who are not among `people`.
std::vector<std::string> missing_in(const std::vector<team::Person>& people, const std::vector<team::Person>& all) {
  std::vector<std::string> missing;
  for (const auto& person : all) {
    if (find(people, person.id) == nullptr) missing.push_back(person.id);
  }
  return missing;
}

// For the record: "came: bob@example.com; left: ada@example.com; other roles: eve@example.com".
std::string difference(const std::vector<team::Person>& before, const std::vector<team::Person>& after) {
  std::vector<std::string> changed;
  for (const auto& person : after) {
    const auto* was = find(before, person.id);
    if (was != nullptr && was->roles != person.roles) changed.push_back(person.id);
  }
  std::string text;
  const auto say = [&text](const char* what, const std::vector<std::string>& ids) {
    if (ids.empty()) return;
    text += text.empty() ? "" : "; ";
    text += what;
    for (std::size_t i = 0; i < ids.size(); ++i) text += (i == 0 ? ": " : ", ") + ids[i];
  };
  say("came", missing_in(before, after));
  say("left", missing_in(after, before));
  say("other roles", changed);
  return text;
}

}  // namespace

TeamFile::TeamFile(core::World& world, const Layout& layout, core::EventSink& events, Take take)
    : world_(world), layout_(layout), events_(events), take_(std::move(take)), known_(read()), pending_(known_) {
  if (auto people = people_in(known_)) people_ = std::move(*people);
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

// Only what stays the same is whole.
void TeamFile::look() {
  std::string text = read();
  looks_ = text == pending_ ? looks_ + 1 : 0;
  pending_ = std::move(text);
  if (looks_ == 0 || pending_ == known_) return;
  auto people = people_in(pending_);
  std::string detail = people ? difference(people_, *people) : people.error().one_line();
  if (people && !missing_in(*people, people_).empty() && looks_ < looks_before_leaving) return;
  if (people) {
    if (auto taken = take_(*people); !taken)
      return log::warn("server", "team.yaml is taken later", {{"why", taken.error().one_line()}});
    people_ = std::move(*people);
  } else {
    log::error("server", "team.yaml is not taken; the team stays as it was", {{"why", detail}});
  }
  known_ = pending_;
  events_.record({.actor = "slipway/up",
                  .action = people ? "changed" : "refused",
                  .object = "team.yaml",
                  .detail = std::move(detail)});
}

Result<std::vector<team::Person>> TeamFile::people_in(const std::string& text) const {
  if (text.empty()) return fail(Code::failed_precondition, layout_.team() + " is empty or gone");
  return read_people(text, layout_.team());
}

}  // namespace slipway::server
