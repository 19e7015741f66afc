// Any file must be lowered or refused with a message.

#include "workflow/dialects/dialect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  for (const auto dialect : {"", "actions", "kfp"}) {
    if (const auto graph = slipway::workflow::lower(text, "fuzz.yaml", dialect))
      (void)slipway::workflow::ir::render(*graph);
  }
  return 0;
}
