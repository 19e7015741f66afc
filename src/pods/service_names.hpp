#pragma once
// ServiceNames: by what a Pod finds Services without asking anybody: lines of its /etc/hosts, and variables. Pure.
// Facts of Kubernetes' DNS specification and of kubelet's service variables. Inside the room only.

#include <map>

#include "objects/object.hpp"
#include "pods/environment_sources.hpp"

namespace slipway::pods {

inline constexpr const char* cluster_domain = "cluster.local";

class ServiceNames {
 public:
  // Services and EndpointSlices; other kinds are ignored. Whether the lines may be others now.
  bool put(const objects::Object& object);
  bool remove(const objects::Object& object);

  // For Pods of that namespace, which call the Services there by their name alone.
  std::string hosts_lines(const std::string& ns) const;
  // WEB_SERVICE_HOST and the like, of the Services of that namespace.
  Variables variables(const std::string& ns) const;

 private:
  struct Port {
    std::string name, protocol;
    int number = 0;
    bool operator==(const Port&) const = default;
  };
  struct Service {
    std::string address;  // empty: it is headless, and its Pods have its name
    std::vector<Port> ports;
    bool operator==(const Service&) const = default;
  };
  struct Member {
    std::string address, host;  // `host`: its own name below the Service's; may be empty
    bool operator==(const Member&) const = default;
  };
  struct Slice {
    objects::Name service;
    std::vector<Member> members;
    bool operator==(const Slice&) const = default;
  };

  std::map<objects::Name, Service> services_;
  std::map<objects::Name, Slice> slices_;
};

}  // namespace slipway::pods
