// Whatever the file and whoever asks the health port says: an error or a value, and what was read can be written again.
#include <cstdlib>

#include "services/proxy/health.hpp"
#include "services/proxy/switchboard.hpp"

using namespace slipway::services;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto rules = parse_rules(bytes, "fuzz")) {
    const auto again = parse_rules(render(*rules), "again");
    if (!again || *again != *rules) std::abort();
    for (const auto& [place, number] : proxy::places_of(*rules)) {
      if (number >= rules->size() || proxy::address_of(proxy::socket_address(place.at)).port != place.at.port)
        std::abort();
    }
  }
  if (const auto path = proxy::requested_path(bytes); path && !path->empty() && !path->starts_with('/')) std::abort();
  return 0;
}
