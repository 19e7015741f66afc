#include "pods/ignored.hpp"

#include <doctest/doctest.h>

namespace slipway::pods {

TEST_CASE("Ignored: what a node does not do is told, and what is left out or off is not") {
  const auto told = [](const char* spec) {
    std::string text;
    const objects::Object pod(*doc::parse_yaml(std::string("spec: ") + spec, "pod.yaml"));
    for (const auto& sentence : ignored_parts(pod)) text += sentence.substr(0, sentence.find(':')) + " ";
    return text;
  };
  CHECK(told("{containers: [{name: a}]}").empty());
  CHECK(told("{shareProcessNamespace: false, resourceClaims: [], dnsConfig: {}}").empty());
  CHECK(told("{shareProcessNamespace: true, hostAliases: [{ip: 10.0.0.1}], dnsConfig: {searches: [a]}}") ==
        "shareProcessNamespace dnsConfig ");
  CHECK(told("{setHostnameAsFQDN: true, hostname: a, subdomain: b}").empty());  // hosts.hpp does it
  CHECK(told("{securityContext: {sysctls: [{name: a, value: b}]}}") == "securityContext.sysctls ");
}

}  // namespace slipway::pods
