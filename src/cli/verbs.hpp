#pragma once
// The verbs, one file each in verbs/. Each function gives its command with its options' state inside.

#include "cli/command.hpp"

namespace slipway::cli {

Command up_command();
Command down_command();
Command status_command();
Command endpoint_command();
Command demo_command();
Command apply_command();
Command get_command();
Command lint_command();
Command init_command();
Command run_command();
Command runs_command();
Command model_command();
Command promote_command();
Command approve_command();
Command reject_command();
Command inbox_command();
Command rollout_command();
Command history_command();
Command audit_command();
Command token_command();
Command backup_command();
Command restore_command();
Command load_command();
Command logs_command();
Command completion_command();
Command gateway_command();
Command service_proxy_command();

const Command& root_command();

}  // namespace slipway::cli
