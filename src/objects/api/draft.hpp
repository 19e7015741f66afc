#pragma once
// Draft: what a create, update, patch or apply would make of the object that is stored now. Pure but for the call's
// warnings and the chance in made-up names; the caller admits, validates and keeps it.

#include "objects/api/call.hpp"
#include "objects/backend.hpp"
#include "objects/verbs/writing.hpp"

namespace slipway::objects::api {

// What is stored under the call's name.
struct Current {
  doc::Value object;  // in the stored version
  std::int64_t version = 0;
};

struct Draft {
  doc::Value before;         // null: it is new
  std::int64_t version = 0;  // of `before`
  doc::Value after;          // canonical, in the stored version
  bool is_owned = false;     // managedFields are decided (server-side apply)
};

// `uid` for an object that is new.
struct Making {
  std::string uid;
  core::Time now;
  core::Random& random;  // for generateName
};

Answer<Draft> draft_create(Call& call, const doc::Value& body, const Making& making);
// PUT; creates where the kind allows it.
Answer<Draft> draft_update(Call& call, const doc::Value& body, std::optional<Current> current, const Making& making);

enum class PatchType : std::uint8_t { json, merge, strategic, apply };
// 415 with what is accepted.
Answer<PatchType> patch_type_of(const Call& call);
// `body`: operations, a partial object, or the applied configuration.
Answer<Draft> draft_patch(Call& call, PatchType type, const doc::Value& body, std::optional<Current> current,
                          const Making& making);

}  // namespace slipway::objects::api
