#pragma once
// Inside traffic/: finds or makes the Backend of a destination while compiling.

#include "gateway/traffic/compile.hpp"

namespace slipway::gateway::traffic {

class Backends {
 public:
  explicit Backends(const Inputs& inputs);
  // The index of the backend for a destination of a rule in namespace `ns`. What is missing becomes a warning of
  // `object`, once per backend.
  std::size_t of(const Destination& destination, const std::string& ns, const std::string& object,
                 std::vector<Error>& warnings);
  std::vector<Backend> take() { return std::move(backends_); }
  const Backend& at(std::size_t index) const { return backends_[index]; }

 private:
  // All rules of one Service, merged as Istio does: subsets of every rule, the policy of the first that has one.
  struct Policy {
    TrafficPolicy top;
    std::map<std::string, SubsetRule> subsets;
  };
  Backend make(const Destination& destination, const std::string& ns, std::string& hint) const;
  void add_endpoints(Backend& backend, const std::string& port_name,
                     const std::map<std::string, std::string>& labels) const;

  const Inputs& inputs_;
  std::map<objects::Name, Policy> policies_;                             // by Service
  std::map<objects::Name, std::vector<const objects::Object*>> slices_;  // by Service
  std::map<std::string, std::size_t> by_text_;
  std::vector<Backend> backends_;
};

}  // namespace slipway::gateway::traffic
