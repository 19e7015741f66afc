#include "objects/discovery/negotiate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)slipway::objects::discovery::negotiate(text, slipway::objects::discovery::object_forms());
  return 0;
}
