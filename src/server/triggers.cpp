#include <filesystem>

#include "core/log.hpp"
#include "server/identities.hpp"
#include "server/state.hpp"

namespace slipway::server {
namespace {

using State = Platform::State;
constexpr std::size_t pushes_looked_at_again = 20;
constexpr std::chrono::seconds step_patience{120};  // a step waits so long for a control plane that restarts

class ForgeTree final : public workflow::SourceTree {
 public:
  explicit ForgeTree(forge::SourceRepository& source) : source_(source) {}
  void checkout(std::string repository, std::string commit, std::string directory,
                std::move_only_function<void(Result<>)> done) override {
    // What an interrupted checkout left goes first.
    if (auto removed = core::real_files().remove_tree(directory); !removed) return done(std::move(removed));
    source_.checkout(std::move(repository), std::move(commit), std::move(directory), std::move(done));
  }

 private:
  forge::SourceRepository& source_;
};

class NodeLogs final : public workflow::LogSource {
 public:
  explicit NodeLogs(pods::Node& node) : node_(node) {}
  Result<std::string> log(const objects::Name& pod) override { return node_.read_log(pod, "", {}); }

 private:
  pods::Node& node_;
};

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

// A push may be looked at twice (forge.hpp, start_triggers()): a workflow of one commit and branch runs once, and is
// refused once. False when the workflow does not want this push.
bool start_workflow(State& s, const forge::Push& push, const forge::SourceFile& file, Lines& lines) {
  auto wanted = workflow::wants_push(file.text, file.path, push.ref);
  if (wanted && !*wanted) return false;
  workflow::Submission submission{.text = file.text, .source_name = file.path, .dialect = "actions"};
  submission.display_name = file.path;
  submission.repository = push.repository;
  submission.commit = push.after;
  submission.ref = push.ref;
  submission.actor = push.actor;
  submission.idempotency_key = push.repository + " " + push.ref + " " + push.after + " " + file.path;
  submission.variables = s.options.profile.variables;
  Result<std::string> run = wanted ? s.engine->submit(submission) : fail(std::move(wanted).error());
  if (run) {
    const auto view = s.engine->get(*run);
    const bool is_old = view && view->created < push.at;
    lines.push_back("run " + *run +
                    (is_old ? " of this commit is there already, " + std::string(workflow::name_of(view->phase)) +
                                  ": slipway runs show " + *run
                            : " started: slipway runs wait --commit " + push.after));
    return true;
  }
  if (is_refusal(run.error())) {
    add_refusal(lines, run.error());
    const auto refused = s.engine->refuse(std::move(submission), run.error());
    if (refused) return true;
    run = fail(refused.error());
  } else {
    lines.push_back(file.path + " is not started yet, which is tried again: " + run.error().one_line());
  }
  s.world().loop.after(start_again_after, [&s, push, file] {
    Lines unread;
    if (!s.stopping) start_workflow(s, push, file, unread);
  });
  log::error("server", "a workflow of a push could not be started",
             {{"repository", push.repository}, {"file", file.path}, {"why", run.error().one_line()}});
  return true;
}

// Starts every workflow of the pushed commit that wants this push and was not started yet; tells what came of it.
void start_workflows(State& s, const forge::Push& push, forge::Tell tell) {
  if (push.after == forge::zero_commit || !push.ref.starts_with("refs/heads/")) return tell({});
  auto start = [&s, push, tell = std::move(tell)](Result<std::vector<forge::SourceFile>> files) mutable {
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
      if (file.path.ends_with(".yaml") || file.path.ends_with(".yml"))
        any = start_workflow(s, push, file, lines) || any;
    }
    if (!any) lines.push_back(branch + "no workflow listens to it");
    tell(std::move(lines));
  };
  s.forge->list_files(push.repository, push.after, ".github/workflows", std::move(start));
}

}  // namespace

Result<> open_engine(State& s) {
  const Layout& layout = s.options.layout;
  s.source_tree = std::make_unique<ForgeTree>(*s.forge);
  s.log_source = std::make_unique<NodeLogs>(*s.node);
  workflow::EngineOptions options;
  options.directory = layout.runs();
  options.runtime_directory = layout.runtime();
  options.python = s.options.profile.python;
  if (options.python.empty()) {
    if (auto python = find_python())
      options.python = *python;
    else
      options.python = "python3";
  }
  const std::string own = own_executable();
  const char* path = std::getenv("PATH");
  options.environment = {{"PATH", std::filesystem::path(own).parent_path().string() + ":" +
                                      (path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path)},
                         {"HOME", layout.runs()},
                         {"LANG", "C.UTF-8"},
                         {"SLIPWAY_URL", s.url(s.ports.api)},
                         {"SLIPWAY_GATEWAY", s.url(s.ports.gateway)},
                         {"SLIPWAY_TOKEN_FILE", token_file(layout, ci_account)},
                         {"SLIPWAY_RETRY_SECONDS", std::to_string(step_patience.count())}};
  options.source_tree = s.source_tree.get();
  options.log_source = s.log_source.get();
  s.engine =
      std::make_unique<workflow::Engine>(s.world(), *s.database, *s.store, *s.blobs, *s.audit, std::move(options));
  return {};
}

void start_triggers(State& s) {
  s.forge->on_push_telling(
      [&s](const forge::Push& push, forge::Tell tell) { start_workflows(s, push, std::move(tell)); });
  // A push is marked as announced before git has told us its workflows: what a crash came between is looked at again.
  auto recent = s.forge->pushes("", pushes_looked_at_again);
  if (!recent) return log::error("server", "cannot read recent pushes", {{"why", recent.error().one_line()}});
  for (auto push = recent->rbegin(); push != recent->rend(); ++push) start_workflows(s, *push, [](const Lines&) {});
}

}  // namespace slipway::server
