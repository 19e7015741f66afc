#include <iostream>

#include "cli/client.hpp"
#include "cli/verbs.hpp"
#include "core/world/real.hpp"
#include "net/http.hpp"

// What is on record: history, audit; and the two words to a running rollout.

namespace slipway::cli {
namespace {

std::string joined(const doc::Value& list, const char* field) {
  std::string out;
  for (const doc::Value& item : list.is_array() ? list.as_array() : doc::Array{}) {
    const std::string text = field == nullptr ? item.string_or("") : item[field].string_or("");
    out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

struct HistoryOptions {
  Common common;
  std::string environment;
};

int history(const HistoryOptions& options) {
  const Format format = options.common.format();
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  auto answer = call(*connection, "GET", "/api/slipway/v1/history/" + net::url_encode(options.environment));
  if (!answer) return print_error(answer.error(), format);
  if (format != Format::table) return print_value(*answer, format), ExitCode::ok;
  std::vector<std::vector<std::string>> rows;
  for (const doc::Value& entry : answer->is_array() ? answer->as_array() : doc::Array{}) {
    std::string gates;
    for (const doc::Value& gate : entry["gates"].is_array() ? entry["gates"].as_array() : doc::Array{}) {
      gates += (gates.empty() ? "" : ", ") + gate["name"].string_or("") + " " + gate["state"].string_or("");
    }
    std::string until = entry["until"].string_or("");
    if (until.empty() && entry["outcome"].string_or("") == "Succeeded") until = "now";
    rows.push_back({entry["model"].string_or(""), entry["version"].string_or(""), entry["outcome"].string_or(""),
                    without_fraction(entry["from"].string_or("")), without_fraction(until),
                    joined(entry["approvals"], "by"), gates,
                    entry["verdict"].string_or(entry["message"].string_or(""))});
  }
  if (rows.empty()) return std::cout << "nothing was promoted to " << options.environment << " yet\n", ExitCode::ok;
  print_table({"MODEL", "VERSION", "OUTCOME", "FROM", "UNTIL", "APPROVED BY", "EVIDENCE", "VERDICT"}, rows);
  return ExitCode::ok;
}

struct AuditOptions {
  Common common;
  std::string actor, object, action, after;
  bool verify = false;
  std::int64_t limit = 100;
};

std::string timeline_path(const AuditOptions& options) {
  std::string path = "/api/slipway/v1/timeline?";
  path += (options.after.empty() ? "newest=" : "after=" + net::url_encode(options.after) + "&limit=") +
          std::to_string(options.limit);
  if (!options.actor.empty()) path += "&actor=" + net::url_encode(options.actor);
  if (!options.object.empty()) path += "&object=" + net::url_encode(options.object);
  if (!options.action.empty()) path += "&action=" + net::url_encode(options.action);
  return path;
}

// What the page of the log does not show, and how to see it.
void tell_left_out(const AuditOptions& options, const doc::Value& answer) {
  const doc::Value& items = answer["items"];
  const auto left = answer["matching"].int_or(0) - static_cast<std::int64_t>(items.size());
  if (left <= 0 || items.size() == 0) return;
  if (!options.after.empty())
    print_notice(std::to_string(left) + " more follow: --after " + items.as_array().back()["sequence"].string_or(""));
  else
    print_notice(std::to_string(left) +
                 " older ones are left out: --limit N shows more, --after 0 begins with the oldest");
}

int audit(const AuditOptions& options) {
  const Format format = options.common.format();
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  auto answer = call(*connection, "GET", options.verify ? "/api/slipway/v1/timeline/verify" : timeline_path(options));
  if (!answer) return print_error(answer.error(), format);
  if (!options.verify) tell_left_out(options, *answer);
  if (format != Format::table) return print_value(*answer, format), ExitCode::ok;
  if (options.verify) {
    std::cout << "the audit log is whole: " << (*answer)["entries"].string_or("0") << " entries, head "
              << (*answer)["head"].string_or("") << "\n";
    return ExitCode::ok;
  }
  std::vector<std::vector<std::string>> rows;
  const doc::Value& entries = answer->is_array() ? *answer : (*answer)["items"];
  for (const doc::Value& e : entries.is_array() ? entries.as_array() : doc::Array{}) {
    rows.push_back({e["sequence"].string_or(""), without_fraction(e["time"].string_or("")), e["actor"].string_or(""),
                    e["action"].string_or(""), e["object"].string_or(""), e["detail"].string_or("")});
  }
  print_table({"#", "TIME", "ACTOR", "ACTION", "OBJECT", "DETAIL"}, rows);
  return ExitCode::ok;
}

struct RolloutOptions {
  Common common;
  std::string rollout, reason;
  bool full = false;
};

int steer(const RolloutOptions& options, std::string_view verb) {
  const Format format = options.common.format();
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  connection->patience = {};  // heard twice, it would end two pauses
  const std::size_t slash = options.rollout.find('/');
  if (slash == std::string::npos)
    return print_error(core::Error(Code::invalid_argument, "\"" + options.rollout + "\" is not NAMESPACE/NAME"),
                       format);
  doc::Object body;
  if (!options.reason.empty()) body.set("reason", options.reason);
  if (options.full) body.set("full", true);
  auto answer = call(*connection, "POST",
                     "/api/slipway/v1/rollouts/" + net::url_encode(options.rollout.substr(0, slash)) + "/" +
                         net::url_encode(options.rollout.substr(slash + 1)) + "/" + std::string(verb),
                     std::move(body));
  if (!answer) return print_error(answer.error(), format);
  std::cout << "rollout " << options.rollout << (verb == "abort" ? " aborted" : " promoted") << "\n";
  return ExitCode::ok;
}

Command steer_command(const std::string& verb, const std::string& summary) {
  auto options = std::make_shared<RolloutOptions>();
  std::vector<Option> list{{"rollout", "NAMESPACE/NAME", "", &options->rollout, true},
                           {"--reason", "TEXT", "goes on record", &options->reason}};
  if (verb == "promote") list.push_back({"--full", "", "skip all remaining steps", &options->full});
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = verb,
          .summary = summary,
          .examples = {"slipway rollout " + verb + " production/support-assistant"},
          .options = std::move(list),
          .run = [options, verb] { return steer(*options, verb); },
          .state = options};
}

}  // namespace

Command history_command() {
  auto options = std::make_shared<HistoryOptions>();
  std::vector<Option> list{{"environment", "ENVIRONMENT", "", &options->environment, true}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "history",
          .summary = "what served when, approved by whom, on what evidence",
          .examples = {"slipway history production", "slipway history production -o json"},
          .options = std::move(list),
          .run = [options] { return history(*options); },
          .state = options};
}

Command audit_command() {
  auto options = std::make_shared<AuditOptions>();
  std::vector<Option> list{
      {"--limit", "N", "at most so many: the newest, printed oldest first", &options->limit},
      {"--after", "SEQ", "instead: those that follow this number", &options->after},
      {"--actor", "TEXT", "only of whom this is a part", &options->actor},
      {"--object", "TEXT", "only about what this is a part of", &options->object},
      {"--action", "ACTION", "only this: pushed, approved, ...", &options->action},
      {"--verify", "", "check that no record was changed, dropped, moved or added", &options->verify}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "audit",
          .summary = "the audit log: who did what",
          .examples = {"slipway audit", "slipway audit --actor ada --limit 20", "slipway audit --object production/",
                       "slipway audit --after 0 --limit 1000 -o json", "slipway audit --verify"},
          .options = std::move(list),
          .run = [options] { return audit(*options); },
          .state = options};
}

Command rollout_command() {
  return {.name = "rollout",
          .summary = "steer a rollout: abort, promote",
          .examples = {"slipway rollout abort production/support-assistant --reason 'answers are too long'",
                       "slipway rollout promote production/support-assistant --full"},
          .children = {steer_command("abort", "send all traffic back to the stable version"),
                       steer_command("promote", "end the pause it stands in")}};
}

Command completion_command() {
  auto shell = std::make_shared<std::string>();
  return {.name = "completion",
          .summary = "print a completion script",
          .details =
              "For zsh, DIR is a directory on your $fpath that compinit has not seen yet: start a new shell after it.",
          .examples = {"slipway completion bash > ~/.local/share/bash-completion/completions/slipway",
                       "slipway completion zsh > DIR/_slipway         or in ~/.zshrc: source <(slipway completion zsh)",
                       "slipway completion fish > ~/.config/fish/completions/slipway.fish"},
          .options = {{"shell", "SHELL", "bash, zsh or fish", shell.get(), true, {"bash", "zsh", "fish"}}},
          .run =
              [shell] {
                auto script = completion_script(root_command(), *shell);
                if (!script) return print_error(script.error());
                std::cout << *script;
                return static_cast<int>(ExitCode::ok);
              },
          .state = shell};
}

}  // namespace slipway::cli
