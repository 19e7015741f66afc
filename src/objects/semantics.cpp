#include "objects/semantics.hpp"

#include <algorithm>

#include "core/digest.hpp"
#include "core/ids.hpp"
#include "objects/verbs/writing.hpp"

namespace slipway::objects {
namespace {

// Who applies may repeat it and never change it.
bool is_of_the_server(std::string_view key) {
  return key == "managedFields" || key == "selfLink" ||
         std::ranges::find(verbs::server_set, key) != std::end(verbs::server_set);
}

std::string resource_text(const Kind& kind) {
  return kind.group.empty() ? std::string(kind.plural) : std::string(kind.plural) + "." + std::string(kind.group);
}

}  // namespace

Name normalized(const Kind& kind, Name name) {
  if (!kind.namespaced) {
    name.ns.clear();
  } else if (name.ns.empty()) {
    name.ns = "default";
  }
  return name;
}

Result<> check_name(const Kind& kind, const Name& name) {
  if (kind.namespaced && !core::is_dns_label(name.ns)) {
    return fail(Code::invalid_argument, "metadata.namespace \"" + name.ns + "\" is not a legal namespace name",
                "use lower-case letters, digits and '-', at most 63");
  }
  // "system:basic-user": what fits into a path.
  const auto& text = name.name;
  if (kind.group == "rbac.authorization.k8s.io" && !text.empty() && text != "." && text != ".." &&
      text.find_first_of("/%") == std::string::npos) {
    return {};
  }
  const bool wants_label = kind.kind == "Service" || kind.kind == "Namespace";
  if (wants_label ? core::is_dns_label(name.name) : core::is_dns_subdomain(name.name)) return {};
  return fail(Code::invalid_argument,
              "metadata.name \"" + name.name + "\" is not a legal name of a " + std::string(kind.kind),
              wants_label ? "use lower-case letters, digits and '-', at most 63"
                          : "use lower-case letters, digits, '-' and '.', at most 253");
}

Result<> check_precondition(const Kind& kind, const Object& stored, const Object& given) {
  const auto uid = given.uid();
  const auto version = given.resource_version();
  if ((!uid.empty() && uid != stored.uid()) || (!version.empty() && version != stored.resource_version())) {
    return fail(conflict_error(kind, stored.name()));
  }
  return {};
}

Result<Object> applied(const Kind& kind, const Object& stored, const Object& given) {
  TRY(check_precondition(kind, stored, given));
  Object merged = stored;
  auto& document = merged.document().as_object();
  for (const auto& [key, value] : given.document().as_object()) {
    if (key != "metadata" && key != "status") document.set(key, value);
  }
  auto& metadata = merged.document().at_or_insert("metadata");
  for (const auto& [key, value] : given.document()["metadata"].as_object()) {
    if (is_of_the_server(key)) continue;
    if ((key == "labels" || key == "annotations") && value.is_object()) {
      for (const auto& [name, text] : value.as_object()) metadata.at_or_insert(key).at_or_insert(name) = text;
    } else {
      metadata.at_or_insert(key) = value;
    }
  }
  return merged;
}

std::string generated_name(std::string_view prefix, core::Random& random) {
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
  constexpr std::size_t suffix_length = 5;
  constexpr std::size_t longest_label = 63;
  std::string name(prefix.substr(0, longest_label - suffix_length));
  for (std::size_t i = 0; i < suffix_length; ++i) name += alphabet[random.below(alphabet.size())];
  return name;
}

std::string PageToken::render() const {
  doc::Object token{{"rv", version}, {"ns", last.ns}, {"name", last.name}, {"left", left}};
  return core::base64(doc::render_json(doc::Value(std::move(token))));
}

Result<PageToken> PageToken::parse(std::string_view token) {
  auto bytes = core::from_base64(token);
  auto value = bytes ? doc::parse_json(*bytes, "<continue>") : Result<doc::Value>(fail(std::move(bytes).error()));
  if (!value || !(*value)["name"].is_string())
    return fail(Code::invalid_argument, "continue key is not valid", "list again without it");
  return PageToken{(*value)["rv"].int_or(0),
                   {(*value)["ns"].string_or(""), (*value)["name"].string_or("")},
                   (*value)["left"].int_or(0)};
}

Error not_found_error(const Kind& kind, const Name& name) {
  return Error(Code::not_found, resource_text(kind) + " \"" + name.name + "\" not found")
      .on(std::string(kind.kind) + " " + name.text());
}

Error already_exists_error(const Kind& kind, const Name& name) {
  return Error(Code::already_exists, resource_text(kind) + " \"" + name.name + "\" already exists")
      .on(std::string(kind.kind) + " " + name.text());
}

Error conflict_error(const Kind& kind, const Name& name) {
  return Error(Code::conflict, "Operation cannot be fulfilled on " + resource_text(kind) + " \"" + name.name +
                                   "\": the object has been modified; please apply your changes to the latest version "
                                   "and try again")
      .on(std::string(kind.kind) + " " + name.text());
}

}  // namespace slipway::objects
