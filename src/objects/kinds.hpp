#pragma once
// The kinds Slipway knows. What each field of ours means is in docs/internals/kinds.md.

#include <optional>
#include <span>

#include "objects/object.hpp"

namespace slipway::objects::kinds {

inline constexpr Kind namespace_{"", "v1", "Namespace", "namespaces", false};
inline constexpr Kind node{"", "v1", "Node", "nodes", false};
inline constexpr Kind pod{"", "v1", "Pod", "pods"};
inline constexpr Kind service{"", "v1", "Service", "services"};
inline constexpr Kind config_map{"", "v1", "ConfigMap", "configmaps"};
inline constexpr Kind secret{"", "v1", "Secret", "secrets"};
inline constexpr Kind event{"", "v1", "Event", "events"};
inline constexpr Kind endpoint_slice{"discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"};
inline constexpr Kind deployment{"apps", "v1", "Deployment", "deployments"};
inline constexpr Kind lease{"coordination.k8s.io", "v1", "Lease", "leases"};

inline constexpr Kind llm_deployment{"inference.llm-d.io", "v1alpha1", "LLMDeployment", "llmdeployments"};

inline constexpr Kind gateway{"networking.istio.io", "v1", "Gateway", "gateways"};
inline constexpr Kind virtual_service{"networking.istio.io", "v1", "VirtualService", "virtualservices"};
inline constexpr Kind destination_rule{"networking.istio.io", "v1", "DestinationRule", "destinationrules"};

inline constexpr Kind rollout{"argoproj.io", "v1alpha1", "Rollout", "rollouts"};
inline constexpr Kind analysis_template{"argoproj.io", "v1alpha1", "AnalysisTemplate", "analysistemplates"};
inline constexpr Kind analysis_run{"argoproj.io", "v1alpha1", "AnalysisRun", "analysisruns"};

inline constexpr Kind slo{"openslo", "v1", "SLO", "slos", false};  // apiVersion openslo/v1; cluster-wide in the store

inline constexpr Kind environment{"slipway.dev", "v1alpha1", "Environment", "environments", false};
inline constexpr Kind promotion{"slipway.dev", "v1alpha1", "Promotion", "promotions"};

std::span<const Kind> all();
// Versions of its group under which a kind may be written and read; the stored one comes first.
std::vector<std::string_view> served_versions(const Kind& kind);
// By apiVersion and kind; other served versions of a group (networking.istio.io/v1beta1) find the stored one.
std::optional<Kind> find_known(std::string_view api_version, std::string_view kind);
// The same; invalid_argument with the nearest known kind.
core::Result<Kind> find(std::string_view api_version, std::string_view kind);
// By what a person types: "pods", "pod", "po", "llmdeployments.inference.llm-d.io".
core::Result<Kind> find_by_resource(std::string_view text);

}  // namespace slipway::objects::kinds
