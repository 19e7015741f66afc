// Any bytes as one or two kubeconfigs: read or refused, and no refusal shows a line of them.

#include <cstdint>
#include <cstdlib>

#include "objects/kube_config.hpp"

using namespace slipway::objects;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto half = text.find('\0');
  const KubeFile files[] = {{"/a/one", text.substr(0, half)},
                            {"/b/two", half == std::string::npos ? std::string() : text.substr(half + 1)}};
  const auto config = parse_kube_config(files);
  if (!config && config.error().render().find("   | ") != std::string::npos) std::abort();
  return 0;
}
