// What makes pods: apps, batch, ReplicationController and PodTemplate.

#include "objects/conversion/label_text.hpp"
#include "objects/table/cells.hpp"
#include "objects/table/printer.hpp"

namespace slipway::objects::table {
namespace {

using doc::Value;

std::string ratio(std::int64_t part, std::int64_t whole) { return std::to_string(part) + "/" + std::to_string(whole); }

void append_pods(doc::Array& to, const Value& pod_spec) {
  to.emplace_back(container_names(pod_spec));
  to.emplace_back(container_images(pod_spec));
}

doc::Array deployment(const Value& object, Time now) {
  const Value& spec = object["spec"];
  const Value& status = object["status"];
  doc::Array cells{name_of(object), ratio(count(status["readyReplicas"]), spec["replicas"].int_or(1)),
                   count(status["updatedReplicas"]), count(status["availableReplicas"]), age_of(object, now)};
  append_pods(cells, spec["template"]["spec"]);
  const auto selector = conversion::selector_text(spec["selector"]);
  cells.emplace_back(selector ? *selector : "<invalid>");
  return cells;
}

doc::Array replica_set(const Value& object, Time now) {
  const Value& spec = object["spec"];
  const Value& status = object["status"];
  doc::Array cells{name_of(object), spec["replicas"].int_or(1), count(status["replicas"]),
                   count(status["readyReplicas"]), age_of(object, now)};
  append_pods(cells, spec["template"]["spec"]);
  cells.emplace_back(selector_or_none(spec["selector"]));
  return cells;
}

doc::Array replication_controller(const Value& object, Time now) {
  doc::Array cells = replica_set(object, now);
  cells.back() = labels_or_none(object["spec"]["selector"]);
  return cells;
}

doc::Array stateful_set(const Value& object, Time now) {
  doc::Array cells{name_of(object),
                   ratio(count(object["status"]["readyReplicas"]), object["spec"]["replicas"].int_or(1)),
                   age_of(object, now)};
  append_pods(cells, object["spec"]["template"]["spec"]);
  return cells;
}

doc::Array daemon_set(const Value& object, Time now) {
  const Value& pod_spec = object["spec"]["template"]["spec"];
  const Value& status = object["status"];
  doc::Array cells{name_of(object),
                   count(status["desiredNumberScheduled"]),
                   count(status["currentNumberScheduled"]),
                   count(status["numberReady"]),
                   count(status["updatedNumberScheduled"]),
                   count(status["numberAvailable"]),
                   labels_or_none(pod_spec["nodeSelector"]),
                   age_of(object, now)};
  append_pods(cells, pod_spec);
  cells.emplace_back(selector_or_none(object["spec"]["selector"]));
  return cells;
}

// "statefulset.apps/web"
doc::Array controller_revision(const Value& object, Time now) {
  std::string controller = "<none>";
  for (const Value& owner : elements(object["metadata"]["ownerReferences"])) {
    if (!owner["controller"].bool_or(false)) continue;
    const std::string version = text(owner["apiVersion"]);
    const auto group = group_version_of(version).group;
    controller =
        in_lower(text(owner["kind"]) + (group.empty() ? "" : ".") + std::string(group)) + "/" + text(owner["name"]);
    break;
  }
  return {name_of(object), controller, count(object["revision"]), age_of(object, now)};
}

std::string job_status(const Value& job) {
  const auto has = [&](const char* type) {
    return text(find_by(job["status"]["conditions"], "type", type)["status"]) == "True";
  };
  if (has("Complete")) return "Complete";
  if (has("Failed")) return "Failed";
  if (is_being_deleted(job)) return "Terminating";
  for (const char* type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"}) {
    if (has(type)) return type;
  }
  return "Running";
}

std::string job_completions(const Value& job) {
  const std::int64_t succeeded = count(job["status"]["succeeded"]);
  if (const Value& wanted = job["spec"]["completions"]; !wanted.is_null()) return ratio(succeeded, count(wanted));
  const std::int64_t parallel = count(job["spec"]["parallelism"]);
  return ratio(succeeded, 1) + (parallel > 1 ? " of " + std::to_string(parallel) : "");
}

std::string job_duration(const Value& job, Time now) {
  const auto started = core::parse_rfc3339(text(job["status"]["startTime"]));
  if (!started) return "";
  const auto completed = core::parse_rfc3339(text(job["status"]["completionTime"]));
  return human_duration((completed ? *completed : now) - *started);
}

doc::Array job(const Value& object, Time now) {
  doc::Array cells{name_of(object), job_status(object), job_completions(object), job_duration(object, now),
                   age_of(object, now)};
  append_pods(cells, object["spec"]["template"]["spec"]);
  cells.emplace_back(selector_or_none(object["spec"]["selector"]));
  return cells;
}

doc::Array cron_job(const Value& object, Time now) {
  const Value& spec = object["spec"];
  const Value& last = object["status"]["lastScheduleTime"];
  const Value& suspend = spec["suspend"];
  doc::Array cells{name_of(object),
                   text(spec["schedule"]),
                   text_or(spec["timeZone"], "<none>"),
                   suspend.is_null()        ? "<unset>"
                   : suspend.bool_or(false) ? "True"
                                            : "False",
                   object["status"]["active"].size(),
                   last.is_null() ? "<none>" : age(last, now),
                   age_of(object, now)};
  append_pods(cells, spec["jobTemplate"]["spec"]["template"]["spec"]);
  cells.emplace_back(selector_or_none(spec["jobTemplate"]["spec"]["selector"]));
  return cells;
}

doc::Array pod_template(const Value& object, Time) {
  const Value& given = object["template"];
  return {name_of(object), container_names(given["spec"]), container_images(given["spec"]),
          labels_or_none(given["metadata"]["labels"])};
}

std::vector<Column> with_pods(std::vector<Column> columns, bool with_selector = true) {
  append_pod_columns(columns, with_selector);
  return columns;
}

}  // namespace

std::vector<Printer> workload_printers() {
  const Column ready = column("Ready", "string", "How many pods are ready, of how many that are wanted.");
  const Column desired = column("Desired", "integer", "How many pods are wanted.");
  const Column current = column("Current", "integer", "How many pods there are.");
  const Column ready_now = column("Ready", "integer", "How many pods are ready.");
  return {
      {"apps", "Deployment",
       with_pods({name_column(), ready, column("Up-to-date", "string", "How many pods are of the newest template."),
                  column("Available", "string", "How many pods were ready for long enough."), age_column()}),
       deployment},
      {"apps", "ReplicaSet", with_pods({name_column(), desired, current, ready_now, age_column()}), replica_set},
      {"", "ReplicationController", with_pods({name_column(), desired, current, ready_now, age_column()}),
       replication_controller},
      {"apps", "StatefulSet", with_pods({name_column(), ready, age_column()}, false), stateful_set},
      {"apps", "DaemonSet",
       with_pods({name_column(), desired, current, ready_now,
                  column("Up-to-date", "integer", "How many pods are of the newest template."),
                  column("Available", "integer", "How many pods were ready for long enough."),
                  column("Node Selector", "string", "The labels of the nodes that get a pod."), age_column()}),
       daemon_set},
      {"apps",
       "ControllerRevision",
       {name_column(), column("Controller", "string", "The object that this is a revision of."),
        column("Revision", "string", "Its number; later ones are higher."), age_column()},
       controller_revision},
      {"batch", "Job",
       with_pods({name_column(), column("Status", "string", "How far the job is."),
                  column("Completions", "string", "How many pods succeeded, of how many that have to."),
                  column("Duration", "string", "How long it took, or has been running."), age_column()}),
       job},
      {"batch", "CronJob",
       with_pods({name_column(), column("Schedule", "string", "When jobs start, as cron writes it."),
                  column("Timezone", "string", "The time zone of the schedule."),
                  column("Suspend", "boolean", "Whether no jobs are started."),
                  column("Active", "integer", "How many jobs are running."),
                  column("Last Schedule", "string", "How long ago a job was started."), age_column()}),
       cron_job},
      {"",
       "PodTemplate",
       {name_column(), column("Containers", "string", "The names of the containers."),
        column("Images", "string", "The images that the containers run."),
        column("Pod Labels", "string", "The labels that pods get.")},
       pod_template},
  };
}

}  // namespace slipway::objects::table
