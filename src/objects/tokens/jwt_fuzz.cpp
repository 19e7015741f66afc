// Whatever the bytes, a token that this key has not signed is refused, and nothing breaks on the way.

#include <cstdlib>

#include "objects/tokens/jwt.hpp"

using namespace slipway::objects;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const auto key = *slipway::core::SigningKey::generate();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)tokens::claimed_issuer(text);
  if (tokens::verify(key, text)) std::abort();
  static const auto good = *tokens::sign(key, slipway::doc::Object{{"sub", "x"}});
  // A good one with a piece replaced: as it was, or refused.
  if (size > 2) {
    std::string changed = good;
    changed.replace(data[0] % changed.size(), data[1] % 32, text.substr(2));
    if (changed != good && tokens::verify(key, changed)) std::abort();
  }
  return 0;
}
