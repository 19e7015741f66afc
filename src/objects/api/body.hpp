#pragma once
// What the body of a request says, whichever of JSON, YAML and protobuf it is in.

#include "objects/api/call.hpp"

namespace slipway::objects::api {

// 413 beyond, as an API server's.
inline constexpr std::size_t largest_body = 3UL * 1024 * 1024;

// The object of a create or update: apiVersion, kind, name and namespace that it leaves out come from the URL, what it
// says differently is refused. Unknown and duplicate fields are judged by ?fieldValidation; warnings go to the call.
// Not canonical yet.
Answer<doc::Value> read_object(Call& call);
// The configuration of a server-side apply: the same of YAML, with its content type checked already.
Answer<doc::Value> read_applied(Call& call);
// A body of another type than the resource's: Scale, Eviction, TokenRequest, DeleteOptions, Binding, reviews. An empty
// body is null. `type` may be null: then fields are not checked.
Answer<doc::Value> read_body(Call& call, std::string_view api_version, std::string_view kind);
// The operations or members of a patch.
Answer<doc::Value> read_patch(Call& call);

// Judges what `value` says that its type does not know (after a patch).
Answer<> check_fields(Call& call, const doc::Value& value);

// Names and apiVersion of a document that was made for this URL.
Answer<> check_identity(const Call& call, doc::Value& value);

// "application/json" of "application/json; charset=utf-8"; lower case.
std::string media_type_of(std::string_view content_type);

}  // namespace slipway::objects::api
