#pragma once
// Rules of what runs Pods from a template. Inside of validation.

#include "objects/validation/at.hpp"

namespace slipway::objects::validation {

// A number or a percentage, not negative.
void validate_count_or_percent(At value);
// The number; of a percentage what stands before the sign; 0 when it is neither.
std::int64_t count_or_percent(At value);
void validate_not_above_100_percent(At value);
// An update strategy as messages show one: {"Type":"OnDelete","RollingUpdate":null}.
std::string strategy_as_go(At strategy);
// Pods of `owner`, a kind, run for ever: they are always started again, and have no deadline.
void validate_runs_for_ever(At pod_spec, std::string_view owner);
// The numbers of a status that count replicas: none negative, none of `parts` above status.replicas.
void validate_replica_counts(At status, std::initializer_list<std::string_view> parts, std::string_view ready_words);

void validate_deployment(At object);
void validate_deployment_update(At object, At old);
void validate_deployment_status(At object, At old);
void validate_replica_set(At object);
void validate_replica_set_update(At object, At old);
void validate_replica_set_status(At object, At old);
void validate_replication_controller(At object);  // its status is a ReplicaSet's
void validate_replication_controller_update(At object, At old);
void validate_stateful_set(At object);
void validate_stateful_set_update(At object, At old);
void validate_stateful_set_status(At object, At old);
void validate_daemon_set(At object);
void validate_daemon_set_update(At object, At old);
void validate_daemon_set_status(At object, At old);
void validate_controller_revision(At object);
void validate_controller_revision_update(At object, At old);

void validate_job(At object);
void validate_job_update(At object, At old);
void validate_job_status(At object, At old);
void validate_cron_job(At object);
void validate_cron_job_update(At object, At old);
void validate_cron_job_status(At object, At old);

// What is wrong with five fields of cron, or @daily and its like, in the words of robfig/cron; "" when nothing is.
std::string cron_complaint(std::string_view schedule);

}  // namespace slipway::objects::validation
