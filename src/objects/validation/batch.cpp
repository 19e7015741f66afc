// kubernetes pkg/apis/batch/validation: Job and CronJob.

#include <algorithm>
#include <charconv>

#include "core/text.hpp"
#include "objects/validation/batch_indexes.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/pod.hpp"
#include "objects/validation/time_zones.hpp"
#include "objects/validation/workloads.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::int64_t most_indexed_parallelism = 100000;
constexpr std::int64_t many_completions = 100000;
constexpr std::int64_t most_for_many_completions = 10000;

// A problem whose bad value is not shown.
void refuse(At place, std::string detail) { place.invalid_as({}, std::move(detail)); }

void validate_managed_by(At manager) {
  if (!manager) return;
  const std::string_view text = manager.text();
  if (text.empty()) {
    manager.required();
  } else {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) {
      manager.invalid("must be a domain-prefixed path (such as \"acme.io/foo\")");
    } else {
      manager.must_be(dns1123_subdomain, text.substr(0, slash));
    }
  }
  if (text.size() > 63) manager.too_long(63);
}

void validate_indexed(At spec) {
  const At completions = spec["completions"];
  const At parallelism = spec["parallelism"];
  const At failed = spec["maxFailedIndexes"];
  if (!completions) completions.required("when completion mode is Indexed");
  if (parallelism.number() > most_indexed_parallelism) {
    parallelism.invalid("must be less than or equal to 100000 when completion mode is Indexed");
  }
  if (completions && failed && failed.number() > completions.number()) {
    failed.invalid("must be less than or equal to completions");
  }
  if (failed.number() > most_indexed_parallelism) failed.invalid("must be less than or equal to 100000");
  if (completions.number() <= many_completions || !spec["backoffLimitPerIndex"]) return;
  constexpr const char* many =
      "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index";
  if (!failed) failed.required("must be specified when completions is above 100000");
  if (parallelism.number() > most_for_many_completions) parallelism.invalid(many);
  if (failed.number() > most_for_many_completions) failed.invalid(many);
}

void validate_exit_codes(At codes, const Names& containers) {
  const At operation = codes["operator"];
  if (operation.must_be_given("valid values: [\"In\" \"NotIn\"]")) operation.must_be_one_of({"In", "NotIn"});
  if (const At container = codes["containerName"]; container && !containers.contains(container.text())) {
    container.invalid("must be one of the container or initContainer names in the pod template");
  }
  const At values = codes["values"];
  if (values.empty()) values.invalid(doc::Array{}, "at least one value is required");
  if (values.size() > 255) values.too_many(255);
  bool is_ordered = true;
  std::vector<std::int64_t> seen;
  for (const At value : values.elements()) {
    const std::int64_t number = value.number();
    if (operation.text() == "In" && number == 0) value.invalid("must not be 0 for the In operator");
    if (std::ranges::find(seen, number) != seen.end()) value.duplicate();
    is_ordered = is_ordered && (seen.empty() || seen.back() <= number);
    seen.push_back(number);
  }
  if (!is_ordered) values.invalid("must be ordered");
}

void validate_conditions(At conditions) {
  if (conditions.size() > 20) conditions.too_many(20);
  for (const At pattern : conditions.elements()) {
    pattern["type"].must_be(qualified_name);
    const At status = pattern["status"];
    if (status.must_be_given("valid values: [\"False\" \"True\" \"Unknown\"]")) {
      status.must_be_one_of({"False", "True", "Unknown"});
    }
  }
}

void validate_failure_policy(At spec) {
  const At policy = spec["podFailurePolicy"];
  if (!policy) return;
  const At rules = policy["rules"];
  if (rules.size() > 20) rules.too_many(20);
  Names containers;
  for (const std::string_view list : {"containers", "initContainers"}) {
    for (const At container : spec["template"]["spec"][list].elements()) containers.add(container["name"].text());
  }
  for (const At rule : rules.elements()) {
    const At action = rule["action"];
    if (action.text() == "FailIndex") {
      if (!spec["backoffLimitPerIndex"]) action.invalid("requires the backoffLimitPerIndex to be set");
    } else if (action.must_be_given("valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]")) {
      action.must_be_one_of({"Count", "FailIndex", "FailJob", "Ignore"});
    }
    const At codes = rule["onExitCodes"];
    const At conditions = rule["onPodConditions"];
    if (codes) validate_exit_codes(codes, containers);
    validate_conditions(conditions);
    if (codes && !conditions.empty()) {
      refuse(rule, "specifying both OnExitCodes and OnPodConditions is not supported");
    }
    if (!codes && conditions.empty()) {
      refuse(rule, "specifying one of OnExitCodes and OnPodConditions is required");
    }
  }
}

void validate_success_policy(At spec) {
  const At policy = spec["successPolicy"];
  if (!policy) return;
  if (spec["completionMode"].text() != "Indexed") return policy.invalid("requires indexed completion mode");
  const At rules = policy["rules"];
  if (rules.empty()) rules.required("at least one rules must be specified when the successPolicy is specified");
  if (rules.size() > 20) rules.too_many(20);
  const std::int64_t completions = spec["completions"].number();
  for (const At rule : rules.elements()) {
    const At count = rule["succeededCount"];
    const At indexes = rule["succeededIndexes"];
    if (!count && !indexes) rule.required("at least one of succeededCount or succeededIndexes must be specified");
    const auto read = read_indexes(indexes.text(), completions);
    if (indexes.text().size() > 64 * 1024) indexes.too_long(64 * 1024);
    if (!read.complaint.empty()) indexes.invalid("error parsing succeededIndexes: " + read.complaint);
    if (!count) continue;
    count.must_not_be_negative();
    const std::string at_most = "must be less than or equal to ";
    if (count.number() > completions) {
      count.invalid(at_most + std::to_string(completions) + " (the number of specified completions)");
    }
    if (indexes && count.number() > read.total) {
      count.invalid(at_most + std::to_string(read.total) +
                    " (the number of indexes in the specified succeededIndexes field)");
    }
  }
}

void validate_replacement_policy(At spec) {
  const At policy = spec["podReplacementPolicy"];
  if (!policy) return;
  if (spec["podFailurePolicy"]) {
    policy.must_be_one_of({"Failed"});
  } else {
    policy.must_be_one_of({"Failed", "TerminatingOrFailed"});
  }
}

void validate_restart_policy(At spec) {
  const At policy = spec["template"]["spec"]["restartPolicy"];
  if (policy.text() == "Always" || policy.text().empty()) {
    policy.required("valid values: \"OnFailure\", \"Never\"");
  } else if (policy.must_be_one_of({"OnFailure", "Never"}) && spec["podFailurePolicy"] && policy.text() != "Never") {
    policy.invalid("only \"Never\" is supported when podFailurePolicy is specified");
  }
}

// What a Job and the template of a CronJob share.
void validate_spec(At spec) {
  for (const std::string_view field : {"parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
                                       "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes"}) {
    spec[field].must_not_be_negative();
  }
  const At limit = spec["backoffLimitPerIndex"];
  const At failed = spec["maxFailedIndexes"];
  if (failed && !limit) limit.required("when maxFailedIndexes is specified");
  validate_managed_by(spec["managedBy"]);
  const At mode = spec["completionMode"];
  if (mode) mode.must_be_one_of({"NonIndexed", "Indexed"});
  if (mode.text() == "Indexed") validate_indexed(spec);
  if (!mode || mode.text() == "NonIndexed") {
    if (limit) limit.invalid("requires indexed completion mode");
    if (failed) failed.invalid("requires indexed completion mode");
  }
  validate_failure_policy(spec);
  validate_success_policy(spec);
  validate_replacement_policy(spec);
  validate_pod_template(spec["template"]);
  validate_restart_policy(spec);
}

void validate_selector(At spec) {
  const At selector = spec["selector"];
  // Made for it when the Job is stored, unless it says that its own one counts.
  if (!selector && !spec["manualSelector"].flag()) return;
  if (!selector) selector.required();
  validate_label_selector(selector);
  const At labels = spec["template"]["metadata"]["labels"];
  if (!selector || !selector_matches(selector.value(), labels.value())) {
    labels.invalid("`selector` does not match template `labels`");
  }
}

// Only a Job that has not started and waits may still be told where to run.
bool may_be_rescheduled(At old) {
  if (!old["spec"]["suspend"].flag()) return false;
  return !old["status"]["startTime"];
}

void validate_template_update(At object, At old) {
  const At now = object["spec"]["template"];
  doc::Value before = old["spec"]["template"].value();
  if (may_be_rescheduled(old) && before.is_object()) {
    const auto take = [&](std::string_view holder, std::string_view field) {
      const doc::Value& value = now[holder][field].value();
      if (value.is_null()) {
        if (before[holder].is_object()) before.at_or_insert(holder).as_object().erase(field);
      } else {
        before.at_or_insert(holder).at_or_insert(field) = value;
      }
    };
    for (const std::string_view field : {"nodeSelector", "tolerations", "schedulingGates"}) take("spec", field);
    for (const std::string_view field : {"annotations", "labels"}) take("metadata", field);
    doc::Value affinity = before["spec"]["affinity"];
    const doc::Value& node = now["spec"]["affinity"]["nodeAffinity"].value();
    if (!node.is_null()) affinity.at_or_insert("nodeAffinity") = node;
    if (node.is_null() && affinity.is_object()) affinity.as_object().erase("nodeAffinity");
    doc::Object& spec = before.at_or_insert("spec").as_object();
    if (affinity.size() == 0 && !now["spec"]["affinity"]) {
      spec.erase("affinity");
    } else if (!affinity.is_null()) {
      spec.set("affinity", affinity);
    }
  }
  if (!(now.value() == before)) now.invalid(std::string(immutable_sentence));
}

void validate_completions_update(At spec, At old) {
  const At completions = spec["completions"];
  if (spec["completionMode"].text() != "Indexed") {
    completions.must_not_change(old["completions"]);
    return;
  }
  if (completions.is_same_as(old["completions"]) || !completions) return;
  if (completions.number() != spec["parallelism"].number()) {
    completions.invalid("can only be modified in tandem with spec.parallelism");
  }
}

void validate_time_zone(At zone) {
  if (!zone) return;
  const std::string_view text = zone.text();
  if (text.empty()) return zone.invalid("timeZone must be nil or non-empty string");
  for (std::string_view rest = text;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    const bool is_legal = !part.empty() && part.size() <= 14 && std::ranges::all_of(part, [](char c) {
      return core::is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == '+';
    });
    if (!is_legal || part == "." || part == ".." || part.starts_with('-')) {
      return zone.invalid("unknown time zone " + std::string(text));
    }
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (core::equal_ignoring_case(text, "Local")) {
    zone.invalid("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
  }
  if (text != "Local" && !is_time_zone(text)) zone.invalid("unknown time zone " + std::string(text));
}

void validate_cron_spec(At spec, At old) {
  const At schedule = spec["schedule"];
  if (schedule.must_be_given()) {
    const bool names_zone = schedule.text().find("TZ") != std::string_view::npos;
    const bool named_before = old["schedule"].text().find("TZ") != std::string_view::npos;
    const std::string complaint = cron_complaint(schedule.text());
    if (!complaint.empty()) schedule.invalid(complaint);
    if (names_zone && !named_before) {
      schedule.invalid("cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
    } else if (names_zone && spec["timeZone"]) {
      schedule.invalid("cannot use both timeZone field and TZ or CRON_TZ in schedule");
    }
  }
  spec["startingDeadlineSeconds"].must_not_be_negative();
  if (!old || !spec["timeZone"].is_same_as(old["timeZone"])) validate_time_zone(spec["timeZone"]);
  spec["concurrencyPolicy"].must_be_given_one_of({"Allow", "Forbid", "Replace"});
  const At job = spec["jobTemplate"]["spec"];
  validate_spec(job);
  if (const At selector = job["selector"]) selector.invalid("`selector` will be auto-generated");
  if (const At manual = job["manualSelector"]; manual.flag()) {
    manual.must_be_one_of({"nil", "false"});
  }
  spec["successfulJobsHistoryLimit"].must_not_be_negative();
  spec["failedJobsHistoryLimit"].must_not_be_negative();
}

}  // namespace

void validate_job(At object) {
  const At metadata = object["metadata"];
  const At spec = object["spec"];
  validate_metadata(metadata, true, dns1123_subdomain);
  validate_spec(spec);
  validate_selector(spec);
  if (spec["completionMode"].text() != "Indexed" || spec["completions"].number() <= 0) return;
  std::string host(metadata["name"].text());
  host.append("-").append(std::to_string(spec["completions"].number() - 1));
  if (!dns1123_label(host).empty()) {
    metadata["name"].invalid("will not able to create pod with invalid DNS label: " + host);
  }
}

void validate_job_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At spec = object["spec"];
  const At before = old["spec"];
  validate_spec(spec);
  validate_selector(spec);
  validate_completions_update(spec, before);
  spec["selector"].must_not_change(before["selector"]);
  validate_template_update(object, old);
  for (const std::string_view field :
       {"completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"}) {
    spec[field].must_not_change(before[field]);
  }
}

void validate_cron_job(At object) {
  const At metadata = object["metadata"];
  validate_metadata(metadata, true, dns1123_subdomain);
  static const doc::Value none;
  validate_cron_spec(object["spec"], object["spec"].with(none));
  if (metadata["name"].text().size() > 52) metadata["name"].invalid("must be no more than 52 characters");
}

void validate_cron_job_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_cron_spec(object["spec"], old["spec"]);
}

void validate_cron_job_status(At object, At old) { validate_metadata_update(object["metadata"], old["metadata"]); }

}  // namespace slipway::objects::validation
