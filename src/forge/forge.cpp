#include "forge/forge.hpp"

#include "core/log.hpp"
#include "forge/names.hpp"
#include "forge/remarks.hpp"
#include "forge/state.hpp"

namespace slipway::forge {
namespace {

constexpr std::chrono::seconds patience_with_listeners{3};  // so long a client may wait for remarks

std::string short_commit(const std::string& commit) { return commit.substr(0, 7); }

std::string short_ref(std::string_view ref) {
  for (const std::string_view prefix : {"refs/heads/", "refs/tags/"}) {
    if (ref.starts_with(prefix)) return std::string(ref.substr(prefix.size()));
  }
  return std::string(ref);
}

core::Event event_of(const Push& push) {
  core::Event event;
  event.actor = push.actor.empty() ? "unknown" : push.actor;
  event.action = "pushed";
  if (push.after == zero_commit) {
    event.object = push.repository + " " + short_ref(push.ref);
    event.detail = "removed " + short_ref(push.ref) + ", which was " + short_commit(push.before);
  } else {
    event.object = push.repository + "@" + short_commit(push.after);
    event.detail = short_ref(push.ref) + ": " + push.subject;
  }
  return event;
}

}  // namespace

Result<> Forge::State::require(const std::string& repository) const {
  TRY(check_repository(repository));
  TRY_ASSIGN(const bool exists, journal.has(repository));
  if (exists) return {};
  return fail(Code::not_found, "there is no repository \"" + repository + "\"", "push to it once, and it is made");
}

// git init is safe to repeat, so a repository exists from the moment its row does.
void Forge::State::create(std::string repository, Then<> done) {
  if (auto fine = check_repository(repository); !fine) {
    auto refuse = [done = std::move(done), error = std::move(fine).error()]() mutable { done(fail(std::move(error))); };
    return world.loop.post(std::move(refuse));
  }
  auto work = [repository, done = std::move(done)](State& self, std::shared_ptr<Lanes::Turn> turn) mutable {
    const auto exists = self.journal.has(repository);
    if (!exists) return done(fail(exists.error()));
    if (*exists) return done({});
    GitCall call;
    call.repository = repository;
    call.arguments = {"init", "--quiet", "--bare", "--template=", "--initial-branch=main", "{repository}"};
    auto made = [repository, turn, done = std::move(done)](State& s, Result<std::string> output) mutable {
      if (!output) return done(fail(std::move(output).error()));
      done(s.journal.add(repository, s.world.clock.now()));
    };
    self.git.run(std::move(call), while_alive(self.shared_from_this(), std::move(made)));
  };
  lanes->enqueue(repository, while_alive(shared_from_this(), std::move(work)));
}

void Forge::State::settle(const std::string& repository, Then<std::vector<Push>> done) {
  auto listed = [repository, done = std::move(done)](State& self, Result<std::vector<Ref>> refs) mutable {
    if (!refs) return done(fail(std::move(refs).error()));
    done(self.journal.settle(repository, *refs, self.world.clock.now()));
  };
  list_refs(git, repository, while_alive(shared_from_this(), std::move(listed)));
}

void Forge::State::receive(std::string repository, std::string actor, std::string body, std::string body_file,
                           Then<ReceivedPack> done) {
  if (!recovered) return done(fail(Code::unavailable, "the forge is still starting", "push again in a moment"));
  auto work = [repository, actor, body = std::move(body), body_file, done = std::move(done)](
                  State& self, std::shared_ptr<Lanes::Turn> turn) mutable {
    if (auto noted = self.journal.intend(repository, actor); !noted) return done(fail(std::move(noted).error()));
    GitCall call;
    call.repository = repository;
    call.arguments = {"receive-pack", "--stateless-rpc", "{repository}"};
    call.input = std::move(body);
    call.input_file = body_file;
    call.timeout = std::chrono::minutes(10);
    auto received = [repository, turn, done = std::move(done)](State& s, Result<core::RunOutput> output) mutable {
      // Whatever became of git, what it moved is recorded before anybody is told.
      auto settled = [turn, output = std::move(output), done = std::move(done)](
                         State&, Result<std::vector<Push>> pushes) mutable {
        if (!pushes) return done(fail(std::move(pushes).error()));
        ReceivedPack pack;
        pack.pushes = std::move(*pushes);
        if (!output) {
          log::warn("forge", "receive-pack failed", {{"error", output.error().one_line()}});
          pack.failed = true;
        } else {
          if (output->exit.code != 0) {
            log::warn("forge", "receive-pack failed",
                      {{"code", output->exit.code}, {"stderr", output->err.substr(0, 400)}});
          }
          pack.failed = output->exit.code != 0 && output->out.empty();
          pack.answer = std::move(output->out);
        }
        done(std::move(pack));
      };
      s.settle(repository, while_alive(s.shared_from_this(), std::move(settled)));
    };
    self.git.run_raw(std::move(call), while_alive(self.shared_from_this(), std::move(received)));
  };
  lanes->enqueue(repository, while_alive(shared_from_this(), std::move(work)));
}

void Forge::State::announce(const std::vector<Push>& pushes, Tell done) {
  const auto telling = telling_callbacks;  // a callback may register another
  const auto gathering = std::make_shared<Gathering>(world.loop, pushes.size() * telling.size(), std::move(done));
  gathering->start(patience_with_listeners);
  std::size_t place = 0;
  for (const auto& push : pushes) {
    events.record(event_of(push));
    const auto listeners = callbacks;
    for (const auto& callback : listeners) callback(push);
    for (const auto& callback : telling) callback(push, gathering->place(place++));
    if (auto marked = journal.mark_announced(push.id); !marked) {
      log::error("forge", "push announced but not marked", {{"push", push.id}, {"error", marked.error().one_line()}});
    }
  }
}

void Forge::State::recover(Then<> done) {
  auto names = journal.repositories();
  if (!names) return done(fail(std::move(names).error()));
  struct Progress {
    std::size_t left;
    Then<> done;
  };
  auto progress = std::make_shared<Progress>(names->size() + 1, std::move(done));
  auto one_done = [progress](State& self) {
    if (--progress->left > 0) return;
    const auto pushes = self.journal.unannounced();
    if (!pushes) return progress->done(fail(pushes.error()));
    self.recovered = true;
    self.announce(*pushes, nullptr);
    progress->done({});
  };
  for (const auto& name : *names) {
    auto work = [name, one_done](State& self, std::shared_ptr<Lanes::Turn> turn) {
      auto settled = [name, one_done, turn](State& s, Result<std::vector<Push>> pushes) {
        if (!pushes) {
          log::error("forge", "repository not recovered", {{"repository", name}, {"error", pushes.error().one_line()}});
        } else if (!pushes->empty()) {
          log::warn("forge", "pushes found that a crash kept from the record",
                    {{"repository", name}, {"pushes", pushes->size()}});
        }
        one_done(s);
      };
      self.settle(name, while_alive(self.shared_from_this(), std::move(settled)));
    };
    lanes->enqueue(name, while_alive(shared_from_this(), std::move(work)));
  }
  world.loop.post(while_alive(shared_from_this(), one_done));
}

Forge::Forge(std::shared_ptr<State> state) : state_(std::move(state)) {}
Forge::~Forge() = default;

Result<std::unique_ptr<Forge>> Forge::open(core::World world, storage::Database& database, core::EventSink& events,
                                           ForgeOptions options) {
  auto state = std::make_shared<State>(world, database, events, std::move(options));
  TRY(state->journal.open());
  TRY(state->statuses.open());
  TRY(state->git.prepare());
  return std::unique_ptr<Forge>(new Forge(std::move(state)));
}

void Forge::on_push(std::function<void(const Push&)> callback) { state_->callbacks.push_back(std::move(callback)); }
void Forge::on_push_telling(std::function<void(const Push&, Tell)> callback) {
  state_->telling_callbacks.push_back(std::move(callback));
}
void Forge::start(Then<> done) { state_->recover(std::move(done)); }
void Forge::create(std::string repository, Then<> done) { state_->create(std::move(repository), std::move(done)); }
Result<std::vector<std::string>> Forge::repositories() const { return state_->journal.repositories(); }
Result<std::vector<Push>> Forge::pushes(std::string_view repository, std::size_t limit) const {
  return state_->journal.pushes(repository, limit);
}
CommitStatuses& Forge::statuses() { return state_->statuses; }

}  // namespace slipway::forge
