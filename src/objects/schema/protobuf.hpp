#pragma once
// Kubernetes' protobuf as typed clients send it in request bodies: "k8s\0", then runtime.Unknown{typeMeta, raw}. Read
// into the document that JSON would have been. Only built-in kinds have protobuf. Not for writing: answers are JSON.

#include <string>
#include <string_view>

#include "objects/schema/builtin.hpp"

namespace slipway::objects::schema {

inline constexpr std::string_view protobuf_content_type = "application/vnd.kubernetes.protobuf";

bool is_protobuf(std::string_view body);  // begins with the four bytes

struct ProtobufLimits {
  std::size_t values = 500'000;  // a small body can stand for a large document
  int depth = 100;
};

// The document, apiVersion and kind first. `expected` is what an envelope without a kind is taken for. Fields are as
// Go's JSON would show them, but for nulls, which are left out. invalid_argument with the offset of what is wrong, or
// the kind that is not known.
Result<doc::Value> decode_protobuf(std::string_view body, const Registry& registry = builtin(),
                                   const Type* expected = nullptr, ProtobufLimits limits = {});
// One message without an envelope.
Result<doc::Value> decode_message(std::string_view bytes, const Type& type, ProtobufLimits limits = {});

}  // namespace slipway::objects::schema
