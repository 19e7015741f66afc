#pragma once
// The order that strategic merge gives a merged list: what the patch mentions in the patch's order, what only the
// server has in the server's, interleaved by the server's order where both are known. Used by strategic_merge.cpp.

#include <string>
#include <vector>

#include "core/doc.hpp"

namespace slipway::objects::patch {

Error no_merge_key_error(const doc::Value& element, const std::string& merge_key);

// Elements by what tells them apart: the value of `merge_key`, or themselves when it is empty.
// An integer and a float are never the same here, as in the reference.
std::string identity_of(const doc::Value& element, const std::string& merge_key);

// All elements of both lists have one type, which is not array: that type. Else an error.
Result<doc::Type> element_type(const doc::Array& one, const doc::Array& other);

// Every element must be an object with `merge_key`, when that is not empty.
Result<> check_merge_keys(const doc::Array& list, const std::string& merge_key);

// `merged` in order; what `wanted_order` names counts as the patch's.
Result<doc::Array> ordered(doc::Array merged, const doc::Array& wanted_order, const doc::Array& server_order,
                           const std::string& merge_key);

// $setElementOrder must name every element of the patch's list, in the same relative order.
Result<> check_order(const doc::Array& patch_list, const doc::Array& wanted_order, const std::string& merge_key);

}  // namespace slipway::objects::patch
