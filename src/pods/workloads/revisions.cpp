#include "pods/workloads/revisions.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "pods/workloads/members.hpp"

namespace slipway::pods::workloads {

using objects::Object;

namespace {

doc::Value patch_of(const Object& owner) {
  doc::Value pod_template = owner.spec()["template"];
  pod_template.at_or_insert("$patch") = "replace";
  return doc::Object{{"spec", doc::Object{{"template", std::move(pod_template)}}}};
}

Object draft_of(const Object& owner, const doc::Value& patch, std::int64_t number, int collisions) {
  const std::string hash = core::short_hash(doc::render_json_canonical(patch) + std::to_string(collisions));
  const std::string prefix = owner.name().name.substr(0, 223);
  Object revision = Object::make(controller_revision_kind, {owner.name().ns, prefix + "-" + hash});
  auto& metadata = revision.document().at_or_insert("metadata");
  if (const doc::Value& labels = owner.spec()["template"]["metadata"]["labels"]; labels.is_object())
    metadata.at_or_insert("labels") = labels;
  if (const doc::Value& annotations = owner.document()["metadata"]["annotations"]; annotations.is_object())
    metadata.at_or_insert("annotations") = annotations;
  revision.set_label(revision_hash_label, hash);
  take_control(owner, revision);
  revision.document().at_or_insert("data") = patch;
  revision.document().at_or_insert("revision") = number;
  return revision;
}

// A name that somebody else has is tried again with another hash.
Result<Object> make_revision(objects::Store& store, const Object& owner, const doc::Value& patch, std::int64_t number,
                             int& collisions) {
  for (;;) {
    Object draft = draft_of(owner, patch, number, collisions);
    const objects::Name name = draft.name();
    auto made = store.create(std::move(draft));
    if (made || made.error().code != Code::already_exists) return made;
    TRY_ASSIGN(const auto other, store.find(controller_revision_kind, name));
    if (other && other->document()["data"] == patch) return *other;
    ++collisions;
  }
}

}  // namespace

std::int64_t number_of(const Object& revision) { return revision.document()["revision"].int_or(0); }

const doc::Value& template_of(const Object& revision) { return revision.document()["data"]["spec"]["template"]; }

Result<Revisions> keep_revisions(objects::Store& store, const Object& owner) {
  Revisions found;
  TRY_ASSIGN(found.all, claim(store, controller_revision_kind, owner));
  std::ranges::sort(found.all, {}, [](const Object& revision) {
    return std::tuple(number_of(revision), revision.created(), revision.name().name);
  });
  found.collisions = static_cast<int>(owner.status()["collisionCount"].int_or(0));
  const std::int64_t next = found.all.empty() ? 1 : number_of(found.all.back()) + 1;
  const doc::Value patch = patch_of(owner);
  const auto same = std::ranges::find_if(found.all.rbegin(), found.all.rend(),
                                         [&](const Object& revision) { return revision.document()["data"] == patch; });
  if (same == found.all.rend()) {
    TRY_ASSIGN(found.newest, make_revision(store, owner, patch, next, found.collisions));
    found.all.push_back(found.newest);
    return found;
  }
  found.newest = *same;
  if (same == found.all.rbegin()) return found;
  found.all.erase(std::next(same).base());  // it came back
  found.newest.document().at_or_insert("revision") = next;
  TRY_ASSIGN(found.newest, store.update(std::move(found.newest)));
  found.all.push_back(found.newest);
  return found;
}

Result<> forget_revisions(objects::Store& store, const Object& owner, const Revisions& revisions,
                          const std::set<std::string>& live) {
  std::vector<objects::Name> old;
  for (const Object& revision : revisions.all) {
    if (!live.contains(revision.name().name)) old.push_back(revision.name());
  }
  const auto kept =
      static_cast<std::size_t>(std::max<std::int64_t>(owner.spec()["revisionHistoryLimit"].int_or(10), 0));
  for (std::size_t i = 0; i + kept < old.size(); ++i) {
    TRY(objects::remove_if_there(store, controller_revision_kind, old[i]));
  }
  return {};
}

}  // namespace slipway::pods::workloads
