// Formats: k8s.io/apimachinery/pkg/util/validation/field/errors.go, pkg/api/errors/errors.go (NewInvalid).

#include "objects/validation/problem.hpp"

#include <array>
#include <unordered_set>

#include "objects/patch/go_text.hpp"

namespace slipway::objects::validation {

namespace {

struct Words {
  std::string_view name;
  std::string_view sentence;
  bool shows_value;
  Code code;  // of the cause; tells type_invalid from invalid, which read alike
};

constexpr std::array<Words, 10> words{{
    {"FieldValueRequired", "Required value", false, Code::invalid_argument},
    {"FieldValueInvalid", "Invalid value", true, Code::invalid_argument},
    {"FieldValueTypeInvalid", "Invalid value", true, Code::failed_precondition},
    {"FieldValueNotSupported", "Unsupported value", true, Code::invalid_argument},
    {"FieldValueForbidden", "Forbidden", false, Code::invalid_argument},
    {"FieldValueDuplicate", "Duplicate value", true, Code::invalid_argument},
    {"FieldValueTooLong", "Too long", false, Code::invalid_argument},
    {"FieldValueTooMany", "Too many", true, Code::invalid_argument},
    {"FieldValueNotFound", "Not found", true, Code::invalid_argument},
    {"InternalError", "Internal error", false, Code::internal},
}};

const Words& words_of(Reason reason) { return words[static_cast<std::size_t>(reason)]; }

std::string_view reason_of(const Error& cause) {
  for (const Words& known : words) {
    if (cause.code == known.code && cause.message.starts_with(known.sentence)) return known.name;
  }
  return name_of(Reason::invalid);
}

constexpr std::string_view verdict = " is invalid";

}  // namespace

std::string_view name_of(Reason reason) { return words_of(reason).name; }

std::string Problem::body() const {
  const Words& said = words_of(reason);
  std::string text(said.sentence);
  if (said.shows_value && !bad_value.empty()) text.append(": ").append(bad_value);
  if (!detail.empty()) text.append(": ").append(detail);
  return text;
}

std::string Problem::message() const { return field + ": " + body(); }

std::string shown(const doc::Value& value) {
  return value.is_string() ? patch::go_quoted(value.as_string()) : patch::go_json(value);
}

Problem required(std::string field, std::string detail) {
  return {Reason::required, std::move(field), {}, std::move(detail)};
}

Problem invalid(std::string field, const doc::Value& value, std::string detail) {
  return {Reason::invalid, std::move(field), shown(value), std::move(detail)};
}

Problem type_invalid(std::string field, const doc::Value& value, std::string detail) {
  return {Reason::type_invalid, std::move(field), shown(value), std::move(detail)};
}

Problem not_supported(std::string field, const doc::Value& value, std::span<const std::string_view> supported) {
  std::string detail;
  for (const std::string_view one : supported) {
    detail += detail.empty() ? "supported values: " : ", ";
    detail += patch::go_quoted(one);
  }
  return {Reason::not_supported, std::move(field), shown(value), std::move(detail)};
}

Problem forbidden(std::string field, std::string detail) {
  return {Reason::forbidden, std::move(field), {}, std::move(detail)};
}

Problem duplicate(std::string field, const doc::Value& value) {
  return {Reason::duplicate, std::move(field), shown(value), {}};
}

Problem not_found(std::string field, const doc::Value& value) {
  return {Reason::not_found, std::move(field), shown(value), {}};
}

Problem too_long(std::string field, std::int64_t most_bytes) {
  std::string detail =
      most_bytes < 0 ? "value is too long"
                     : "may not be more than " + std::to_string(most_bytes) + (most_bytes == 1 ? " byte" : " bytes");
  return {Reason::too_long, std::move(field), {}, std::move(detail)};
}

Problem too_many(std::string field, std::int64_t actual, std::int64_t most) {
  std::string detail =
      most < 0 ? "has too many items" : "must have at most " + std::to_string(most) + (most == 1 ? " item" : " items");
  return {Reason::too_many, std::move(field), actual < 0 ? "" : std::to_string(actual), std::move(detail)};
}

Problem internal_problem(std::string field, std::string detail) {
  return {Reason::internal, std::move(field), {}, std::move(detail)};
}

Error invalid_error(std::string_view group, std::string_view kind, std::string_view name, const Problems& problems) {
  std::string message(kind);
  if (!group.empty()) message.append(".").append(group);
  message.append(" ").append(patch::go_quoted(name)).append(verdict).append(": ");
  Error error(Code::invalid_argument, {});
  std::unordered_set<std::string> said;
  std::string list;
  for (const Problem& problem : problems) {
    std::string sentence = problem.message();
    if (!said.contains(sentence)) {
      if (!list.empty()) list += ", ";
      list += sentence;
      said.insert(std::move(sentence));
    }
    error.causes.push_back(Error(words_of(problem.reason).code, problem.body()).on(problem.field));
  }
  error.message = message + (said.size() == 1 ? list : "[" + list + "]");
  return error;
}

std::optional<Refusal> refusal_of(const Error& error) {
  if (error.code != Code::invalid_argument || error.causes.empty()) return std::nullopt;
  const std::string_view text = error.message;
  const std::size_t end_of_kind = text.find(" \"");
  if (end_of_kind == std::string_view::npos) return std::nullopt;
  const std::size_t end_of_name = text.find("\"" + std::string(verdict), end_of_kind + 2);
  if (end_of_name == std::string_view::npos) return std::nullopt;
  Refusal refusal;
  const std::string_view kind = text.substr(0, end_of_kind);
  const std::size_t dot = kind.find('.');
  refusal.kind = kind.substr(0, dot);
  if (dot != std::string_view::npos) refusal.group = kind.substr(dot + 1);
  // A name with characters that need escapes is shown with them: it is no name anyway.
  refusal.name = text.substr(end_of_kind + 2, end_of_name - end_of_kind - 2);
  for (const Error& cause : error.causes) {
    refusal.causes.push_back({reason_of(cause), cause.message, cause.object});
  }
  return refusal;
}

}  // namespace slipway::objects::validation
