#include <iostream>

#include "cli/client.hpp"
#include "cli/verbs.hpp"
#include "core/world/real.hpp"
#include "net/http.hpp"

namespace slipway::cli {
namespace {

struct PromoteOptions {
  Common common;
  std::string model, version, environment, commit, repository, reason;
  bool wait = false;
  std::int64_t timeout = 900;
};

std::string promotion_path(const doc::Value& promotion) {
  return "/apis/slipway.dev/v1alpha1/namespaces/" + net::url_encode(promotion["metadata"]["namespace"].string_or("")) +
         "/promotions/" + net::url_encode(promotion["metadata"]["name"].string_or(""));
}

std::string text_of(const doc::Value& promotion) {
  return promotion["metadata"]["namespace"].string_or("") + "/" + promotion["metadata"]["name"].string_or("");
}

bool is_over(std::string_view phase) {
  return phase == "Succeeded" || phase == "Failed" || phase == "RolledBack" || phase == "Rejected";
}

// Follows the promotion to its end. A dropped connection is tried again: the control plane may be restarting.
Result<doc::Value> follow(const Connection& connection, const doc::Value& promotion, std::int64_t timeout) {
  Progress progress(text_of(promotion));
  const core::Instant start = core::real_clock().monotonic();
  std::string said;
  for (;;) {
    auto now = call(connection, "GET", promotion_path(promotion));
    if (!now && now.error().code != Code::unavailable) return now;
    if (now) {
      const doc::Value& status = (*now)["status"];
      const std::string phase = status["phase"].string_or("Pending");
      const std::string line = phase + ": " + status["message"].string_or("");
      if (line != said && !is_terminal()) print_line(text_of(promotion) + " " + line);
      said = line;
      progress.update(line);
      if (is_over(phase)) return now;
    }
    if (core::real_clock().monotonic() - start > std::chrono::seconds(timeout)) {
      return fail(Code::deadline_exceeded,
                  text_of(promotion) + " is not finished after " + std::to_string(timeout) + " s (" + said + ")",
                  "it goes on; slipway status shows it");
    }
    core::sleep_for(std::chrono::milliseconds(300));
  }
}

int promote(const PromoteOptions& options) {
  const Format format = options.common.format();
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  doc::Object body{{"model", options.model}, {"version", options.version}, {"environment", options.environment}};
  if (!options.commit.empty()) body.set("commit", options.commit);
  if (!options.repository.empty()) body.set("repository", options.repository);
  if (!options.reason.empty()) body.set("reason", options.reason);
  auto promotion = call(*connection, "POST", "/api/slipway/v1/promotions", std::move(body));
  if (!promotion) return print_error(promotion.error(), format);
  if (options.wait) promotion = follow(*connection, *promotion, options.timeout);
  if (!promotion) return print_error(promotion.error(), format);

  const std::string phase = (*promotion)["status"]["phase"].string_or("Pending");
  if (format != Format::table) {
    print_value(*promotion, format);
  } else {
    std::cout << text_of(*promotion) << " " << phase << " " << (*promotion)["status"]["message"].string_or("") << "\n";
  }
  return !options.wait || phase == "Succeeded" ? ExitCode::ok : ExitCode::failed;
}

struct DecisionOptions {
  Common common;
  std::string promotion, subject, reason;
  bool wait = false;
  std::int64_t timeout = 900;
};

int decide(const DecisionOptions& options, std::string_view verb) {
  const Format format = options.common.format();
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  const std::size_t slash = options.promotion.find('/');
  if (slash == std::string::npos) {
    return print_error(core::Error(Code::invalid_argument, "\"" + options.promotion + "\" is not NAMESPACE/NAME",
                                   "slipway inbox lists what waits"),
                       format);
  }
  const std::string path = "/api/slipway/v1/promotions/" + net::url_encode(options.promotion.substr(0, slash)) + "/" +
                           net::url_encode(options.promotion.substr(slash + 1)) + "/" + std::string(verb);
  doc::Object body{{"subject", options.subject}};
  if (!options.reason.empty()) body.set("reason", options.reason);
  auto answer = call(*connection, "POST", path, std::move(body));
  if (!answer) return print_error(answer.error(), format);
  if (format == Format::table)
    std::cout << options.promotion << " " << (verb == "approve" ? "approved" : "rejected") << std::endl;
  if (options.wait) answer = follow(*connection, *answer, options.timeout);
  if (!answer) return print_error(answer.error(), format);
  if (format != Format::table) print_value(*answer, format);
  return !options.wait || (*answer)["status"]["phase"].string_or("") == "Succeeded" ? ExitCode::ok : ExitCode::failed;
}

Command decision_command(const std::string& verb, const std::string& summary, const std::string& example) {
  auto options = std::make_shared<DecisionOptions>();
  std::vector<Option> list{
      {"promotion", "NAMESPACE/NAME", "the promotion", &options->promotion, true},
      {"--subject", "DIGEST", "what exactly is decided on, as slipway inbox shows it", &options->subject, true},
      {"--reason", "TEXT", "goes on record", &options->reason}};
  if (verb == "approve") {
    list.push_back({"--wait", "", "wait for the end; exit code 1 unless it succeeded", &options->wait});
    list.push_back({"--timeout", "SECONDS", "of --wait", &options->timeout});
  }
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = verb,
          .summary = summary,
          .examples = {example},
          .options = std::move(list),
          .run = [options, verb] { return decide(*options, verb); },
          .state = options};
}

}  // namespace

Command promote_command() {
  auto options = std::make_shared<PromoteOptions>();
  std::vector<Option> list{
      {"model", "MODEL", "the model's name in the registry", &options->model, true},
      {"version", "VERSION", "a registered version", &options->version, true},
      {"--to", "ENVIRONMENT", "where to", &options->environment, true},
      {"--commit", "SHA", "take the manifests from this commit (default: the version's own)", &options->commit},
      {"--repository", "NAME", "the repository of the manifests (default: the version's own)", &options->repository},
      {"--reason", "TEXT", "goes on record", &options->reason},
      {"--wait", "", "wait for the end; exit code 1 unless it succeeded", &options->wait},
      {"--timeout", "SECONDS", "of --wait", &options->timeout}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "promote",
          .summary = "ask for a version to be taken to an environment",
          .details = "Gates are checked, approvals are waited for, then the version is deployed or rolled out.",
          .examples = {"slipway promote support-assistant v2 --to staging --wait",
                       "slipway promote support-assistant v2 --to production --reason 'cheaper context'"},
          .options = std::move(list),
          .run = [options] { return promote(*options); },
          .state = options};
}

Command approve_command() {
  return decision_command("approve", "approve exactly one subject of a promotion",
                          "slipway approve production/support-assistant-v2-x7k2p --subject sha256:4be1...");
}
Command reject_command() {
  return decision_command(
      "reject", "reject a promotion",
      "slipway reject production/support-assistant-v2-x7k2p --subject sha256:4be1... --reason 'not before the sale'");
}

namespace {

struct InboxOptions {
  Common common;
  bool wait = false;
  std::int64_t timeout = 300;
};

int inbox(const InboxOptions& options) {
  const Format format = options.common.format();
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  Progress progress("waiting for something to decide");
  const core::Instant deadline = core::real_clock().monotonic() + std::chrono::seconds(options.timeout);
  auto answer = call(*connection, "GET", "/api/slipway/v1/inbox");
  while (options.wait && answer && answer->size() == 0 && core::real_clock().monotonic() < deadline) {
    core::sleep_for(std::chrono::milliseconds(200));
    answer = call(*connection, "GET", "/api/slipway/v1/inbox");
  }
  if (!answer) return print_error(answer.error(), format);
  if (format != Format::table) return print_value(*answer, format), ExitCode::ok;
  std::vector<std::vector<std::string>> rows;
  for (const doc::Value& item : answer->is_array() ? answer->as_array() : doc::Array{}) {
    rows.push_back({item["promotion"].string_or(""), item["version"].string_or(""), item["requestedBy"].string_or(""),
                    item["mayApprove"].bool_or(false) ? "you may" : item["why"].string_or(""),
                    item["subject"].string_or("")});
  }
  if (rows.empty()) {
    std::cout << "nothing waits for a decision\n";
    return options.wait ? ExitCode::failed : ExitCode::ok;
  }
  print_table({"PROMOTION", "VERSION", "REQUESTED BY", "DECISION", "SUBJECT"}, rows);
  return ExitCode::ok;
}

}  // namespace

Command inbox_command() {
  auto options = std::make_shared<InboxOptions>();
  std::vector<Option> list{{"--wait", "", "wait until something does; exit code 1 when nothing came", &options->wait},
                           {"--timeout", "SECONDS", "of --wait", &options->timeout}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "inbox",
          .summary = "what waits for your decision",
          .examples = {"slipway inbox", "slipway inbox --wait --as linus@example.com -o json"},
          .options = std::move(list),
          .run = [options] { return inbox(*options); },
          .state = options};
}

}  // namespace slipway::cli
