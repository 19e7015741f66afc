#include "objects/patch/apply.hpp"

#include <algorithm>

#include "objects/patch/go_text.hpp"
#include "objects/patch/typed.hpp"

namespace slipway::objects::patch {
namespace {

using schema::Type;

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::size_t kMostAnnotationBytes = 256U << 10U;
constexpr std::string_view kConflictMessage = "Apply failed with ";

struct Conflict {
  ManagerId manager;
  Path path;
};
using Conflicts = std::vector<Conflict>;

Error conflict_error(const Conflicts& conflicts) {
  Error error(Code::conflict, std::string(kConflictMessage));
  std::string details;
  const ManagerId* last = nullptr;
  for (const auto& conflict : conflicts) {  // sorted by manager
    const auto path = text_of(conflict.path);
    error.causes.push_back(Error(Code::conflict, "conflict with " + conflict.manager.text()).on(path));
    if (last == nullptr || *last != conflict.manager) {
      details += (details.empty() ? "" : "\n") + ("conflicts with " + conflict.manager.text()) + ":";
      last = &conflict.manager;
    }
    details += "\n- " + path;
  }
  error.message += conflicts.size() == 1
                       ? "1 conflict: " + error.causes.front().message + ": " + error.causes.front().object
                       : std::to_string(conflicts.size()) + " conflicts: " + details;
  return error;
}

// The object as the schema's walkers see it: without what is kept apart.
doc::Value without_managed_fields(doc::Value object) {
  if (!object.is_object()) return doc::Object{};
  if (auto* metadata = object.as_object().find("metadata"); metadata != nullptr && metadata->is_object()) {
    metadata->as_object().erase("managedFields");
  }
  return object;
}

doc::Value with_managed_fields(doc::Value object, const ManagedFields& managed) {
  auto entries = render_managed_fields(managed);
  if (!entries.is_null()) object.at_or_insert("metadata").as_object().set("managedFields", std::move(entries));
  return object;
}

ManagerId id_of(const Writer& writer, bool applies) {
  return {writer.manager.empty() ? "unknown" : writer.manager, applies, applies ? "" : writer.api_version,
          writer.subresource};
}

std::string object_text(const doc::Value& object) {
  auto version = object["apiVersion"].string_or("");
  if (!version.contains('/')) version = "/" + version;  // the core group has no name
  return object["metadata"]["namespace"].string_or("") + "/" + object["metadata"]["name"].string_or("") + "; " +
         version + ", Kind=" + object["kind"].string_or("");
}

void reconcile_all(const Type& type, ManagedFields& managed) {
  for (auto& [id, owned] : managed) owned.fields = reconciled(type, owned.fields);
}

// Takes from every manager but `writer` what changed from `before` to `after`; with `conflicts`, what it would take
// because of another value goes there instead.
Difference disown(const Type& type, const doc::Value& before, const doc::Value& after, ManagedFields& managed,
                  const ManagerId* writer, const FieldSet& reset_fields, Conflicts* conflicts) {
  auto difference = compare(type, before, after);
  if (!reset_fields.empty()) {
    for (auto* set : {&difference.removed, &difference.modified, &difference.added}) {
      *set = set->without_below(reset_fields);
    }
  }
  if (managed.empty()) return difference;
  const auto changed = difference.modified.united(difference.added);
  for (auto& [id, owned] : managed) {
    if (writer != nullptr && id == *writer) continue;
    const auto taken = owned.fields.intersected(changed);
    if (conflicts != nullptr) {
      taken.for_each([&, &manager = id](const Path& path) { conflicts->push_back({manager, path}); });
    }
    owned.fields = owned.fields.without(taken).without(difference.removed);
  }
  std::erase_if(managed, [](const auto& entry) { return entry.second.fields.empty(); });
  return difference;
}

// One of them is empty for most writes.
FieldSet united(FieldSet one, FieldSet other) {
  if (one.empty()) return other;
  return other.empty() ? one : one.united(other);
}

// Update of the field manager proper; the objects are of the type.
void update_managed(const Type& type, const doc::Value& before, const doc::Value& after, ManagedFields& managed,
                    const Writer& writer, const FieldSet& reset_fields) {
  reconcile_all(type, managed);
  auto difference = disown(type, before, after, managed, nullptr, reset_fields, nullptr);
  auto taken = united(std::move(difference.modified), std::move(difference.added)).without(untracked_fields());
  if (!taken.empty()) {
    auto& owned = managed[id_of(writer, false)];
    owned.fields = united(std::move(owned.fields), std::move(taken));
    owned.api_version = writer.api_version;
    owned.time = core::render_rfc3339(writer.now);
  }
  cap_updaters(managed);
}

// What the applier said last time, says no more, and nobody else owns, goes.
doc::Value pruned(const Type& type, const doc::Value& object, const ManagedFields& managed, const FieldSet& last) {
  const auto named_last = with_named_parents(type, last);
  const auto all = with_named_parents(type, fields_of(type, object));
  FieldSet owned;
  for (const auto& [id, entry] : managed) owned = owned.united(entry.fields);
  const auto fields_left = [&](const doc::Value& value) { return with_named_parents(type, fields_of(type, value)); };

  auto kept = without_fields(type, object, named_last);
  kept = without_fields(type, object, all.without(fields_left(kept).united(with_named_parents(type, owned))));
  return without_fields(type, object, all.without(fields_left(kept)).intersected(named_last));
}

struct Applied {
  doc::Value object;
  ManagedFields managed;
};

Result<> check_config(const Type& type, const doc::Value& config, const Writer& writer) {
  if (!config.is_object()) return fail(Code::invalid_argument, "error decoding YAML: the configuration is no object");
  const auto version = config["apiVersion"].string_or("");
  if (version != writer.api_version) {
    return fail(Code::invalid_argument, "Incorrect version specified in apply patch. Specified patch version: " +
                                            version + ", expected: " + writer.api_version);
  }
  if (!config["metadata"]["managedFields"].is_null()) {
    return fail(Code::invalid_argument, "metadata.managedFields must be nil");
  }
  if (auto checked = check_typed(type, config, false); !checked) {
    auto error = std::move(checked).error();
    error.message = "failed to create typed patch object (" + object_text(config) + "): " + error.message;
    return fail(std::move(error));
  }
  return {};
}

// `live` is without managedFields. Fills `conflicts` instead of failing, when it is given.
Result<Applied> apply_once(const Type& type, const doc::Value& live, const doc::Value& config, ManagedFields managed,
                           const Writer& writer, const FieldSet& reset_fields, Conflicts* conflicts) {
  const auto id = id_of(writer, true);
  reconcile_all(type, managed);
  auto object = merged(type, live, config);
  if (!object) {
    return fail(Code::invalid_argument, "failed to merge config: " + object.error().message);
  }
  const auto found = managed.find(id);
  const auto last = found == managed.end() ? FieldSet() : found->second.fields;
  const auto last_time = found == managed.end() ? std::string() : found->second.time;
  auto& own = managed[id];
  own = {fields_of(type, config).without_below(reset_fields), writer.api_version, last_time};
  if (!last.empty()) *object = pruned(type, *object, managed, last);
  if (object->is_null()) *object = doc::Object{};
  disown(type, live, *object, managed, &id, reset_fields, conflicts);
  if (const auto entry = managed.find(id); entry != managed.end()) {
    if (!(*object == live)) entry->second.time = core::render_rfc3339(writer.now);
    entry->second.fields = entry->second.fields.without(untracked_fields());
    if (entry->second.fields.empty()) managed.erase(entry);
  }
  return Applied{std::move(*object), std::move(managed)};
}

// What client-side apply said last and nobody has changed since: kubectl's own server-side apply may take it over.
// Empty when there is no such annotation.
FieldSet said_by_last_applied(const Type& type, const doc::Value& live, const Writer& writer) {
  const auto text = live["metadata"]["annotations"][kLastApplied].string_or("");
  const auto said = doc::parse_json(text, "<last-applied-configuration>");
  if (!said || (*said)["apiVersion"].string_or("") != writer.api_version) return {};
  if (!check_typed(type, *said, false) || !check_typed(type, live, false)) return {};
  const auto difference = compare(type, *said, live);
  return fields_of(type, *said).without(difference.modified).without(difference.added).without(difference.removed);
}

// kubectl keeps the annotation of client-side apply up to date, so that one can go back.
void update_last_applied(doc::Value& object, doc::Value config) {
  if (object["metadata"]["annotations"][kLastApplied].string_or("").empty()) return;
  if (auto* metadata = config.as_object().find("metadata"); metadata != nullptr && metadata->is_object()) {
    if (auto* said = metadata->as_object().find("annotations"); said != nullptr && said->is_object()) {
      said->as_object().erase(kLastApplied);
      if (said->size() == 0) metadata->as_object().erase("annotations");
    }
  }
  auto& annotations = object.at_or_insert("metadata").at_or_insert("annotations").as_object();
  annotations.set(kLastApplied, go_json(config) + "\n");
  std::size_t bytes = 0;
  for (const auto& [name, value] : annotations) bytes += name.size() + value.string_or("").size();
  if (bytes > kMostAnnotationBytes) annotations.erase(kLastApplied);
}

}  // namespace

FieldSet reset_fields_of(bool has_status_subresource, std::string_view subresource) {
  FieldSet fields;
  if (subresource == "status") {
    fields.insert(Step::field("spec"));
    fields.insert({Step::field("metadata"), Step::field("labels")});
  } else if (has_status_subresource) {
    fields.insert(Step::field("status"));
  }
  return fields;
}

bool is_apply_conflict(const Error& error) {
  return error.code == Code::conflict && error.message.starts_with(kConflictMessage);
}

Result<doc::Value> apply(const Type& type, const doc::Value& live, const doc::Value& config, const Writer& writer,
                         bool force, const FieldSet& reset_fields) {
  TRY(check_config(type, config, writer));
  auto managed = parse_managed_fields(live["metadata"]["managedFields"]);
  if (!managed) {
    return fail(Code::internal, "failed to decode managed fields: " + managed.error().message);
  }
  const auto object = without_managed_fields(live);
  if (const auto checked = check_typed(type, object, true); !checked) {
    return fail(Code::internal,
                "failed to create typed live object (" + object_text(live) + "): " + checked.error().message);
  }
  if (managed->empty() && live.is_object()) {
    Writer before = writer;
    before.manager = "before-first-apply";
    update_managed(type, doc::Object{}, object, *managed, before, reset_fields);
  }
  Conflicts conflicts;
  TRY_ASSIGN(auto applied, apply_once(type, object, without_managed_fields(config), *managed, writer, reset_fields,
                                      force ? nullptr : &conflicts));
  if (!conflicts.empty() && writer.manager == "kubectl") {
    const auto allowed = said_by_last_applied(type, object, writer);
    std::erase_if(conflicts, [&](const Conflict& conflict) { return allowed.has(conflict.path); });
  }
  if (!conflicts.empty()) return fail(conflict_error(conflicts));
  if (writer.manager == "kubectl") update_last_applied(applied.object, config);
  return with_managed_fields(std::move(applied.object), applied.managed);
}

doc::Value track_update(const Type& type, const doc::Value& before, doc::Value after, const Writer& writer,
                        const FieldSet& reset_fields) {
  const auto from = [](const doc::Value& object) {
    return parse_managed_fields(object["metadata"]["managedFields"]).value_or(ManagedFields{});
  };
  const bool is_reset_now = writer.subresource.empty() && is_reset(after["metadata"]["managedFields"]);
  ManagedFields managed;
  if (!is_reset_now) {
    if (writer.subresource.empty()) managed = from(after);
    if (managed.empty()) managed = from(before);
  }
  after = without_managed_fields(std::move(after));
  const bool is_new = before["metadata"]["uid"].string_or("").empty();
  if (managed.empty() && !is_new) return after;
  const auto old = without_managed_fields(before);
  if (!check_typed(type, old, true) || !check_typed(type, after, true)) return after;
  update_managed(type, old, after, managed, writer, reset_fields);
  return with_managed_fields(std::move(after), managed);
}

}  // namespace slipway::objects::patch
