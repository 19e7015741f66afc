#include "objects/kubernetes/status_error.hpp"

#include "core/number.hpp"
#include "core/text.hpp"

namespace slipway::objects::kubernetes {
namespace {

constexpr std::size_t longest_excerpt = 200;
constexpr auto longest_wait = std::chrono::minutes(10);

Code code_of(const doc::Value& status, int http_status) {
  const auto reason = status["reason"].string_or("");
  switch (http_status) {
    case 400:
    case 405:
    case 406:
    case 415:
    case 422:
      return Code::invalid_argument;
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::permission_denied;
    case 404:
      // An object has a name; a kind that is not served has none.
      return status["details"]["name"].string_or("").empty() ? Code::failed_precondition : Code::not_found;
    case 409:
      return reason == "AlreadyExists" ? Code::already_exists : Code::conflict;
    case 410:
      return Code::gone;
    case 413:
    case 507:
      return Code::resource_exhausted;
    case 501:
      return Code::unimplemented;
    case 504:
      return Code::deadline_exceeded;
    default:
      return http_status == 429 || http_status >= 500 ? Code::unavailable : Code::invalid_argument;
  }
}

// A version that this server never gave out: of another server, or of before a restore.
bool is_version_of_another(const doc::Value& causes) {
  for (std::size_t i = 0; i < causes.size(); ++i) {
    if (causes[i]["reason"].string_or("") == "ResourceVersionTooLarge") return true;
  }
  return false;
}

// A finalizer that comes after the deletion is a matter of the object's state, not of the document.
bool is_late_finalizer(const doc::Value& causes) {
  for (std::size_t i = 0; i < causes.size(); ++i) {
    if (causes[i]["field"].string_or("") == "metadata.finalizers" &&
        causes[i]["reason"].string_or("") == "FieldValueForbidden") {
      return true;
    }
  }
  return false;
}

}  // namespace

Error error_of_status(const doc::Value& status, int http_status, std::string_view where) {
  const auto& causes = status["details"]["causes"];
  Error error(code_of(status, http_status), status["message"].string_or(""));
  if (error.message.empty()) {
    error.message = std::string(where) + " was answered with status " + std::to_string(http_status);
    if (const auto reason = status["reason"].string_or(""); !reason.empty()) error.message += " (" + reason + ")";
  }
  if (http_status == 422 && is_late_finalizer(causes)) error.code = Code::failed_precondition;
  if (is_version_of_another(causes)) error.code = Code::gone;
  if (error.code == Code::failed_precondition && http_status == 404) {
    error.message = "the API server does not serve " + std::string(where);
    error.hint = "are the CustomResourceDefinitions installed?";
  }
  for (std::size_t i = 0; i < causes.size(); ++i) {
    const auto text = causes[i]["message"].string_or("");
    if (text.empty() || error.message.find(text) != std::string::npos) continue;
    const auto field = causes[i]["field"].string_or("");
    error.causes.emplace_back(error.code, field.empty() ? text : field + ": " + text);
  }
  return error;
}

Error error_of_response(int http_status, std::string_view body, std::string_view where) {
  if (const auto status = doc::parse_json(body); status && (*status)["kind"].string_or("") == "Status") {
    return error_of_status(*status, http_status, where);
  }
  auto error = error_of_status(doc::Value(), http_status, where);
  const auto line = core::trimmed(body.substr(0, body.find('\n')), " \t\r\n");
  if (!line.empty() && !line.starts_with('<') && error.code != Code::failed_precondition) {
    error.message += ": " + std::string(line.substr(0, longest_excerpt));
  }
  return error;
}

Duration retry_after(const core::Headers& headers) {
  const auto seconds = core::parse_number<std::int64_t>(core::header(headers, "Retry-After"));
  if (!seconds || *seconds <= 0) return {};
  return std::min<Duration>(std::chrono::seconds(std::min<std::int64_t>(*seconds, 86'400)), longest_wait);
}

}  // namespace slipway::objects::kubernetes
