// Who may do what, and how much of it: quotas, disruption budgets, bindings of roles, admission, priority of requests,
// APIServices.

#include <map>

#include "objects/table/cells.hpp"
#include "objects/table/printer.hpp"

namespace slipway::objects::table {
namespace {

using doc::Value;

// "cpu: 1/4, pods: 3/10", and what begins with "limits." apart from the rest.
doc::Array quota(const Value& object, Time now) {
  std::map<std::string, std::string> hard;
  if (const Value& limits = object["status"]["hard"]; limits.is_object()) {
    for (const auto& [name, value] : limits.as_object()) hard.emplace(name, quantity(value));
  }
  std::vector<std::string> requests, limits;
  for (const auto& [name, value] : hard) {
    const std::string line = name + ": " + quantity(object["status"]["used"][name]) + "/" + value;
    (name.starts_with("limits.") ? limits : requests).push_back(line);
  }
  return {name_of(object), joined(requests, ", "), joined(limits, ", "), age_of(object, now)};
}

doc::Array disruption_budget(const Value& object, Time now) {
  return {name_of(object), text_or(object["spec"]["minAvailable"], "N/A"),
          text_or(object["spec"]["maxUnavailable"], "N/A"), count(object["status"]["disruptionsAllowed"]),
          age_of(object, now)};
}

doc::Array role_binding(const Value& object, Time now) {
  std::vector<std::string> users, groups, accounts;
  for (const Value& subject : elements(object["subjects"])) {
    const std::string kind = text(subject["kind"]);
    const std::string name = text(subject["name"]);
    if (kind == "User") users.push_back(name);
    if (kind == "Group") groups.push_back(name);
    if (kind == "ServiceAccount") accounts.push_back(text(subject["namespace"]) + "/" + name);
  }
  return {name_of(object),      text(object["roleRef"]["kind"]) + "/" + text(object["roleRef"]["name"]),
          age_of(object, now),  joined(users, ", "),
          joined(groups, ", "), joined(accounts, ", ")};
}

doc::Array webhooks(const Value& object, Time now) {
  return {name_of(object), object["webhooks"].size(), age_of(object, now)};
}

doc::Array admission_policy(const Value& object, Time now) {
  const Value& kind = object["spec"]["paramKind"];
  return {name_of(object), object["spec"]["validations"].size(),
          kind.is_null() ? "<unset>" : text(kind["apiVersion"]) + "/" + text(kind["kind"]), age_of(object, now)};
}

// The selector as Go prints such a struct, which is what the server shows.
std::string go_selector(const Value& selector) {
  std::string out = "&LabelSelector{MatchLabels:map[string]string{";
  std::map<std::string, std::string> labels;
  if (selector["matchLabels"].is_object()) {
    for (const auto& [key, value] : selector["matchLabels"].as_object()) labels.emplace(key, text(value));
  }
  for (const auto& [key, value] : labels) out += key + ": " + value + ",";
  out += "},MatchExpressions:[]LabelSelectorRequirement{";
  for (const Value& expression : elements(selector["matchExpressions"])) {
    std::vector<std::string> values;
    for (const Value& value : elements(expression["values"])) values.push_back(text(value));
    out += "LabelSelectorRequirement{Key:" + text(expression["key"]) + ",Operator:" + text(expression["operator"]) +
           ",Values:[" + joined(values, " ") + "],},";
  }
  return out + "},}";
}

std::string parameters_of(const Value& reference) {
  if (const std::string name = text(reference["name"]); !name.empty()) {
    const std::string ns = text(reference["namespace"]);
    return (ns.empty() ? "*" : ns) + "/" + name;
  }
  return reference["selector"].is_null() ? "<unset>" : go_selector(reference["selector"]);
}

doc::Array admission_binding(const Value& object, Time now) {
  return {name_of(object), text(object["spec"]["policyName"]), parameters_of(object["spec"]["paramRef"]),
          age_of(object, now)};
}

doc::Array api_service(const Value& object, Time now) {
  const Value& service = object["spec"]["service"];
  const Value& available = find_by(object["status"]["conditions"], "type", "Available");
  std::string status = "Unknown";
  if (!available.is_null()) {
    status = text(available["status"]);
    const std::string reason = text(available["reason"]);
    if (status != "True" && !reason.empty()) status += " (" + reason + ")";
  }
  return {name_of(object), service.is_null() ? "Local" : text(service["namespace"]) + "/" + text(service["name"]),
          status, age_of(object, now)};
}

doc::Array flow_schema(const Value& object, Time now) {
  const Value& spec = object["spec"];
  return {name_of(object),
          text(spec["priorityLevelConfiguration"]["name"]),
          count(spec["matchingPrecedence"]),
          text_or(spec["distinguisherMethod"]["type"], "<none>"),
          age_of(object, now),
          text_or(find_by(object["status"]["conditions"], "type", "Dangling")["status"], "?")};
}

doc::Array priority_level(const Value& object, Time now) {
  const Value& limited = object["spec"]["limited"];
  const Value& queuing = limited["limitResponse"]["queuing"];
  const auto number_or_none = [](const Value& value) { return value.is_null() ? Value("<none>") : value; };
  return {name_of(object),
          text(object["spec"]["type"]),
          number_or_none(limited["nominalConcurrencyShares"]),
          number_or_none(queuing["queues"]),
          number_or_none(queuing["handSize"]),
          number_or_none(queuing["queueLengthLimit"]),
          age_of(object, now)};
}

}  // namespace

std::vector<Printer> policy_printers() {
  const std::vector<Column> binding = {name_column(),
                                       column("Role", "string", "The role that it gives."),
                                       age_column(),
                                       wide_column("Users", "The users who get it."),
                                       wide_column("Groups", "The groups whose members get it."),
                                       wide_column("ServiceAccounts", "The service accounts that get it.")};
  const std::vector<Column> hooks = {name_column(), column("Webhooks", "integer", "How many webhooks it has."),
                                     age_column()};
  constexpr std::string_view rbac = "rbac.authorization.k8s.io";
  constexpr std::string_view admission = "admissionregistration.k8s.io";
  constexpr std::string_view flow_control = "flowcontrol.apiserver.k8s.io";
  return {
      {"",
       "ResourceQuota",
       {name_column(), column("Request", "string", "What is used of what may be requested."),
        column("Limit", "string", "What is used of what limits may add up to."), age_column()},
       quota},
      {"policy",
       "PodDisruptionBudget",
       {name_column(), column("Min Available", "string", "How many pods have to stay."),
        column("Max Unavailable", "string", "How many pods may be away."),
        column("Allowed Disruptions", "integer", "How many pods may be taken now."), age_column()},
       disruption_budget},
      {rbac, "RoleBinding", binding, role_binding},
      {rbac, "ClusterRoleBinding", binding, role_binding},
      {admission, "MutatingWebhookConfiguration", hooks, webhooks},
      {admission, "ValidatingWebhookConfiguration", hooks, webhooks},
      {admission,
       "ValidatingAdmissionPolicy",
       {name_column(), column("Validations", "integer", "How many rules it has."),
        column("ParamKind", "string", "The kind of the objects that parametrise it."), age_column()},
       admission_policy},
      {admission,
       "ValidatingAdmissionPolicyBinding",
       {name_column(), column("PolicyName", "string", "The policy that it puts to work."),
        column("ParamRef", "string", "The object that parametrises the policy here."), age_column()},
       admission_binding},
      {flow_control,
       "FlowSchema",
       {name_column(), column("PriorityLevel", "string", "How important its requests are."),
        column("MatchingPrecedence", "string", "Its place in the order of schemas; lower goes first."),
        column("DistinguisherMethod", "string", "What makes requests one flow."), age_column(),
        column("MissingPL", "string", "Whether its priority level is not there.")},
       flow_schema},
      {flow_control,
       "PriorityLevelConfiguration",
       {name_column(), column("Type", "string", "Whether its requests are limited."),
        column("NominalConcurrencyShares", "string", "Its share of what runs at once."),
        column("Queues", "string", "How many queues it has."),
        column("HandSize", "string", "How many queues a flow may use."),
        column("QueueLengthLimit", "string", "How many requests may wait in a queue."), age_column()},
       priority_level},
      {"apiregistration.k8s.io",
       "APIService",
       {name_column(), column("Service", "string", "The service that serves this API."),
        column("Available", "string", "Whether it can be reached."), age_column()},
       api_service},
  };
}

}  // namespace slipway::objects::table
