#pragma once
// Who may use this platform from this machine: the people of team.yaml, or its only user; and a token file for each
// under DATA/tokens (mode 0600), so that the command line and the workflow's steps can prove who they are.

#include <string>
#include <vector>

#include "core/events.hpp"
#include "server/layout.hpp"
#include "team/team.hpp"

namespace slipway::server {

// The account that the steps of workflows act as.
inline constexpr std::string_view ci_account = "ci@slipway";

// From DATA/team.yaml, which `given` replaces first when it is not empty. Without any: one person, "<user>@localhost",
// with every role a person can have. The workflows' account is always there.
Result<std::vector<team::Person>> load_people(const Layout& layout, const std::string& given);

// Those of the text of a team.yaml, and the workflows' account.
Result<std::vector<team::Person>> read_people(std::string_view text, const std::string& source);

// Makes DATA/tokens/PERSON for everybody who has no working token there; "default" is the only person's, if there is
// one only.
Result<> ensure_tokens(team::Team& team, const Layout& layout);
// Whose token programs are given that cannot ask for --as: the only person's; of several the first one's who
// administers, else the first one's. nullptr when there is none.
const team::Person* owner_of(const team::Team& team);
std::string token_file(const Layout& layout, std::string_view person);

}  // namespace slipway::server
