#include "objects/patch/managed_fields.hpp"

#include <algorithm>

#include "core/time.hpp"
#include "objects/patch/go_text.hpp"

namespace slipway::objects::patch {
namespace {

std::unexpected<Error> bad(std::string message) { return fail(Code::invalid_argument, std::move(message)); }

std::int64_t seconds_of(const std::string& time) {
  const auto parsed = core::parse_rfc3339(time);
  if (!parsed) return 0;
  return std::chrono::floor<std::chrono::seconds>(*parsed).time_since_epoch().count();
}

Result<std::pair<ManagerId, Owned>> parse_entry(const doc::Value& entry, std::size_t index) {
  const auto operation = entry["operation"].string_or("");
  if (operation != "Apply" && operation != "Update") return bad("operation must be `Apply` or `Update`");
  const auto version = entry["apiVersion"].string_or("");
  if (version.empty()) return bad("apiVersion must not be empty");
  const auto fields_type = entry["fieldsType"].string_or("");
  if (fields_type.empty()) return bad("missing fieldsType in managed fields entry " + std::to_string(index));
  if (fields_type != "FieldsV1") {
    return bad("invalid fieldsType " + go_quoted(fields_type) + " in managed fields entry " + std::to_string(index));
  }
  ManagerId id{entry["manager"].string_or(""), operation == "Apply", "", entry["subresource"].string_or("")};
  if (!id.applies) id.api_version = version;
  Owned owned{{}, version, ""};
  if (!entry["fieldsV1"].is_null()) {
    TRY_ASSIGN(owned.fields, parse_fields_v1(entry["fieldsV1"]));
  }
  if (const auto time = core::parse_rfc3339(entry["time"].string_or(""))) owned.time = core::render_rfc3339(*time);
  return std::pair(std::move(id), std::move(owned));
}

}  // namespace

std::weak_ordering ManagerId::operator<=>(const ManagerId& other) const {
  const auto rank = [](const ManagerId& id) {
    return std::tuple(std::string_view(id.manager), !id.applies, std::string_view(id.api_version),
                      id.subresource.empty(), std::string_view(id.subresource));
  };
  return rank(*this) <=> rank(other);
}

std::string ManagerId::text() const {
  std::string text = go_quoted(manager);
  if (!subresource.empty()) text += " with subresource " + go_quoted(subresource);
  if (!applies) text += " using " + api_version;
  return text;
}

Result<ManagedFields> parse_managed_fields(const doc::Value& entries) {
  ManagedFields managed;
  if (entries.is_null()) return managed;
  if (!entries.is_array()) return bad("metadata.managedFields must be a list");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    TRY_ASSIGN(auto entry, parse_entry(entries[i], i));
    managed.insert_or_assign(std::move(entry.first), std::move(entry.second));
  }
  return managed;
}

doc::Value render_managed_fields(const ManagedFields& managed) {
  if (managed.empty()) return {};
  std::vector<const ManagedFields::value_type*> sorted;
  for (const auto& entry : managed) sorted.push_back(&entry);
  std::ranges::sort(sorted, {}, [](const auto* entry) {
    const auto& [id, owned] = *entry;
    return std::tuple(!id.applies, seconds_of(owned.time), std::string_view(id.manager),
                      std::string_view(owned.api_version), std::string_view(id.subresource));
  });
  doc::Array entries;
  for (const auto* entry : sorted) {
    const auto& [id, owned] = *entry;
    doc::Object rendered{
        {"manager", id.manager}, {"operation", id.applies ? "Apply" : "Update"}, {"apiVersion", owned.api_version}};
    if (!owned.time.empty()) rendered.append("time", owned.time);
    rendered.append("fieldsType", "FieldsV1");
    rendered.append("fieldsV1", render_fields_v1(owned.fields));
    if (!id.subresource.empty()) rendered.append("subresource", id.subresource);
    entries.emplace_back(std::move(rendered));
  }
  return entries;
}

bool is_reset(const doc::Value& entries) {
  if (!entries.is_array()) return false;
  return entries.size() == 0 || (entries.size() == 1 && entries[0].is_object() && entries[0].size() == 0);
}

void cap_updaters(ManagedFields& managed) {
  std::vector<ManagerId> updaters;
  for (const auto& [id, owned] : managed) {
    if (!id.applies) updaters.push_back(id);
  }
  if (updaters.size() <= kMostUpdaters) return;
  std::ranges::sort(updaters, {}, [&](const ManagerId& id) {
    return std::tuple(seconds_of(managed.at(id).time), id.manager, id.api_version, id.subresource);
  });
  std::map<std::string, ManagerId> first_of_version;
  std::size_t left = updaters.size();
  for (const auto& id : updaters) {
    if (left <= kMostUpdaters) break;
    const auto [first, is_first] = first_of_version.emplace(id.api_version, id);
    if (is_first) continue;
    const ManagerId bucket{"ancient-changes", false, id.api_version, ""};
    if (!managed.contains(bucket)) {
      auto moved = managed.extract(first->second);
      moved.key() = bucket;
      managed.insert(std::move(moved));
    }
    if (id == bucket) continue;
    auto& merged = managed.at(bucket);
    const auto gone = managed.extract(id);
    merged.fields = merged.fields.united(gone.mapped().fields);
    merged.time = gone.mapped().time;
    --left;
  }
}

const FieldSet& untracked_fields() {
  static const FieldSet fields = [] {
    FieldSet set;
    for (const auto* name : {"apiVersion", "kind", "metadata"}) set.insert(Step::field(name));
    auto& metadata = set.descend(Step::field("metadata"));
    for (const auto* name : {"name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation",
                             "managedFields", "resourceVersion"}) {
      metadata.insert(Step::field(name));
    }
    return set;
  }();
  return fields;
}

}  // namespace slipway::objects::patch
