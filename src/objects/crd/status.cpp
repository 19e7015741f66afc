// Rules and sentences: k8s.io/apiextensions-apiserver/pkg/controller/{status,establish}.

#include "objects/crd/status.hpp"

#include <algorithm>

#include "objects/object.hpp"

namespace slipway::objects::crd {

namespace {

// An accepted name as it stands, without defaults: a definition that was accepted for nothing has none.
std::string text(const doc::Value& names, std::string_view key) { return names[key].string_or(""); }

struct Conflict {
  std::string reason, message;
};

std::string in_use(const std::string& name) { return "\"" + name + "\" is already in use"; }

bool is_free(const std::string& wanted, const std::string& accepted, const std::set<std::string>& taken) {
  return wanted == accepted || !taken.contains(wanted);
}

std::string joined(const std::vector<std::string>& messages) {
  if (messages.size() == 1) return messages.front();
  std::string all;
  for (const auto& message : messages) all += (all.empty() ? "" : ", ") + message;
  return "[" + all + "]";
}

// The names that are accepted; a conflict leaves the ones of before. The last conflict found is the one told.
Names accept(const Names& wanted, const doc::Value& accepted, const TakenNames& taken,
             std::optional<Conflict>& conflict) {
  Names names;
  const auto take = [&](const char* key, const std::string& name, const std::set<std::string>& others,
                        const char* reason) {
    const std::string before = text(accepted, key);
    if (is_free(name, before, others)) return name;
    conflict = Conflict{reason, in_use(name)};
    return before;
  };
  names.plural = take("plural", wanted.plural, taken.resources, "PluralConflict");
  names.singular = take("singular", wanted.singular, taken.resources, "SingularConflict");
  std::vector<std::string> before;
  const doc::Value& short_before = accepted["shortNames"];
  for (std::size_t i = 0; i < short_before.size(); ++i) before.push_back(short_before[i].string_or(""));
  std::vector<std::string> refused;
  for (const std::string& name : wanted.short_names) {
    if (std::ranges::find(before, name) == before.end() && taken.resources.contains(name))
      refused.push_back(in_use(name));
  }
  names.short_names = refused.empty() ? wanted.short_names : before;
  if (!refused.empty()) conflict = Conflict{"ShortNamesConflict", joined(refused)};
  names.kind = take("kind", wanted.kind, taken.kinds, "KindConflict");
  names.list_kind = take("listKind", wanted.list_kind, taken.kinds, "ListKindConflict");
  names.categories = wanted.categories;
  return names;
}

}  // namespace

TakenNames taken_names(std::string_view group, std::string_view name, std::span<const doc::Value> definitions,
                       const schema::Registry& builtin) {
  TakenNames taken;
  for (const schema::Resource& resource : builtin.resources()) {
    if (resource.group != group) continue;
    taken.resources.insert({resource.plural, resource.singular});
    taken.resources.insert(resource.short_names.begin(), resource.short_names.end());
    taken.kinds.insert({resource.kind, resource.list_kind()});
  }
  for (const doc::Value& crd : definitions) {
    if (crd["spec"]["group"].string_or("") != group || crd["metadata"]["name"].string_or("") == name) continue;
    const doc::Value& names = crd["status"]["acceptedNames"];
    taken.resources.insert({text(names, "plural"), text(names, "singular")});
    const doc::Value& short_names = names["shortNames"];
    for (std::size_t i = 0; i < short_names.size(); ++i) taken.resources.insert(short_names[i].string_or(""));
    taken.kinds.insert({text(names, "kind"), text(names, "listKind")});
  }
  taken.resources.erase("");
  taken.kinds.erase("");
  return taken;
}

doc::Value status_of(const doc::Value& crd, const TakenNames& taken, core::Time now) {
  Object object(crd);
  if (object.document()["status"].is_null()) object.document().at_or_insert("status") = doc::Object();
  doc::Value& status = object.status();
  std::optional<Conflict> conflict;
  const Names names = accept(names_of(crd["spec"]["names"]), crd["status"]["acceptedNames"], taken, conflict);
  status.at_or_insert("acceptedNames") = document_of(names);
  const std::vector<std::string> stored = stored_versions_of(crd["spec"], crd);
  status.at_or_insert("storedVersions") = doc::Array(stored.begin(), stored.end());
  if (conflict) {
    object.set_condition("NamesAccepted", "False", conflict->reason, conflict->message, now);
    if (!is_established(crd))
      object.set_condition("Established", "False", "NotAccepted", "not all names are accepted", now);
  } else {
    object.set_condition("NamesAccepted", "True", "NoConflicts", "no conflicts found", now);
    if (!is_established(crd)) {
      object.set_condition("Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now);
    }
  }
  return object.status();
}

std::vector<std::string> stored_versions_of(const doc::Value& spec, const doc::Value& old) {
  std::vector<std::string> stored;
  const doc::Value& before = old["status"]["storedVersions"];
  for (std::size_t i = 0; before.is_array() && i < before.size(); ++i) stored.push_back(before[i].string_or(""));
  const doc::Value& versions = spec["versions"];
  for (std::size_t i = 0; versions.is_array() && i < versions.size(); ++i) {
    if (!versions[i]["storage"].bool_or(false)) continue;
    const std::string name = text(versions[i], "name");
    if (std::ranges::find(stored, name) == stored.end()) stored.push_back(name);
    break;
  }
  return stored;
}

bool is_established(const doc::Value& crd) { return Object(crd).condition_status("Established") == "True"; }

Names accepted_names_of(const doc::Value& crd) { return names_of(crd["status"]["acceptedNames"]); }

}  // namespace slipway::objects::crd
