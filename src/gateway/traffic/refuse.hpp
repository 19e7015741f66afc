#pragma once
// Inside traffic/: what reading Istio's nested fields needs again and again: fields that this gateway knows and does
// not carry out, and an inner object's problems on their way up.

#include <initializer_list>
#include <string>

#include "core/doc.hpp"

namespace slipway::gateway::traffic {

using core::doc::Decoder;

// Each of `fields` that is given becomes a problem with its position; none of them counts as unknown.
inline void refuse(Decoder& decoder, const doc::Value& value, const std::string& path,
                   std::initializer_list<std::string_view> fields) {
  for (std::string_view field : fields) {
    decoder.ignore(field);
    if (!decoder.has(field)) continue;
    decoder.add(Error(Code::unimplemented,
                      path + "." + std::string(field) + " is not supported by the Slipway gateway yet",
                      "remove it, or serve this rule with Istio")
                    .at(value[field].mark()));
  }
}

// Ends the reading of an inner object; its problems become the outer one's.
inline void hand_up(Decoder& inner, Decoder& outer) {
  if (auto done = inner.finish(); !done) outer.add(std::move(done).error());
}

}  // namespace slipway::gateway::traffic
