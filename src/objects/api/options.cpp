#include "objects/api/options.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "objects/patch/go_text.hpp"

namespace slipway::objects::api {
namespace {

constexpr std::size_t longest_manager = 128;

Cause forbidden_cause(std::string field, std::string_view why) {
  return {"FieldValueForbidden", "Forbidden: " + std::string(why), std::move(field)};
}

Cause unsupported(std::string field, std::string_view said, std::string_view supported) {
  std::string message = "Unsupported value: " + std::string(said) + ": supported values: ";
  message += supported;
  return {"FieldValueNotSupported", std::move(message), std::move(field)};
}

// As Go's strconv says what is wrong with a number.
template <class Number>
std::string mistake_in(std::string_view text, const char* parser) {
  Number number = 0;
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  const char* why = nullptr;
  if (parsed.ec == std::errc::invalid_argument || parsed.ptr != end) why = "invalid syntax";
  if (why == nullptr && parsed.ec == std::errc::result_out_of_range) why = "value out of range";
  if (why == nullptr) return {};
  return std::string("strconv.") + parser + ": parsing " + patch::go_quoted(text) + ": " + why;
}

Answer<> check_numbers(const Call& call) {
  for (const auto* name : {"limit", "timeoutSeconds"}) {
    if (!call.request.has_parameter(name)) continue;
    auto mistake = mistake_in<std::int64_t>(call.request.parameter(name), "ParseInt");
    if (!mistake.empty()) return refuse(bad_request(std::move(mistake)));
  }
  return {};
}

void judge_match(const Call& call, std::vector<Cause>& causes) {
  const auto match = call.request.parameter("resourceVersionMatch");
  const auto version = call.request.parameter("resourceVersion");
  const bool continues = !call.request.parameter("continue").empty();
  const bool watches = call.info.verb == Verb::watch;
  const bool says_initial = call.request.has_parameter("sendInitialEvents");
  const std::string field = "resourceVersionMatch";
  if (watches && says_initial && match != "NotOlderThan")
    causes.push_back(forbidden_cause(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  if (!match.empty()) {
    if (watches && !says_initial) {
      causes.push_back(
          forbidden_cause(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
    }
    if (!watches && version.empty()) {
      causes.push_back(forbidden_cause(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    }
    if (!watches && continues)
      causes.push_back(forbidden_cause(field, "resourceVersionMatch is forbidden when continue is provided"));
    if (match != "NotOlderThan" && (watches || match != "Exact")) {
      causes.push_back(unsupported(field, patch::go_quoted(match),
                                   watches ? R"("NotOlderThan")" : R"("Exact", "NotOlderThan", "")"));
    }
    if (watches && continues)
      causes.push_back(forbidden_cause(field, "resourceVersionMatch is forbidden when continue is provided"));
    if (!watches && match == "Exact" && version == "0")
      causes.push_back(forbidden_cause(field, R"(resourceVersionMatch "exact" is forbidden for resourceVersion "0")"));
  }
  if (!watches && says_initial)
    causes.push_back(forbidden_cause("sendInitialEvents", "sendInitialEvents is forbidden for list"));
}

// What a version that is no number comes to differs with who reads it in a real server: only lists know it for the
// client's mistake.
Answer<> check_version_text(const Call& call) {
  const auto version = call.request.parameter("resourceVersion");
  if (call.info.verb != Verb::watch && !call.request.parameter("continue").empty()) {
    if (version.empty() || version == "0") return {};
    return refuse(bad_request("specifying resource version is not allowed when using continue"));
  }
  if (version.empty()) return {};
  const auto mistake = mistake_in<std::uint64_t>(version, "ParseUint");
  if (mistake.empty()) return {};
  auto failure = bad_request("resourceVersion: Invalid value: " + patch::go_quoted(version) + ": " + mistake);
  if (call.info.verb != Verb::get && call.info.verb != Verb::watch) {
    failure.message.insert(0, "invalid resource version: ");
    return refuse(std::move(failure));
  }
  failure.code = 500;
  failure.reason.clear();
  return refuse(std::move(failure));
}

Answer<> check_list(const Call& call) {
  TRY_DONE(check_numbers(call));
  std::vector<Cause> causes;
  judge_match(call, causes);
  TRY_DONE(judge_options("ListOptions", std::move(causes)));
  return check_version_text(call);
}

void judge_manager(const Call& call, std::vector<Cause>& causes) {
  const auto manager = call.request.parameter("fieldManager");
  if (manager.size() > longest_manager) {
    causes.push_back({"FieldValueTooLong",
                      "Too long: may not be more than " + std::to_string(longest_manager) + " bytes", "fieldManager"});
  }
  for (std::size_t i = 0; i < manager.size(); ++i) {
    const auto byte = static_cast<unsigned char>(manager[i]);
    constexpr unsigned char first_printable = 0x20;
    constexpr unsigned char rubout = 0x7f;
    if (byte >= first_printable && byte != rubout) continue;
    constexpr std::string_view digits = "0123456789ABCDEF";
    causes.push_back({"FieldValueInvalid",
                      "Invalid value: " + patch::go_quoted(manager) + ": invalid character U+00" + digits[byte >> 4U] +
                          digits[byte & 15U] + " (at position " + std::to_string(i) + ")",
                      "fieldManager"});
  }
}

Answer<> check_write(const Call& call, std::string_view kind) {
  std::vector<Cause> causes;
  if (kind == "PatchOptions") {
    const bool applies = call.request.header("Content-Type").starts_with("application/apply-patch");
    if (applies && call.request.parameter("fieldManager").empty())
      causes.push_back({"FieldValueRequired", "Required value: is required for apply patch", "fieldManager"});
    if (!applies && call.request.has_parameter("force"))
      causes.push_back(forbidden_cause("force", "may not be specified for non-apply patch"));
  }
  judge_manager(call, causes);
  std::vector<std::string> dry_run;
  for (const auto& [name, value] : call.request.query) {
    if (name == "dryRun") dry_run.push_back(value);
  }
  for (auto& cause : dry_run_causes(dry_run)) causes.push_back(std::move(cause));
  const auto validation = call.request.parameter("fieldValidation");
  if (!validation.empty() && validation != "Ignore" && validation != "Warn" && validation != "Strict") {
    causes.push_back(unsupported("fieldValidation", patch::go_quoted(validation), R"("", "Ignore", "Strict", "Warn")"));
  }
  return judge_options(kind, std::move(causes));
}

}  // namespace

std::vector<Cause> dry_run_causes(const std::vector<std::string>& said) {
  const bool is_good = std::ranges::all_of(said, [](const std::string& value) { return value == "All"; });
  if (is_good) return {};
  std::string list;
  for (const auto& value : said) list += (list.empty() ? "" : ", ") + patch::go_quoted(value);
  return {unsupported("dryRun", "[]string{" + list + "}", R"("All")")};
}

Answer<> judge_options(std::string_view kind, std::vector<Cause> causes) {
  if (causes.empty()) return {};
  schema::Resource options;
  options.group = "meta.k8s.io";
  options.kind = kind;
  return refuse(invalid(options, "", std::move(causes)));
}

Answer<> check_options(const Call& call) {
  switch (call.info.verb) {
    case Verb::list:
    case Verb::watch:
    case Verb::remove_collection:
      return check_list(call);
    case Verb::get:
      return check_version_text(call);
    case Verb::create:
      return check_write(call, "CreateOptions");
    case Verb::update:
      return check_write(call, "UpdateOptions");
    case Verb::patch:
      return check_write(call, "PatchOptions");
    case Verb::remove:
    case Verb::connect:
      return {};
  }
  return {};
}

std::optional<std::int64_t> number_of(const Call& call, std::string_view parameter) {
  const auto text = call.request.parameter(parameter);
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc::result_out_of_range) return std::numeric_limits<std::int64_t>::max();
  return parsed.ec == std::errc{} ? std::optional(number) : std::nullopt;
}

}  // namespace slipway::objects::api
