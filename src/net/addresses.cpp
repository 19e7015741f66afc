#include "net/addresses.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <memory>

namespace slipway::net {
namespace {

namespace ip = boost::asio::ip;

// A text that is no address gives the one that is nobody's.
ip::address parse(std::string_view text) {
  boost::system::error_code error;
  const auto address = ip::make_address(text, error);
  return error ? ip::address() : address;
}

ip::address address_of(const sockaddr& from) {
  if (from.sa_family == AF_INET) {
    return ip::address_v4(ntohl(reinterpret_cast<const sockaddr_in&>(from).sin_addr.s_addr));
  }
  if (from.sa_family != AF_INET6) return {};
  ip::address_v6::bytes_type bytes{};
  std::ranges::copy(reinterpret_cast<const sockaddr_in6&>(from).sin6_addr.s6_addr, bytes.begin());
  return ip::address_v6(bytes);
}

bool is_for_others(const ip::address& address) {
  if (address.is_unspecified() || address.is_loopback() || address.is_multicast()) return false;
  constexpr unsigned link_local = 0xa9fe;  // 169.254.0.0/16
  return address.is_v4() ? address.to_v4().to_uint() >> 16U != link_local : !address.to_v6().is_link_local();
}

}  // namespace

bool is_ip_address(std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  const std::string ended(text);
  return ::inet_pton(AF_INET, ended.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, ended.c_str(), bytes.data()) == 1;
}

bool is_loopback(std::string_view address) { return parse(address).is_loopback(); }

bool is_any_address(std::string_view address) { return is_ip_address(address) && parse(address).is_unspecified(); }

std::vector<std::string> own_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  std::vector<ip::address> found;
  for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
    if (const auto address = address_of(*entry->ifa_addr); is_for_others(address)) found.push_back(address);
  }
  std::ranges::stable_sort(found, {}, [](const ip::address& address) { return address.is_v6(); });
  std::vector<std::string> texts;
  for (const auto& address : found) texts.push_back(address.to_string());
  return texts;
}

}  // namespace slipway::net
