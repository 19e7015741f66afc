#pragma once
// Inside traffic/: fields of Istio that this gateway knows and does not carry out.

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

}  // namespace slipway::gateway::traffic
