// kubernetes pkg/apis/batch/validation: the status of a Job.

#include <charconv>

#include "core/time.hpp"
#include "objects/patch/go_text.hpp"
#include "objects/validation/batch_indexes.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/workloads.hpp"

namespace slipway::objects::validation {

namespace {

// Atoi: false when the text is no number.
bool read_number(std::string_view text, std::int64_t& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

std::string no_number(std::string_view text) {
  return "cannot convert string to integer for index: " + patch::go_quoted(text);
}

// The complaint, or "".
std::string read_span(std::string_view text, std::int64_t completions, Indexes::Span& span) {
  const std::size_t hyphen = text.find('-');
  const std::string_view first = text.substr(0, hyphen);
  if (hyphen != std::string_view::npos && text.find('-', hyphen + 1) != std::string_view::npos) {
    return "the fragment " + patch::go_quoted(text) +
           " violates the requirement that an index interval can have at most two parts separated by '-'";
  }
  if (!read_number(first, span.first)) return no_number(first);
  if (span.first >= completions) return "too large index: " + patch::go_quoted(first);
  span.last = span.first;
  if (hyphen == std::string_view::npos) return {};
  const std::string_view last = text.substr(hyphen + 1);
  if (!read_number(last, span.last)) return no_number(last);
  if (span.last >= completions) return "too large index: " + patch::go_quoted(last);
  if (span.first < span.last) return {};
  return "non-increasing order, previous: " + std::to_string(span.first) + ", current: " + std::to_string(span.last);
}

bool is_true(At status, std::string_view type) {
  for (const At condition : status["conditions"].elements()) {
    if (condition["type"].text() == type && condition["status"].text() == "True") return true;
  }
  return false;
}

void validate_uncounted(At uncounted) {
  Names seen;
  for (const std::string_view list : {"succeeded", "failed"}) {
    for (const At uid : uncounted[list].elements()) {
      if (uid.text().empty()) {
        uid.invalid("must not be empty");
      } else if (!seen.add(uid.text())) {
        uid.duplicate();
      }
    }
  }
}

struct Conditions {
  explicit Conditions(At status)
      : complete(is_true(status, "Complete")),
        failed(is_true(status, "Failed")),
        failure_target(is_true(status, "FailureTarget")),
        success_criteria_met(is_true(status, "SuccessCriteriaMet")) {}
  bool complete, failed, failure_target, success_criteria_met;
  bool finished() const { return complete || failed; }
};

// A problem of the conditions as a whole: their value is not shown.
void refuse(At status, bool is_wrong, const char* sentence) {
  if (is_wrong) status["conditions"].invalid_as({}, sentence);
}

void validate_end(At status, const Conditions& now) {
  const At start = status["startTime"];
  const At end = status["completionTime"];
  if (end && !now.complete) end.invalid("cannot set completionTime when there is no Complete=True condition");
  if (!end && now.complete) end.required("completionTime is required for Complete jobs");
  const auto started = core::parse_rfc3339(start.text());
  const auto ended = core::parse_rfc3339(end.text());
  if (started && ended && *ended < *started) end.invalid("must be equal to or after `startTime`");
}

void validate_finished(At status) {
  if (status["active"].number() > 0) status["active"].invalid("active>0 is invalid for finished job");
  if (!status["startTime"]) status["startTime"].required("startTime is required for finished job");
  const At uncounted = status["uncountedTerminatedPods"];
  if (uncounted["failed"].size() + uncounted["succeeded"].size() > 0)
    uncounted.invalid("must be empty for finished job");
}

void validate_indexes(At object) {
  const At status = object["status"];
  const At spec = object["spec"];
  const At completed = status["completedIndexes"];
  const At failed = status["failedIndexes"];
  const bool has_limit = spec["backoffLimitPerIndex"].exists();
  Indexes done;
  Indexes lost;
  if (const At completions = spec["completions"]) {
    done = read_indexes(completed.text(), completions.number());
    lost = read_indexes(failed.text(), completions.number());
    if (!done.complaint.empty()) completed.invalid("error parsing completedIndexes: " + done.complaint);
    if (!lost.complaint.empty() && has_limit) failed.invalid("error parsing failedIndexes: " + lost.complaint);
  }
  if (!completed.text().empty() && spec["completionMode"].text() != "Indexed") {
    completed.invalid("cannot set non-empty completedIndexes when non-indexed completion mode");
  }
  if (failed && !has_limit) failed.invalid("cannot set non-null failedIndexes when backoffLimitPerIndex is null");
  for (const auto& one : done.spans) {
    for (const auto& other : lost.spans) {
      if (one.first > other.last || other.first > one.last) continue;
      return failed.invalid("failedIndexes and completedIndexes overlap at index: " +
                            std::to_string(std::max(one.first, other.first)));
    }
  }
}

void validate_changes(At object, At old, const Conditions& now) {
  const At status = object["status"];
  const At before = old["status"];
  const Conditions then(before);
  refuse(status, then.failed && !now.failed, "cannot disable the terminal Failed=True condition");
  refuse(status, then.complete && !now.complete, "cannot disable the terminal Complete=True condition");
  refuse(status, then.failure_target && !now.failure_target,
         "cannot disable the terminal FailureTarget=True condition");
  const At spec = object["spec"];
  const bool is_elastic =
      spec["completionMode"].text() == "Indexed" && spec["completions"].is_same_as(spec["parallelism"]);
  for (const std::string_view count : {"failed", "succeeded"}) {
    if (status[count].number() >= before[count].number() || (is_elastic && count == "succeeded")) continue;
    status[count].invalid(status[count].number(), "cannot decrease the " + std::string(count) + " counter");
  }
  const At end = status["completionTime"];
  if (end && before["completionTime"]) end.must_not_change(before["completionTime"]);
  const At start = status["startTime"];
  const bool is_resumed = is_true(before, "Suspended") && !is_true(status, "Suspended");
  if (before["startTime"] && !start.is_same_as(before["startTime"]) && !spec["suspend"].flag() && !is_resumed) {
    start.required("startTime cannot be removed for unsuspended job");
  }
  refuse(status, then.success_criteria_met && !now.success_criteria_met,
         "cannot disable the SuccessCriteriaMet=True condition");
}

}  // namespace

Indexes read_indexes(std::string_view text, std::int64_t completions) {
  Indexes indexes;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    Indexes::Span span;
    indexes.complaint = read_span(text.substr(0, comma), completions, span);
    if (indexes.complaint.empty() && !indexes.spans.empty() && indexes.spans.back().last >= span.first) {
      indexes.complaint = "non-increasing order, previous: " + std::to_string(indexes.spans.back().last) +
                          ", current: " + std::to_string(span.first);
    }
    if (!indexes.complaint.empty()) {
      indexes.total = 0;
      return indexes;
    }
    indexes.spans.push_back(span);
    indexes.total += span.last - span.first + 1;
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) indexes.complaint = no_number("");
  }
  return indexes;
}

void validate_job_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At status = object["status"];
  for (const std::string_view count : {"active", "succeeded", "failed", "ready", "terminating"}) {
    status[count].must_not_be_negative();
  }
  validate_uncounted(status["uncountedTerminatedPods"]);
  const Conditions now(status);
  const Conditions then(old["status"]);
  refuse(status, now.complete && now.failed, "cannot set Complete=True and Failed=true conditions");
  refuse(status, now.complete && now.failure_target, "cannot set Complete=True and FailureTarget=true conditions");
  validate_end(status, now);
  refuse(status, now.failed && !now.failure_target && !then.failed,
         "cannot set Failed=True condition without the FailureTarget=true condition");
  refuse(status, now.complete && !now.success_criteria_met && !then.complete,
         "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
  if (now.finished()) validate_finished(status);
  validate_indexes(object);
  const At terminating = status["terminating"];
  if (now.finished() && terminating.number() > 0) terminating.invalid("terminating>0 is invalid for finished job");
  if (status["ready"] && status["ready"].number() > status["active"].number()) {
    status["ready"].invalid("cannot set more ready pods than active");
  }
  refuse(status, now.success_criteria_met && now.failed,
         "cannot set SuccessCriteriaMet=True and Failed=true conditions");
  refuse(status, now.success_criteria_met && now.failure_target,
         "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
  validate_changes(object, old, now);
}

}  // namespace slipway::objects::validation
