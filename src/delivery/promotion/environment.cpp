#include "delivery/promotion/environment.hpp"

namespace slipway::delivery::promotion {
namespace {
using core::doc::Decoder;
using core::doc::Value;

Result<Gate> parse_gate(const Value& value) {
  Gate gate;
  Decoder decoder(value, "spec.gates");
  gate.name = decoder.required_string("name");
  const Value& metric = decoder.object("metric");
  TRY(decoder.finish());
  Decoder fields(metric, "spec.gates." + gate.name + ".metric");
  gate.metric = fields.required_string("name");
  if (fields.has("min")) gate.min = fields.number("min", 0);
  if (fields.has("max")) gate.max = fields.number("max", 0);
  if (!gate.min && !gate.max) fields.add("name", "gate \"" + gate.name + "\" has neither min nor max");
  TRY(fields.finish());
  return gate;
}

Result<Approvals> parse_approvals(const Value& value) {
  Approvals approvals;
  Decoder decoder(value, "spec.approvals");
  approvals.required = static_cast<int>(decoder.integer("required", 1, {0, 20}));
  approvals.roles = decoder.string_list("roles");
  approvals.not_requester = decoder.boolean("notRequester", true);
  if (decoder.has("expiresAfter")) approvals.expires_after = decoder.duration("expiresAfter", core::Duration(0));
  TRY(decoder.finish());
  return approvals;
}

Result<Smoke> parse_smoke(const Value& value) {
  Smoke smoke;
  Decoder decoder(value, "spec.smoke");
  smoke.path = decoder.string("path", smoke.path);
  smoke.host = decoder.string("host");
  smoke.model = decoder.string("model");
  smoke.prompts = decoder.string_list("prompts");
  smoke.timeout = decoder.duration("timeout", smoke.timeout);
  if (smoke.prompts.empty()) smoke.prompts.emplace_back("Hello");
  TRY(decoder.finish());
  return smoke;
}

// A part of the Environment, or its problems.
template <class T, class Part>
void take(Result<T> parsed, Part& part, Decoder& decoder) {
  if (!parsed) return decoder.add(std::move(parsed).error());
  part = std::move(*parsed);
}
}  // namespace

Result<Environment> parse_environment(const objects::Object& object) {
  Environment environment;
  environment.name = object.name().name;
  environment.document = object.spec();
  Decoder decoder(object.spec(), "spec");
  decoder.ignore("order");
  decoder.ignore("displayName");
  environment.ns = decoder.string("namespace", environment.name);
  environment.manifests = decoder.required_string("manifests");
  environment.from = decoder.string("from");
  environment.progress_deadline = decoder.duration("progressDeadline", environment.progress_deadline);
  const Value& gates = decoder.array("gates");
  const Value& approvals = decoder.object("approvals");
  const Value& smoke = decoder.object("smoke");
  for (std::size_t i = 0; i < gates.size(); ++i) {
    environment.gates.emplace_back();
    take(parse_gate(gates[i]), environment.gates.back(), decoder);
  }
  if (!approvals.is_null()) take(parse_approvals(approvals), environment.approvals, decoder);
  if (!smoke.is_null()) take(parse_smoke(smoke), environment.smoke, decoder);
  TRY(decoder.finish());
  return environment;
}

}  // namespace slipway::delivery::promotion
