#pragma once
// Whether a Pod may run on a node, by what both say of labels, taints and cordons, as kube-scheduler decides it. Not
// for how much is left of a node's cpu and memory: requests are recorded and nothing is refused for them. Pure.

#include <string>

#include "objects/object.hpp"

namespace slipway::pods::scheduling {

// Whether this Pod names that scheduler. "" is kube-scheduler, whom a Pod need not name.
bool names_scheduler(const objects::Object& pod, std::string_view scheduler);
// Who schedules this Pod, and when: one that names another scheduler is that one's; one with gates waits for them.
bool is_ours(const objects::Object& pod, std::string_view scheduler = {});

// "" when it fits; else in kube-scheduler's words: "node(s) didn't match Pod's node affinity/selector".
std::string why_not(const objects::Object& pod, const objects::Object& node);

// Of a Pod's nodeSelectorTerm or preference: do labels and name of the node satisfy it? An empty term matches nothing.
bool matches_term(const doc::Value& term, const objects::Object& node);
bool tolerates(const doc::Value& tolerations, const doc::Value& taint);

}  // namespace slipway::pods::scheduling
