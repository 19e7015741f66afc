#include "pods/service_names.hpp"

#include <set>

#include "core/text.hpp"
#include "objects/endpoints.hpp"
#include "objects/kinds.hpp"

namespace slipway::pods {
namespace {

namespace kinds = objects::kinds;
using objects::Name;
using objects::Object;

// "127.20.128.9 web web.shop web.shop.svc web.shop.svc.cluster.local"; the first only for who is in that namespace.
std::string line_of(const std::string& address, const std::string& name, const std::string& ns, bool is_near) {
  std::string line = address + "\t";
  if (is_near) line += name + " ";
  for (const std::string& end : {ns, ns + ".svc", ns + ".svc." + cluster_domain}) line += name + "." + end + " ";
  line.back() = '\n';
  return line;
}

// "my-web" is MY_WEB.
std::string variable_name(std::string text) {
  for (char& c : text) {
    if (c == '-') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

// Whether `into` says something else now.
template <class Map, class Value>
bool keep(Map& into, const Name& name, Value value) {
  const auto [there, is_new] = into.try_emplace(name);
  if (!is_new && there->second == value) return false;
  there->second = std::move(value);
  return true;
}

}  // namespace

bool ServiceNames::put(const Object& object) {
  if (object.kind() == kinds::service.kind) {
    const doc::Value& spec = object.spec();
    const std::string address = spec["clusterIP"].string_or("");
    if (spec["type"].string_or("") == "ExternalName" || address.empty()) return services_.erase(object.name()) > 0;
    Service service;
    if (address != "None") service.address = address;
    for (std::size_t i = 0; i < spec["ports"].size(); ++i) {
      const doc::Value& port = spec["ports"][i];
      service.ports.push_back(
          {port["name"].string_or(""), port["protocol"].string_or("TCP"), static_cast<int>(port["port"].int_or(0))});
    }
    return keep(services_, object.name(), std::move(service));
  }
  if (object.kind() != kinds::endpoint_slice.kind) return false;
  Slice slice;
  slice.service = {object.name().ns, object.label(objects::service_name_label)};
  const doc::Value& endpoints = object.document()["endpoints"];
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (!endpoints[i]["conditions"]["ready"].bool_or(true)) continue;
    slice.members.push_back(
        {endpoints[i]["addresses"][std::size_t{0}].string_or(""), endpoints[i]["hostname"].string_or("")});
  }
  const bool is_new = keep(slices_, object.name(), slice);
  const auto service = services_.find(slice.service);
  return is_new && (service == services_.end() || service->second.address.empty());
}

bool ServiceNames::remove(const Object& object) {
  if (object.kind() == kinds::service.kind) return services_.erase(object.name()) > 0;
  return object.kind() == kinds::endpoint_slice.kind && slices_.erase(object.name()) > 0;
}

std::string ServiceNames::hosts_lines(const std::string& ns) const {
  std::string near, far;
  for (const auto& [name, service] : services_) {
    if (!service.address.empty())
      (name.ns == ns ? near : far) += line_of(service.address, name.name, name.ns, name.ns == ns);
  }
  std::set<std::string> seen;  // a Pod may be in several slices
  for (const auto& [slice_name, slice] : slices_) {
    const auto service = services_.find(slice.service);
    if (service == services_.end() || !service->second.address.empty()) continue;
    const Name& name = service->first;
    std::string& lines = name.ns == ns ? near : far;
    for (const Member& member : slice.members) {
      std::string text = line_of(member.address, name.name, name.ns, name.ns == ns);
      if (!member.host.empty()) text += line_of(member.address, member.host + "." + name.name, name.ns, name.ns == ns);
      if (seen.insert(text).second) lines += text;
    }
  }
  return near + far;
}

Variables ServiceNames::variables(const std::string& ns) const {
  Variables variables;
  for (auto it = services_.lower_bound({ns, ""}); it != services_.end() && it->first.ns == ns; ++it) {
    const Service& service = it->second;
    if (service.address.empty() || service.ports.empty()) continue;
    const std::string prefix = variable_name(it->first.name);
    const auto add = [&](const std::string& name, const std::string& value) {
      variables.emplace_back(prefix + name, value);
    };
    add("_SERVICE_HOST", service.address);
    add("_SERVICE_PORT", std::to_string(service.ports.front().number));
    for (const Port& port : service.ports) {
      if (!port.name.empty()) add("_SERVICE_PORT_" + variable_name(port.name), std::to_string(port.number));
    }
    for (std::size_t i = 0; i < service.ports.size(); ++i) {
      const Port& port = service.ports[i];
      const std::string number = std::to_string(port.number);
      const std::string protocol = core::in_lower(port.protocol);
      const std::string url = protocol + "://" + service.address + ":" + number;
      const std::string of_port = "_PORT_" + number + "_" + port.protocol;
      if (i == 0) add("_PORT", url);
      add(of_port, url);
      add(of_port + "_PROTO", protocol);
      add(of_port + "_PORT", number);
      add(of_port + "_ADDR", service.address);
    }
  }
  return variables;
}

}  // namespace slipway::pods
