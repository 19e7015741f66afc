#pragma once
// The discovery documents that every client understands, one for each group and version: APIVersions, APIGroupList,
// APIGroup, APIResourceList (meta/v1). Pure; safe from any thread.

#include <functional>
#include <span>

#include "core/doc.hpp"
#include "objects/discovery/groups.hpp"

namespace slipway::objects::discovery {

// GET /api. `server_address` ("127.0.0.1:7070") is where clients reach this server; left out when it is empty.
doc::Value api_versions(const Group* core, std::string_view server_address);
// GET /apis. The core group among `groups` is passed over.
doc::Value api_group_list(std::span<const Group> groups);
// GET /apis/GROUP
doc::Value api_group(const Group& group);
// GET /api/v1 and /apis/GROUP/VERSION. `stored_version` says as which version objects of a resource are stored.
doc::Value api_resource_list(const GroupVersion& version,
                             const std::function<std::string(const schema::Resource&)>& stored_version);

// What tells clients that two resources are one in storage: the first bytes of SHA-256 of "GROUP/VERSION/KIND".
std::string storage_version_hash(std::string_view group, std::string_view version, std::string_view kind);

}  // namespace slipway::objects::discovery
