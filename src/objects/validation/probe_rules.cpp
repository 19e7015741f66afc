// Probes and lifecycle hooks.

#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

void validate_http_get(At action) {
  action["path"].must_be_given();
  action["port"].must_be_port_or_name();
  action["scheme"].must_be_one_of({"HTTP", "HTTPS"});
  for (const At header : action["httpHeaders"].elements()) {
    action["httpHeaders"].must_be(http_header_name, header["name"].text());
  }
}

void validate_sleep(const PodView& pod, At action) {
  const std::int64_t seconds = action["seconds"].number();
  const auto grace = pod.grace_period();
  if (!grace || (seconds >= 0 && seconds <= *grace)) return;
  action.invalid(seconds,
                 "must be non-negative and less than terminationGracePeriodSeconds (" + std::to_string(*grace) + ")");
}

void validate_handler(const PodView& pod, At handler, bool is_probe) {
  int handlers = 0;
  const auto when = [&](std::string_view name, auto validate) {
    const At action = handler[name];
    if (!action) return;
    if (handlers > 0) return action.forbidden("may not specify more than 1 handler type");
    ++handlers;
    validate(action);
  };
  when("exec", [](At action) {
    if (action["command"].empty()) action["command"].required();
  });
  when("httpGet", validate_http_get);
  when("tcpSocket", [](At action) { action["port"].must_be_port_or_name(); });
  if (is_probe) {
    when("grpc", [](At action) { action["port"].must_be_port(); });
  } else {
    when("sleep", [&](At action) { validate_sleep(pod, action); });
  }
  if (handlers == 0) handler.required("must specify a handler type");
}

void validate_probe(const PodView& pod, At probe) {
  validate_handler(pod, probe, true);
  for (const std::string_view number :
       {"initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"}) {
    probe[number].must_not_be_negative();
  }
  if (const At grace = probe["terminationGracePeriodSeconds"]; grace && grace.number() <= 0) {
    grace.invalid("must be greater than 0");
  }
}

}  // namespace

void validate_probes(const PodView& pod, At container) {
  const auto must_succeed_once = [&](At probe) {
    if (!probe) return;
    validate_probe(pod, probe);
    if (const At successes = probe["successThreshold"]; successes.number() != 1)
      successes.invalid(successes.number(), "must be 1");
  };
  must_succeed_once(container["livenessProbe"]);
  if (const At probe = container["readinessProbe"]) {
    validate_probe(pod, probe);
    const At grace = probe["terminationGracePeriodSeconds"];
    if (grace) grace.invalid("must not be set for readinessProbes");
  }
  must_succeed_once(container["startupProbe"]);
}

void validate_lifecycle(const PodView& pod, At lifecycle) {
  for (const std::string_view hook : {"postStart", "preStop"}) {
    if (const At handler = lifecycle[hook]) validate_handler(pod, handler, false);
  }
}

}  // namespace slipway::objects::validation
