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

// A push may be announced twice when a crash came between (forge.hpp): a workflow of one commit and branch runs once.
void start_workflow(State& s, const forge::Push& push, const forge::SourceFile& file) {
  auto wanted = workflow::wants_push(file.text, file.path, push.ref);
  if (wanted && !*wanted) return;
  workflow::Submission submission{.text = file.text, .source_name = file.path, .dialect = "actions"};
  submission.display_name = file.path;
  submission.repository = push.repository;
  submission.commit = push.after;
  submission.ref = push.ref;
  submission.actor = push.actor;
  submission.idempotency_key = push.repository + " " + push.ref + " " + push.after + " " + file.path;
  submission.variables = s.options.profile.variables;
  Result<std::string> run = wanted ? s.engine->submit(std::move(submission)) : fail(std::move(wanted).error());
  if (run) return;
  s.audit->record({.actor = "slipway/workflow",
                   .action = "refused",
                   .object = push.repository + "@" + push.after.substr(0, 7) + ":" + file.path,
                   .detail = run.error().one_line()});
}

// Starts every workflow of the pushed commit that wants this push and was not started yet.
void start_workflows(State& s, const forge::Push& push) {
  if (push.after == forge::zero_commit || !push.ref.starts_with("refs/heads/")) return;
  s.forge->list_files(push.repository, push.after, ".github/workflows",
                      [&s, push](Result<std::vector<forge::SourceFile>> files) {
                        if (!files) {
                          if (files.error().code == Code::not_found) return;
                          return log::error("server", "cannot read the workflows of a push",
                                            {{"repository", push.repository}, {"why", files.error().one_line()}});
                        }
                        for (const forge::SourceFile& file : *files) {
                          if (file.path.ends_with(".yaml") || file.path.ends_with(".yml"))
                            start_workflow(s, push, file);
                        }
                      });
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
  s.forge->on_push([&s](const forge::Push& push) { start_workflows(s, push); });
  // A push is marked as announced before git has told us its workflows: what a crash came between is looked at again.
  auto recent = s.forge->pushes("", pushes_looked_at_again);
  if (!recent) return log::error("server", "cannot read recent pushes", {{"why", recent.error().one_line()}});
  for (auto push = recent->rbegin(); push != recent->rend(); ++push) start_workflows(s, *push);
}

}  // namespace slipway::server
