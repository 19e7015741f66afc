#include "objects/admission/pod_standards.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace slipway::objects::admission;

namespace {

std::string violated(SecurityLevel level, const std::string& spec, int minor = SecurityStandard::latest) {
  const auto pod = doc::parse_yaml("metadata: {name: p}\nspec: " + spec + "\n", "pod.yaml").value();
  return render(violations_of({level, minor}, pod));
}

std::string baseline(const std::string& spec) { return violated(SecurityLevel::baseline, spec); }

constexpr const char* good =
    "{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, "
    "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}}], "
    "volumes: [{name: v, emptyDir: {}}]}";

}  // namespace

TEST_CASE("what the restricted standard wants is said in the words of Kubernetes") {
  CHECK(
      violated(SecurityLevel::restricted, "{containers: [{name: nginx}]}") ==
      R"(allowPrivilegeEscalation != false (container "nginx" must set securityContext.allowPrivilegeEscalation=false), )"
      R"(unrestricted capabilities (container "nginx" must set securityContext.capabilities.drop=["ALL"]), )"
      R"(runAsNonRoot != true (pod or container "nginx" must set securityContext.runAsNonRoot=true), )"
      R"(seccompProfile (pod or container "nginx" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"))");
  CHECK(violated(SecurityLevel::restricted, good).empty());
  CHECK(violated(SecurityLevel::privileged, "{hostPID: true, containers: [{name: c}]}").empty());
  CHECK(violated(SecurityLevel::restricted,
                 "{os: {name: windows}, securityContext: {runAsNonRoot: true}, containers: "
                 "[{name: c}]}")
            .empty());
  CHECK(
      violated(SecurityLevel::restricted,
               "{securityContext: {runAsNonRoot: true, runAsUser: 0, seccompProfile: {type: Unconfined}}, containers: "
               "[{name: a, securityContext: {allowPrivilegeEscalation: false, runAsNonRoot: false, capabilities: "
               "{drop: [ALL], add: [SYS_TIME]}}}], volumes: [{name: h, hostPath: {path: /}}, {name: n, nfs: {}}]}") ==
      R"(unrestricted capabilities (container "a" must not include "SYS_TIME" in securityContext.capabilities.add), )"
      R"(restricted volume types (volumes "h", "n" use restricted volume types "hostPath", "nfs"), )"
      R"(runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false), )"
      R"(runAsUser=0 (pod must not set runAsUser=0), )"
      R"(seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined"))");
}

TEST_CASE("the baseline standard forbids what reaches beyond the Pod") {
  struct Row {
    const char* spec;
    const char* violated;
  };
  const Row rows[] = {
      {"{containers: [{name: c}]}", ""},
      {"{hostNetwork: true, hostIPC: true, containers: [{name: c}]}",
       "host namespaces (hostNetwork=true, hostIPC=true)"},
      {"{containers: [{name: c, securityContext: {privileged: true}}], initContainers: [{name: i, securityContext: "
       "{privileged: true}}]}",
       R"(privileged (containers "i", "c" must not set securityContext.privileged=true))"},
      {"{containers: [{name: c, ports: [{hostPort: 80}, {hostPort: 443}]}]}",
       R"(hostPort (container "c" uses hostPorts 443, 80))"},
      {"{containers: [{name: c, securityContext: {capabilities: {add: [CHOWN, NET_RAW]}}}]}",
       R"(non-default capabilities (container "c" must not include "NET_RAW" in securityContext.capabilities.add))"},
      {"{containers: [{name: c}], volumes: [{name: h, hostPath: {path: /}}]}", R"(hostPath volumes (volume "h"))"},
      {"{containers: [{name: c, readinessProbe: {httpGet: {host: example.com}}}]}",
       R"(probe or lifecycle host (container "c" uses probe or lifecycle host "example.com"))"},
      {"{containers: [{name: c, securityContext: {procMount: Unmasked}}]}",
       R"(procMount (container "c" must not set securityContext.procMount to "Unmasked"))"},
      {"{securityContext: {seLinuxOptions: {type: evil_t, user: u}}, containers: [{name: c}]}",
       R"(seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "evil_t"; user may not be set))"},
      {"{securityContext: {sysctls: [{name: kernel.msgmax}, {name: net.ipv4.tcp_rmem}]}, containers: [{name: c}]}",
       "forbidden sysctls (kernel.msgmax)"},
      {"{containers: [{name: c, securityContext: {seccompProfile: {type: Unconfined}, appArmorProfile: {type: "
       "Unconfined}, windowsOptions: {hostProcess: true}}}]}",
       R"(forbidden AppArmor profile (container "c" must not set AppArmor profile type to "Unconfined"), )"
       R"(seccompProfile (container "c" must not set securityContext.seccompProfile.type to "Unconfined"), )"
       R"(hostProcess (container "c" must not set securityContext.windowsOptions.hostProcess=true))"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    CHECK(baseline(row.spec) == row.violated);
  }
}

TEST_CASE("a standard of an earlier release asks for what it asked then") {
  CHECK(SecurityStandard{SecurityLevel::baseline, 24}.text() == "baseline:v1.24");
  CHECK(SecurityStandard{SecurityLevel::restricted}.text() == "restricted:latest");
  CHECK(violated(SecurityLevel::baseline, "{containers: [{name: c, livenessProbe: {tcpSocket: {host: h}}}]}", 33)
            .empty());
  CHECK(violated(SecurityLevel::restricted, "{containers: [{name: c, securityContext: {capabilities: {add: [X]}}}]}",
                 7) ==
        R"(non-default capabilities (container "c" must not include "X" in securityContext.capabilities.add), )"
        R"(runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true))");
}
