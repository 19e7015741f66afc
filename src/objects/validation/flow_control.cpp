// kubernetes pkg/apis/flowcontrol/validation: FlowSchema and PriorityLevelConfiguration.

#include <algorithm>
#include <array>
#include <cmath>

#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::int64_t last_precedence = 10'000, most_queues = 10'000'000, most_entropy_bits = 60;
constexpr std::array<std::string_view, 9> verbs{"create", "delete", "deletecollection", "get",  "list",
                                                "patch",  "proxy",  "update",           "watch"};

bool has_wildcard(At list) {
  return std::ranges::any_of(names_in(list.value(), "").all(), [](std::string_view name) { return name == "*"; });
}

// Whether the members are to be looked at one by one.
bool validate_list(At list, const std::string& missing, std::string_view others) {
  if (list.empty()) {
    list.required(missing);
    return false;
  }
  if (!has_wildcard(list)) return true;
  if (list.size() > 1) list.invalid("if '*' is present, must not specify other " + std::string(others));
  return false;
}

void validate_verbs(At list) {
  if (!validate_list(list, "verbs must contain at least one value", "verbs")) return;
  const bool all_known = std::ranges::all_of(names_in(list.value(), "").all(), [](std::string_view verb) {
    return std::ranges::find(verbs, verb) != verbs.end();
  });
  if (!all_known) list.add(not_supported(list.path(), list.value(), verbs));
}

void validate_url(At url) {
  const std::string_view path = url.text();
  if (path == "/") return;
  const auto stars = std::ranges::count(path, '*');
  if (path.empty()) {
    url.invalid("must not be empty");
  } else if (!path.starts_with('/')) {
    url.invalid("must start with slash");
  } else if (path.contains(' ')) {
    url.invalid("must not contain white-space");
  } else if (path.contains("//")) {
    url.invalid("must not contain double slash");
  } else if (stars > 1 || (stars == 1 && !path.ends_with("/*"))) {
    url.invalid("wildcard can only do suffix matching");
  }
}

void validate_resource_rule(At rule) {
  validate_verbs(rule["verbs"]);
  validate_list(rule["apiGroups"], "resource rules must supply at least one api group", "api groups");
  validate_list(rule["resources"], "resource rules must supply at least one resource", "resources");
  const At namespaces = rule["namespaces"];
  if (namespaces.empty() && rule["clusterScope"].flag()) return;
  if (!validate_list(namespaces, "resource rules that are not cluster scoped must supply at least one namespace",
                     "namespaces")) {
    return;
  }
  for (const At name : namespaces.elements()) {
    for (const std::string& complaint : dns1123_label(name.text()))
      name.invalid("each member of this list must be '*' or a DNS-1123 label; " + complaint);
  }
}

struct SubjectKind {
  std::string_view kind, field;
};
constexpr std::array<SubjectKind, 3> subject_kinds{
    {{"Group", "group"}, {"ServiceAccount", "serviceAccount"}, {"User", "user"}}};

void validate_subject(At subject) {
  const std::string_view kind = subject["kind"].text();
  if (!subject["kind"].must_be_one_of({"Group", "ServiceAccount", "User"})) return;
  for (const auto& [other, field] : subject_kinds) {
    const At said = subject[field];
    const std::string name(field);
    if (other != kind) {
      if (said) said.forbidden(name + " is forbidden when subject kind is not '" + std::string(other) + "'");
    } else if (!said) {
      said.required(name + " is required when subject kind is '" + std::string(kind) + "'");
    } else if (said["name"].must_be_given() && kind == "ServiceAccount" && said["name"].text() != "*") {
      said["name"].must_be(dns1123_subdomain);
    }
  }
  if (const At account = subject["serviceAccount"]; account && kind == "ServiceAccount") {
    const At space = account["namespace"];
    if (space.must_be_given("must specify namespace for service account")) space.must_be(dns1123_label);
  }
}

void validate_schema_rule(At rule) {
  if (rule["subjects"].empty()) rule["subjects"].required("subjects must contain at least one value");
  for (const At subject : rule["subjects"].elements()) validate_subject(subject);
  if (rule["resourceRules"].empty() && rule["nonResourceRules"].empty())
    rule.required("at least one of resourceRules and nonResourceRules has to be non-empty");
  for (const At resource : rule["resourceRules"].elements()) validate_resource_rule(resource);
  for (const At other : rule["nonResourceRules"].elements()) {
    validate_verbs(other["verbs"]);
    const At urls = other["nonResourceURLs"];
    if (!validate_list(urls, "nonResourceURLs must contain at least one value", "non-resource URLs")) continue;
    for (const At url : urls.elements()) validate_url(url);
  }
}

void validate_schema_spec(At spec, std::string_view name) {
  const At precedence = spec["matchingPrecedence"];
  if (precedence.number() <= 0) precedence.invalid("must be a positive value");
  if (precedence.number() > last_precedence)
    precedence.invalid("must not be greater than " + std::to_string(last_precedence));
  if (precedence.number() == 1 && name != "exempt")
    precedence.invalid("only the schema named 'exempt' may have matchingPrecedence 1");
  if (const At method = spec["distinguisherMethod"]) method["type"].must_be_one_of({"ByNamespace", "ByUser"});
  const At level = spec["priorityLevelConfiguration"]["name"];
  if (level.must_be_given("must reference a priority level")) level.must_be(dns1123_subdomain);
  for (const At rule : spec["rules"].elements()) validate_schema_rule(rule);
}

void validate_conditions(At conditions) {
  Names types;
  for (const At condition : conditions.elements()) {
    if (!types.add(condition["type"].text())) condition["type"].duplicate();
    condition["type"].must_be_given();
  }
}

void must_be_a_percentage(At value) {
  if (value && (value.number() < 0 || value.number() > 100)) value.invalid("must be between 0 and 100, inclusive");
}

// A hand of queues is chosen by a hash: it needs about so many bits of it.
std::int64_t entropy_bits(std::int64_t queues, std::int64_t hand) {
  return static_cast<std::int64_t>(std::ceil(std::log2(static_cast<double>(queues)) * static_cast<double>(hand)));
}

void validate_queuing(At queuing) {
  const At length = queuing["queueLengthLimit"];
  const At queues = queuing["queues"];
  const At hand = queuing["handSize"];
  if (length.number() <= 0) length.invalid("must be positive");
  if (queues.number() <= 0) {
    queues.invalid("must be positive");
  } else if (queues.number() > most_queues) {
    queues.invalid("must not be greater than " + std::to_string(most_queues));
  }
  if (hand.number() <= 0) return hand.invalid("must be positive");
  const std::string number = std::to_string(queues.number());
  if (hand.number() > queues.number()) return hand.invalid("should not be greater than queues (" + number + ")");
  if (entropy_bits(queues.number(), hand.number()) <= most_entropy_bits) return;
  hand.invalid("required entropy bits of deckSize " + number + " and handSize " + std::to_string(hand.number()) +
               " should not be greater than " + std::to_string(most_entropy_bits));
}

void validate_limited(At limited) {
  const At shares = limited["nominalConcurrencyShares"];
  if (shares.number() < 0) shares.invalid("must be a non-negative integer");
  const At response = limited["limitResponse"];
  const At queuing = response["queuing"];
  if (response["type"].must_be_one_of({"Queue", "Reject"})) {
    if (response["type"].text() == "Reject") {
      if (queuing) queuing.forbidden("must be nil if limited.limitResponse.type is not Limited");
    } else if (!queuing) {
      queuing.required("must not be empty if limited.limitResponse.type is Limited");
    } else {
      validate_queuing(queuing);
    }
  }
  must_be_a_percentage(limited["lendablePercent"]);
  if (const At borrowed = limited["borrowingLimitPercent"]; borrowed.number() < 0)
    borrowed.invalid("if specified, must be a non-negative integer");
}

void validate_level_spec(At spec, std::string_view name) {
  const At type = spec["type"];
  const At exempt = spec["exempt"];
  const At limited = spec["limited"];
  if ((name == "exempt") != (type.text() == "Exempt"))
    type.invalid(doc::Value(type.text()), "must be 'Exempt' if and only if `name` is 'exempt'");
  if (!type.must_be_one_of({"Exempt", "Limited"})) return;
  if (type.text() == "Exempt") {
    if (limited) limited.forbidden("must be nil if the type is not Limited");
    const At shares = exempt["nominalConcurrencyShares"];
    if (shares.number() < 0) shares.invalid("must be a non-negative integer");
    return must_be_a_percentage(exempt["lendablePercent"]);
  }
  if (exempt) exempt.forbidden("must be nil if the type is Limited");
  if (!limited) return limited.required("must not be empty when type is Limited");
  validate_limited(limited);
}

}  // namespace

void validate_flow_schema(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  validate_schema_spec(object["spec"], object["metadata"]["name"].text());
  validate_conditions(object["status"]["conditions"]);
}

void validate_flow_schema_update(At object, At) { validate_flow_schema(object); }
void validate_flow_schema_status(At object, At) { validate_conditions(object["status"]["conditions"]); }

void validate_priority_level(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  validate_level_spec(object["spec"], object["metadata"]["name"].text());
  validate_conditions(object["status"]["conditions"]);
}

void validate_priority_level_update(At object, At) { validate_priority_level(object); }
void validate_priority_level_status(At object, At) { validate_conditions(object["status"]["conditions"]); }

}  // namespace slipway::objects::validation
