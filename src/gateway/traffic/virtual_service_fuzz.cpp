// Any text may come as a rule: parsing ends in rules or an error, and what parses also compiles and travels.
#include <cstdlib>

#include "gateway/traffic/compile.hpp"
#include "gateway/traffic/match.hpp"
#include "gateway/traffic/parse.hpp"
#include "gateway/traffic/split.hpp"

using namespace slipway;
using namespace slipway::gateway::traffic;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)top_level_string(text, "user");
  auto objects = objects::parse_manifest(text, "fuzz.yaml");
  if (!objects) return 0;
  Inputs inputs;
  for (const objects::Object& object : *objects) {
    if (auto rule = parse_gateway(object)) inputs.gateways[object.name()] = *rule;
    if (auto rule = parse_destination_rule(object)) inputs.destination_rules[object.name()] = *rule;
    if (auto rule = parse_virtual_service(object)) inputs.virtual_services[object.name()] = *rule;
    inputs.services[object.name()] = object;
    inputs.endpoint_slices[object.name()] = object;
    inputs.pods[object.name()] = object;
  }
  const Snapshot snapshot = compile(inputs).snapshot;
  const doc::Value json = to_json(snapshot);
  auto again = snapshot_from_json(json);
  if (!again || !(to_json(*again) == json)) std::abort();
  const core::Headers headers{{"host", "a"}};
  (void)match(snapshot, {"GET", "a", "/", &headers});
  return 0;
}
