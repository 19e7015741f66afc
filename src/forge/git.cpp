#include "forge/git.hpp"

namespace slipway::forge {
namespace {

// Runs for every ref of a push, after the objects arrived and before any ref moves. Its words reach the person.
constexpr std::string_view update_hook = R"(#!/bin/sh
ref=$1 old=$2 new=$3
zero=0000000000000000000000000000000000000000
case " $SLIPWAY_PROTECTED_REFS " in *" $ref "*) ;; *) exit 0 ;; esac
[ "$old" = "$zero" ] && exit 0
if [ "$new" = "$zero" ]; then
  echo "slipway: ${ref#refs/heads/} is protected and cannot be deleted" >&2
  exit 1
fi
if ! git merge-base --is-ancestor "$old" "$new"; then
  echo "slipway: ${ref#refs/heads/} is protected and only moves forward; pull and merge first" >&2
  exit 1
fi
)";

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : " ") + part;
  return text;
}

// The last line that git wrote to stderr, without "fatal: ".
std::string complaint_of(const std::string& err) {
  std::string_view text = err;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  const auto start = text.rfind('\n');
  if (start != std::string_view::npos) text.remove_prefix(start + 1);
  for (const std::string_view prefix : {"fatal: ", "error: "}) {
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  }
  return text.empty() ? "git failed without a word" : std::string(text);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Result<> Git::prepare() {
  for (const auto* name : {"/repos", "/hooks", "/tmp"}) TRY(world_.files.make_directories(options_.directory + name));
  TRY(world_.files.remove_tree(options_.directory + "/tmp"));
  TRY(world_.files.make_directories(options_.directory + "/tmp"));
  return world_.files.write_derived(options_.directory + "/hooks/update", update_hook, 0700);
}

std::string Git::scratch_path() { return options_.directory + "/tmp/" + world_.random.hex(16); }

void Git::run_raw(GitCall call, Then<core::RunOutput> done) {
  const auto path = path_of(call.repository);
  core::RunRequest request;
  request.argv = {"git",
                  "-c",
                  "safe.directory=*",
                  "-c",
                  "core.hooksPath=" + options_.directory + "/hooks",
                  "-c",
                  "core.fsync=committed,loose-object,reference",
                  "-c",
                  "gc.auto=0",
                  "-c",
                  "receive.autogc=false",
                  "-c",
                  "receive.fsckObjects=true",
                  "-c",
                  "receive.denyDeleteCurrent=ignore",  // the hook decides, in words of ours
                  "-c",
                  "receive.maxInputSize=" + std::to_string(options_.max_push),
                  "-c",
                  "uploadpack.allowAnySHA1InWant=true",
                  "-c",
                  "uploadpack.allowFilter=true",
                  "-c",
                  "protocol.version=2",
                  "-c",
                  "advice.detachedHead=false"};
  for (auto& argument : call.arguments) {
    const auto at = argument.find("{repository}");
    if (at != std::string::npos) argument.replace(at, std::string_view("{repository}").size(), path);
    request.argv.push_back(std::move(argument));
  }
  if (!call.input_file.empty()) {
    const std::vector<std::string> shell = {"/bin/sh", "-c", R"(exec "$0" "$@" < "$SLIPWAY_INPUT")"};
    request.argv.insert(request.argv.begin(), shell.begin(), shell.end());
  }
  request.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                         {"HOME", "/nonexistent"},
                         {"LC_ALL", "C.UTF-8"},
                         {"GIT_CONFIG_NOSYSTEM", "1"},
                         {"GIT_CONFIG_GLOBAL", "/dev/null"},
                         {"GIT_TERMINAL_PROMPT", "0"},
                         {"GIT_LITERAL_PATHSPECS", "1"},
                         {"SLIPWAY_PROTECTED_REFS", joined(options_.protected_refs)}};
  if (!call.input_file.empty()) request.environment.emplace_back("SLIPWAY_INPUT", call.input_file);
  for (auto& variable : call.environment) request.environment.push_back(std::move(variable));
  request.directory = call.directory.empty() ? options_.directory + "/repos" : call.directory;
  request.input = std::move(call.input);
  request.timeout = call.timeout;
  request.max_output = call.max_output;
  world_.processes.run(std::move(request), std::move(done));
}

void Git::run(GitCall call, Then<std::string> done) {
  run_raw(std::move(call), [done = std::move(done)](Result<core::RunOutput> output) mutable {
    if (!output) return done(fail(std::move(output).error()));
    if (output->exit.code != 0) return done(fail(Code::not_found, complaint_of(output->err)));
    done(std::move(output->out));
  });
}

void list_refs(Git& git, const std::string& repository, Then<std::vector<Ref>> done) {
  GitCall call;
  call.repository = repository;
  call.arguments = {"--git-dir={repository}", "for-each-ref",
                    "--format=%(refname)%00%(objectname)%00%(*objectname)%00%(authoremail:trim)%00%(subject)"};
  git.run(std::move(call), [done = std::move(done)](Result<std::string> output) mutable {
    if (!output) return done(fail(std::move(output).error()));
    std::vector<Ref> refs;
    for (const auto line : split(*output, '\n')) {
      const auto fields = split(line, '\0');
      if (fields.size() != 5) continue;
      Ref ref;
      ref.name = fields[0];
      ref.object = fields[1];
      ref.commit = fields[2].empty() ? fields[1] : fields[2];
      ref.author = fields[3];
      ref.subject = fields[4];
      refs.push_back(std::move(ref));
    }
    done(std::move(refs));
  });
}

}  // namespace slipway::forge
