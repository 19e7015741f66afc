#pragma once
// From Services, EndpointSlices, Endpoints and the host ports of Pods to the rules of the proxy. It keeps of each
// object what matters here and no more. Pure: no sockets, no store. Facts of kube-proxy.

#include <map>
#include <set>

#include "objects/object.hpp"
#include "services/rules.hpp"

namespace slipway::services {

// The Service by which programs find the API server, which listens at its address itself.
inline const objects::Name api_service{"default", "kubernetes"};

class Cluster {
 public:
  // Services, EndpointSlices, Endpoints and Pods; other kinds are ignored. Whether the rules may be others now.
  bool put(const objects::Object& object);
  bool remove(const objects::Object& object);

  // `node_addresses`: where node ports and host ports are. In order of the Services' names.
  Rules compile(const std::vector<std::string>& node_addresses) const;

 private:
  struct ServicePort {
    std::string name;
    Protocol protocol = Protocol::tcp;
    int port = 0;
    int node_port = 0;
    bool operator==(const ServicePort&) const = default;
  };
  struct Service {
    std::vector<std::string> addresses;
    std::vector<ServicePort> ports;
    std::int64_t affinity_seconds = 0;
    bool operator==(const Service&) const = default;
  };
  struct Endpoint {
    std::string host;
    bool ready = false;
    bool draining = false;  // it ends, and serves still
    bool operator==(const Endpoint&) const = default;
  };
  struct Slice {
    objects::Name service;
    std::vector<ServicePort> ports;
    std::vector<Endpoint> endpoints;
    bool operator==(const Slice&) const = default;
  };
  struct HostPort {
    Protocol protocol = Protocol::tcp;
    Address at;  // host empty: at the node's addresses
    Address to;
    bool operator==(const HostPort&) const = default;
  };
  using Slices = std::vector<const Slice*>;

  static Service read_service(const objects::Object& object);
  static Slice read_slice(const objects::Object& object);
  static std::vector<Slice> read_endpoints(const objects::Object& object);
  static std::vector<HostPort> read_host_ports(const objects::Object& pod);
  static std::vector<Address> usable(const Slices& slices, const ServicePort& port);
  void add_host_ports(Rules& rules, const std::vector<std::string>& node_addresses) const;

  std::map<objects::Name, Service> services_;
  std::map<objects::Name, Slice> slices_;
  std::map<objects::Name, std::vector<Slice>> endpoints_;  // of who writes no slices
  std::map<objects::Name, std::vector<HostPort>> host_ports_;
};

// Whether somebody is to be found by them.
bool need_proxy(const Rules& rules);

}  // namespace slipway::services
