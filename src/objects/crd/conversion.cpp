#include <algorithm>
#include <array>
#include <set>

#include "objects/crd/spec_checks.hpp"

namespace slipway::objects::crd {

using validation::Problems;

namespace {

std::string text(const doc::Value& value, std::string_view key) { return value[key].string_or(""); }

constexpr std::string_view form = "; desired format: https://host[/path]";

void check_url(Problems& problems, const std::string& field, const std::string& url) {
  const auto invalid = [&](std::string_view value, std::string sentence) {
    problems.push_back(validation::invalid(field, value, std::move(sentence)));
  };
  const std::size_t colon = url.find("://");
  const std::string scheme = colon == std::string::npos ? "" : url.substr(0, colon);
  if (scheme != "https") invalid(scheme, "'https' is the only allowed URL scheme" + std::string(form));
  std::string rest = colon == std::string::npos ? url : url.substr(colon + 3);
  std::string authority = colon == std::string::npos ? "" : rest.substr(0, rest.find_first_of("/?#"));
  if (const std::size_t at = authority.rfind('@'); at != std::string::npos) {
    invalid(authority.substr(0, at), "user information is not permitted in the URL");
    authority.erase(0, at + 1);
  }
  if (authority.empty()) invalid("", "host must be specified" + std::string(form));
  if (const std::size_t hash = rest.find('#'); hash != std::string::npos) {
    if (hash + 1 < rest.size()) invalid(rest.substr(hash + 1), "fragments are not permitted in the URL");
    rest.resize(hash);
  }
  if (const std::size_t query = rest.find('?'); query != std::string::npos && query + 1 < rest.size())
    invalid(rest.substr(query + 1), "query parameters are not permitted in the URL");
}

void check_service(Problems& problems, const std::string& field, const doc::Value& service) {
  for (const char* key : {"name", "namespace"}) {
    if (text(service, key).empty()) problems.push_back(validation::required(field + "." + key));
  }
  const std::int64_t port = service["port"].int_or(443);
  for (const std::string& complaint : validation::port_number(port))
    problems.push_back(validation::invalid(field + ".port", port, "port is not valid: " + complaint));
  const std::string path = text(service, "path");
  if (!path.empty() && !path.starts_with('/'))
    problems.push_back(validation::invalid(field + ".path", path, "must start with a '/'"));
}

void check_client(Problems& problems, const std::string& field, const doc::Value& client) {
  const bool has_url = client["url"].is_string();
  const bool has_service = client["service"].is_object();
  if (has_url == has_service) {
    problems.push_back(validation::required(field, "exactly one of url or service is required"));
  } else if (has_url) {
    check_url(problems, field + ".url", client["url"].as_string());
  } else {
    check_service(problems, field + ".service", client["service"]);
  }
}

void check_review_versions(Problems& problems, const doc::Value& versions) {
  const std::string field = "spec.conversion.conversionReviewVersions";
  if (versions.size() == 0) {
    problems.push_back(validation::required(field));
    return;
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; versions.is_array() && i < versions.size(); ++i) {
    const std::string at = field + "[" + std::to_string(i) + "]";
    const std::string version = versions[i].string_or("");
    if (!seen.insert(version).second) {
      problems.push_back(validation::invalid(at, version, "duplicate version"));
      continue;
    }
    for (const std::string& complaint : validation::dns1035_label(version))
      problems.push_back(validation::invalid(at, version, complaint));
  }
  if (!seen.contains("v1") && !seen.contains("v1beta1"))
    problems.push_back(validation::invalid(field, versions, "must include at least one of v1, v1beta1"));
}

}  // namespace

Problems check_conversion(const doc::Value& spec) {
  Problems problems;
  const doc::Value& conversion = spec["conversion"];
  if (!conversion.is_object()) return problems;
  constexpr std::array<std::string_view, 2> strategies{"None", "Webhook"};
  const std::string strategy = text(conversion, "strategy");
  if (strategy.empty()) {
    problems.push_back(validation::required("spec.conversion.strategy"));
  } else if (std::ranges::find(strategies, strategy) == strategies.end()) {
    problems.push_back(validation::not_supported("spec.conversion.strategy", strategy, strategies));
  }
  if (strategy != "None" && spec["preserveUnknownFields"].bool_or(false)) {
    problems.push_back(validation::invalid("spec.conversion.strategy", strategy,
                                           "must be None if spec.preserveUnknownFields is true"));
  }
  const doc::Value& webhook = conversion["webhook"];
  const doc::Value& client = webhook["clientConfig"];
  const std::string field = "spec.conversion.webhookClientConfig";
  if (strategy == "Webhook") {
    if (client.is_object()) {
      check_client(problems, field, client);
    } else {
      problems.push_back(validation::required(field, "required when strategy is set to Webhook"));
    }
    check_review_versions(problems, webhook["conversionReviewVersions"]);
    return problems;
  }
  const std::string sentence = "should not be set when strategy is not set to Webhook";
  if (client.is_object()) problems.push_back(validation::forbidden(field, sentence));
  if (webhook["conversionReviewVersions"].size() > 0)
    problems.push_back(validation::forbidden("spec.conversion.conversionReviewVersions", sentence));
  return problems;
}

}  // namespace slipway::objects::crd
