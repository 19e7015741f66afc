#include "objects/services/allocator.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "objects/kinds.hpp"
#include "objects/schema/builtin.hpp"
#include "objects/services/fields.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::services {
namespace {

constexpr const char* none = "None";

std::optional<std::uint32_t> number_of(const std::string& address) {
  in_addr parsed{};
  if (::inet_pton(AF_INET, address.c_str(), &parsed) != 1) return std::nullopt;
  return ntohl(parsed.s_addr);
}

std::string text_of(std::uint32_t number) {
  const in_addr address{htonl(number)};
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &address, text, sizeof text);
  return text;
}

validation::Problems refused(std::string field, const doc::Value& value, std::string detail) {
  return {validation::invalid(std::move(field), value, std::move(detail))};
}

struct Families {
  std::vector<std::string> names;
  std::string policy;
};

// Which families a Service has, from what it says and where it says nothing.
Families families_of(const doc::Value& spec, const doc::Value& before) {
  Families families{{}, spec["ipFamilyPolicy"].string_or("")};
  const bool selects_nothing = is_headless(spec) && spec["selector"].size() == 0;
  if (families.policy.empty()) families.policy = before["ipFamilyPolicy"].string_or("");
  if (families.policy.empty()) families.policy = selects_nothing ? "RequireDualStack" : "SingleStack";
  for (std::size_t i = 0; i < spec["ipFamilies"].size(); ++i)
    families.names.push_back(spec["ipFamilies"][i].string_or(""));
  if (families.names.empty()) families.names.emplace_back("IPv4");
  // Its endpoints are whoever's who writes them: of either family.
  if (selects_nothing && families.names.size() == 1 && families.policy != "SingleStack")
    families.names.emplace_back(families.names.front() == "IPv4" ? "IPv6" : "IPv4");
  return families;
}

validation::Problems problems_of(const doc::Value& spec, const Families& families) {
  validation::Problems problems;
  const doc::Value& addresses = spec["clusterIPs"];
  for (std::size_t i = spec["ipFamilies"].size(); i < addresses.size(); ++i) {
    if (addresses[i].string_or("").find(':') == std::string::npos) continue;
    problems.push_back(validation::invalid("spec.clusterIPs[" + std::to_string(i) + "]", addresses,
                                           "IPv6 is not configured on this cluster"));
  }
  const auto refuse_policy = [&](const char* detail) {
    problems.push_back(validation::invalid("spec.ipFamilyPolicy", families.policy, detail));
  };
  if (families.policy == "SingleStack" && addresses.size() == 2)
    refuse_policy("must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified");
  if (families.policy == "SingleStack" && families.names.size() == 2)
    refuse_policy("must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified");
  if (!problems.empty() || (is_headless(spec) && spec["selector"].size() == 0)) return problems;
  if (families.policy == "RequireDualStack") refuse_policy("this cluster is not configured for dual-stack services");
  for (std::size_t i = 0; i < families.names.size(); ++i) {
    if (families.names[i] == "IPv4") continue;
    problems.push_back(validation::invalid("spec.ipFamilies[" + std::to_string(i) + "]", families.names[i],
                                           "not configured on this cluster"));
  }
  return problems;
}

}  // namespace

struct Allocator::Holder {
  std::string name, uid;
  Error refuse(const validation::Problems& problems) const {
    return validation::invalid_error("", "Service", name, problems);
  }
};

Result<std::unique_ptr<Allocator>> Allocator::make(core::Random& random, Backend& backend, Ranges ranges) {
  const auto slash = ranges.addresses.find('/');
  const auto base = number_of(ranges.addresses.substr(0, slash));
  unsigned bits = 0;
  const char* end = ranges.addresses.data() + ranges.addresses.size();
  const bool has_bits =
      slash != std::string::npos && std::from_chars(ranges.addresses.data() + slash + 1, end, bits).ptr == end;
  constexpr unsigned most_bits = 28;
  if (!base || !has_bits || bits == 0 || bits > most_bits) {
    return fail(Code::invalid_argument, "\"" + ranges.addresses + "\" is no network for Services",
                "write an IPv4 network of at least 16 addresses, like 10.96.0.0/12");
  }
  const std::uint32_t size = std::uint32_t{1} << (32 - bits);
  return std::unique_ptr<Allocator>(
      new Allocator(random, backend, std::move(ranges), Network{*base & ~(size - 1), size}));
}

Result<bool> Allocator::is_free(const Holder& holder, const std::string& claim) {
  TRY_ASSIGN(const auto uid, backend_.holder_of(claim));
  return !uid || *uid == holder.uid;
}

Result<bool> Allocator::is_held(const Holder& holder, const std::string& claim) {
  TRY_ASSIGN(const auto uid, backend_.holder_of(claim));
  return uid && *uid == holder.uid;
}

Result<std::int64_t> Allocator::pick(std::int64_t size, const std::function<Result<bool>(std::int64_t)>& is_free) {
  const auto left_alone = std::min<std::int64_t>(std::max<std::int64_t>(16, size / 32), 256);
  const auto look = [&](std::int64_t first, std::int64_t count) -> Result<std::optional<std::int64_t>> {
    if (count <= 0) return std::optional<std::int64_t>();
    const auto start = static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(count)));
    for (std::int64_t i = 0; i < count; ++i) {
      const auto candidate = first + (start + i) % count;
      TRY_ASSIGN(const bool free, is_free(candidate));
      if (free) return std::optional(candidate);
    }
    return std::optional<std::int64_t>();
  };
  TRY_ASSIGN(auto found, look(left_alone, size - left_alone));
  if (!found) {
    TRY_ASSIGN(found, look(0, std::min(left_alone, size)));
  }
  if (found) return *found;
  return fail(Code::resource_exhausted, "range is full");
}

Result<> Allocator::allocate(const schema::Resource& resource, doc::Value& after, const doc::Value& before) {
  if (!is_service(resource)) return {};
  const Holder holder{after["metadata"]["name"].string_or(""), after["metadata"]["uid"].string_or("")};
  auto& spec = after.at_or_insert("spec");
  if (!needs_address(spec)) return {};
  const auto families = families_of(spec, before["spec"]);
  if (const auto problems = problems_of(spec, families); !problems.empty()) return fail(holder.refuse(problems));
  spec.at_or_insert("ipFamilies") = doc::Array(families.names.begin(), families.names.end());
  spec.at_or_insert("ipFamilyPolicy") = families.policy;
  TRY(allocate_address(holder, spec));
  TRY(allocate_ports(holder, spec));
  return allocate_health_check_port(holder, spec);
}

Result<> Allocator::allocate_address(const Holder& holder, doc::Value& spec) {
  auto address = std::as_const(spec)["clusterIP"].string_or("");
  if (address.empty()) address = std::as_const(spec)["clusterIPs"][std::size_t{0}].string_or("");
  if (address.empty()) {
    TRY_ASSIGN(address, next_address(holder));
  } else if (address != none) {
    TRY(take_address(holder, address));
  }
  spec.at_or_insert("clusterIP") = address;
  spec.at_or_insert("clusterIPs") = doc::Array{address};
  return {};
}

Result<std::string> Allocator::next_address(const Holder& holder) {
  const auto address_at = [&](std::int64_t offset) {
    return text_of(network_.base + 1 + static_cast<std::uint32_t>(offset));
  };
  // Neither the network's own address nor the one for all of it.
  TRY_ASSIGN(const auto offset, pick(std::int64_t{network_.size} - 2,
                                     [&](std::int64_t at) { return is_free(holder, address_claim(address_at(at))); }));
  return address_at(offset);
}

Result<> Allocator::take_address(const Holder& holder, const std::string& address) {
  TRY_ASSIGN(const bool held, is_held(holder, address_claim(address)));
  if (held) return {};
  const auto refuse = [&](const std::string& why) -> Result<> {
    return fail(holder.refuse(
        refused("spec.clusterIPs", doc::Array{address}, "failed to allocate IP " + address + ": " + why)));
  };
  const auto number = number_of(address);
  if (!number || !is_inside(*number)) {
    return refuse("the provided IP (" + address + ") is not in the valid range. The range of valid IPs is " +
                  ranges_.addresses);
  }
  TRY_ASSIGN(const bool free, is_free(holder, address_claim(address)));
  return free ? Result<>() : refuse("provided IP is already allocated");
}

Result<> Allocator::take_port(const Holder& holder, std::int64_t port, const std::string& field) {
  TRY_ASSIGN(const bool held, is_held(holder, port_claim(port)));
  if (held) return {};
  const auto refuse = [&](const std::string& why) -> Result<> {
    return fail(holder.refuse(refused(field, port, why)));
  };
  if (port < ranges_.first_port || port > ranges_.last_port) {
    return refuse("provided port is not in the valid range. The range of valid ports is " +
                  std::to_string(ranges_.first_port) + "-" + std::to_string(ranges_.last_port));
  }
  TRY_ASSIGN(const bool free, is_free(holder, port_claim(port)));
  return free ? Result<>() : refuse("provided port is already allocated");
}

Result<std::int64_t> Allocator::next_port(const Holder& holder, const doc::Value& spec) {
  std::vector<std::int64_t> own{spec["healthCheckNodePort"].int_or(0)};
  for (std::size_t i = 0; i < spec["ports"].size(); ++i) own.push_back(spec["ports"][i]["nodePort"].int_or(0));
  TRY_ASSIGN(const auto offset, pick(ranges_.last_port - ranges_.first_port + 1, [&](std::int64_t at) -> Result<bool> {
               if (std::ranges::find(own, ranges_.first_port + at) != own.end()) return false;
               return is_free(holder, port_claim(ranges_.first_port + at));
             }));
  return ranges_.first_port + offset;
}

Result<> Allocator::allocate_ports(const Holder& holder, doc::Value& spec) {
  const auto count = std::as_const(spec)["ports"].size();
  std::map<std::int64_t, std::int64_t> chosen;  // one port over several protocols has one node port
  for (std::size_t i = 0; i < count; ++i) {
    const auto& port = std::as_const(spec)["ports"][i];
    const auto wished = port["nodePort"].int_or(0);
    if (wished == 0) continue;
    TRY(take_port(holder, wished, "spec.ports[" + std::to_string(i) + "].nodePort"));
    chosen.emplace(port["port"].int_or(0), wished);
  }
  if (!needs_node_ports(spec)) return {};
  for (std::size_t i = 0; i < count; ++i) {
    auto& port = spec.at_or_insert("ports").as_array()[i];
    if (std::as_const(port)["nodePort"].int_or(0) != 0) continue;
    auto found = chosen.find(std::as_const(port)["port"].int_or(0));
    if (found == chosen.end()) {
      TRY_ASSIGN(const auto next, next_port(holder, spec));
      found = chosen.emplace(std::as_const(port)["port"].int_or(0), next).first;
    }
    port.at_or_insert("nodePort") = found->second;
  }
  return {};
}

Result<> Allocator::allocate_health_check_port(const Holder& holder, doc::Value& spec) {
  if (!needs_health_check_port(spec)) return {};
  if (const auto wished = std::as_const(spec)["healthCheckNodePort"].int_or(0); wished != 0)
    return take_port(holder, wished, "spec.healthCheckNodePort");
  TRY_ASSIGN(const auto port, next_port(holder, spec));
  spec.at_or_insert("healthCheckNodePort") = port;
  return {};
}

Result<> Allocator::settle_old() {
  std::vector<Stored> old;
  TRY(backend_.list(kinds::service, {}, [&](Stored stored) {
    old.push_back(std::move(stored));
    return true;
  }));
  const schema::Resource* resource = schema::builtin().find("", "v1", "Service");
  for (const auto& stored : old) {
    TRY_ASSIGN(const Object before, stored.parse());
    const auto claims = claims_of(kinds::service, before).value_or(std::vector<std::string>{});
    bool holds_all = !needs_address(before.spec()) || !before.spec()["clusterIP"].string_or("").empty();
    for (const auto& claim : claims) {
      TRY_ASSIGN(const auto uid, backend_.holder_of(claim));
      holds_all = holds_all && uid == before.uid();
    }
    const auto address = number_of(before.spec()["clusterIP"].string_or(""));
    const bool is_elsewhere = address && !is_inside(*address);
    if (holds_all && !is_elsewhere) continue;
    Object after = before;
    if (is_elsewhere) {
      for (const char* field : {"clusterIP", "clusterIPs"}) after.spec().as_object().erase(field);
      const std::uint32_t same_place = network_.base + (*address & (network_.size - 1));
      const Holder holder{before.name().name, before.uid()};
      TRY_ASSIGN(const bool free, is_free(holder, address_claim(text_of(same_place))));
      if (free && is_inside(same_place)) after.spec().at_or_insert("clusterIP") = text_of(same_place);
    }
    TRY(allocate(*resource, after.document(), before.document()));
    TRY(backend_.replace(kinds::service, std::move(after), stored.version, &before));
  }
  return {};
}

}  // namespace slipway::objects::services
