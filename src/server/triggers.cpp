#include "server/triggers.hpp"

#include "core/log.hpp"
#include "workflow/engine.hpp"

namespace slipway::server {
namespace {

using Lines = std::vector<std::string>;

std::string short_branch(const forge::Push& push) { return push.ref.substr(std::string_view("refs/heads/").size()); }

// Each of several problems has a line of its own.
void add_refusal(Lines& lines, const Error& why) {
  if (!why.mark.known() && !why.causes.empty()) {
    for (const Error& cause : why.causes) lines.push_back(cause.one_line() + " (refused)");
  } else {
    lines.push_back(why.one_line() + " (refused)");
  }
}

// Whether the file is at fault; everything else is ours, and is tried again.
bool is_refusal(const Error& error) {
  return error.code == Code::invalid_argument || error.code == Code::unimplemented;
}

constexpr core::Duration start_again_after = std::chrono::seconds(2);

}  // namespace

Triggers::Triggers(core::World& world, forge::SourceRepository& source, workflow::Engine& engine, Variables variables)
    : world_(world), source_(source), engine_(engine), variables_(std::move(variables)) {}

bool Triggers::start_workflow(const forge::Push& push, const forge::SourceFile& file, Lines& lines) {
  auto wanted = workflow::wants_push(file.text, file.path, push.ref);
  if (wanted && !*wanted) return false;
  workflow::Submission submission{.text = file.text, .source_name = file.path, .dialect = "actions"};
  submission.display_name = file.path;
  submission.repository = push.repository;
  submission.commit = push.after;
  submission.ref = push.ref;
  submission.actor = push.actor;
  submission.idempotency_key = push.repository + " " + push.ref + " " + push.after + " " + file.path;
  submission.variables = variables_(push);
  Result<std::string> run = wanted ? engine_.submit(submission) : fail(std::move(wanted).error());
  if (run) {
    const auto view = engine_.get(*run);
    const bool is_old = view && view->created < push.at;
    lines.push_back("run " + *run +
                    (is_old ? " of this commit is there already, " + std::string(workflow::name_of(view->phase)) +
                                  ": slipway runs show " + *run
                            : " started: slipway runs wait --commit " + push.after));
    return true;
  }
  if (is_refusal(run.error())) {
    add_refusal(lines, run.error());
    const auto refused = engine_.refuse(std::move(submission), run.error());
    if (refused) return true;
    run = fail(refused.error());
  } else {
    lines.push_back(file.path + " is not started yet, which is tried again: " + run.error().one_line());
  }
  world_.loop.after(start_again_after, [this, alive = std::weak_ptr(alive_), push, file] {
    Lines unread;
    if (!alive.expired()) start_workflow(push, file, unread);
  });
  log::error("server", "a workflow of a push could not be started",
             {{"repository", push.repository}, {"file", file.path}, {"why", run.error().one_line()}});
  return true;
}

void Triggers::pushed(const forge::Push& push, forge::Tell tell) {
  if (!alive_ || push.after == forge::zero_commit || !push.ref.starts_with("refs/heads/")) return tell({});
  auto start = [this, alive = std::weak_ptr(alive_), push,
                tell = std::move(tell)](Result<std::vector<forge::SourceFile>> files) mutable {
    if (alive.expired()) return;
    const std::string branch = "branch " + short_branch(push) + ": ";
    if (!files) {
      if (files.error().code == Code::not_found) return tell({branch + "no workflow in .github/workflows"});
      log::error("server", "cannot read the workflows of a push",
                 {{"repository", push.repository}, {"why", files.error().one_line()}});
      return tell({branch + "its workflows cannot be read: " + files.error().one_line()});
    }
    Lines lines;
    bool any = false;
    for (const forge::SourceFile& file : *files) {
      if (file.path.ends_with(".yaml") || file.path.ends_with(".yml")) any = start_workflow(push, file, lines) || any;
    }
    if (!any) lines.push_back(branch + "no workflow listens to it");
    tell(std::move(lines));
  };
  source_.list_files(push.repository, push.after, ".github/workflows", std::move(start));
}

}  // namespace slipway::server
