// Kubernetes' ip and cidr libraries. Addresses are those of Go's net/netip; with a zone, or an IPv4 address written as
// IPv6, they are refused as Kubernetes does.

#include <array>
#include <optional>

#include "core/percent.hpp"
#include "core/text.hpp"
#include "expr/cel/functions.hpp"

namespace slipway::expr::cel::library {

namespace {

struct Address {
  std::array<std::uint8_t, 16> bytes{};  // IPv4: the first four
  bool v6 = false;
  int bits() const { return v6 ? 128 : 32; }
  bool operator==(const Address&) const = default;
};

class Ip : public Opaque {
 public:
  explicit Ip(Address from) : address(from) {}
  std::string_view type_name() const override { return "net.IP"; }
  bool equals(const Opaque& other) const override { return static_cast<const Ip&>(other).address == address; }
  Address address;
};

class Cidr : public Opaque {
 public:
  Cidr(Address from, int bits) : address(from), length(bits) {}
  std::string_view type_name() const override { return "net.CIDR"; }
  bool equals(const Opaque& other) const override {
    const auto& cidr = static_cast<const Cidr&>(other);
    return cidr.address == address && cidr.length == length;
  }
  Address address;
  int length;
};

bool read_v4(std::string_view text, std::uint8_t* out) {
  for (int part = 0; part < 4; ++part) {
    std::size_t length = 0;
    int value = 0;
    while (length < text.size() && core::is_digit(text[length]) && length < 4)
      value = value * 10 + (text[length++] - '0');
    if (length == 0 || value > 255 || length > 3 || (length > 1 && text[0] == '0')) return false;
    out[part] = static_cast<std::uint8_t>(value);
    text.remove_prefix(length);
    if (part == 3) break;
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
  }
  return text.empty();
}

bool read_v6(std::string_view text, Address& out) {
  out.v6 = true;
  int gap = -1;
  std::size_t at = 0;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (at < 16) {
    std::size_t length = 0;
    unsigned value = 0;
    while (length < text.size() && core::hex_digit(text[length]) >= 0) {
      value = value * 16 + static_cast<unsigned>(core::hex_digit(text[length++]));
      if (length > 4) return false;
    }
    if (length == 0) return false;
    if (length < text.size() && text[length] == '.') {
      if ((gap < 0 && at != 12) || at + 4 > 16 || !read_v4(text, &out.bytes[at])) return false;
      at += 4;
      text = {};
      break;
    }
    out.bytes[at++] = static_cast<std::uint8_t>(value >> 8);
    out.bytes[at++] = static_cast<std::uint8_t>(value & 0xFF);
    text.remove_prefix(length);
    if (text.empty()) break;
    if (text.front() != ':' || text.size() == 1) return false;
    text.remove_prefix(1);
    if (text.front() != ':') continue;
    if (gap >= 0) return false;
    gap = static_cast<int>(at);
    text.remove_prefix(1);
    if (text.empty()) break;
  }
  if (!text.empty()) return false;
  if (at == 16) return gap < 0;
  if (gap < 0) return false;
  const auto from = static_cast<std::size_t>(gap);
  const std::size_t moved = at - from;
  for (std::size_t i = 0; i < moved; ++i) out.bytes[15 - i] = out.bytes[at - 1 - i];
  for (std::size_t i = from; i < 16 - moved; ++i) out.bytes[i] = 0;
  return true;
}

bool is_v4_in_v6(const Address& address) {
  if (!address.v6) return false;
  for (std::size_t i = 0; i < 10; ++i) {
    if (address.bytes[i] != 0) return false;
  }
  return address.bytes[10] == 0xFF && address.bytes[11] == 0xFF;
}

std::expected<Address, std::string> read_address(std::string_view text) {
  const auto quoted = "\"" + std::string(text) + "\"";
  Address out;
  const auto zone = text.find('%');
  const bool v6 = text.find(':') != std::string_view::npos;
  const bool fine = v6 ? read_v6(text.substr(0, zone), out) : read_v4(text, out.bytes.data());
  if (!fine) {
    return std::unexpected("IP Address " + quoted + " parse error during conversion from string: ParseAddr(" + quoted +
                           "): unable to parse IP");
  }
  if (zone != std::string_view::npos)
    return std::unexpected("IP address " + quoted + " with zone value is not allowed");
  if (is_v4_in_v6(out)) return std::unexpected("IPv4-mapped IPv6 address " + quoted + " is not allowed");
  return out;
}

std::string render(const Address& address) {
  std::string out;
  if (!address.v6) {
    for (std::size_t i = 0; i < 4; ++i) out += (i == 0 ? "" : ".") + std::to_string(address.bytes[i]);
    return out;
  }
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = address.bytes[2 * i] * 256U + address.bytes[2 * i + 1];
  std::size_t best = 8;
  std::size_t best_length = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > best_length) {
      best = i;
      best_length = end - i;
    }
    i = std::max(end, i + 1);
  }
  static constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (i != 0 && !out.ends_with(':')) out += ':';
    bool started = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
      const auto digit = (groups[i] >> shift) & 15U;
      started = started || digit != 0 || shift == 0;
      if (started) out += digits[digit];
    }
  }
  return out;
}

const std::string parse_error = "network address parse error during conversion from string: ";

std::expected<Cidr, std::string> read_cidr(std::string_view text) {
  const auto quoted = "\"" + std::string(text) + "\"";
  const std::string problem = parse_error + "netip.ParsePrefix(" + quoted + "): ";
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos) return std::unexpected(problem + "no '/'");
  auto address = read_address(text.substr(0, slash));
  if (!address) {
    if (address.error().starts_with("IPv4-mapped")) {
      return std::unexpected("IPv4-mapped IPv6 address " + quoted + " is not allowed");
    }
    return std::unexpected(problem + "unable to parse IP");
  }
  const auto length = text.substr(slash + 1);
  int bits = 0;
  bool fine = !length.empty() && length.size() <= 3 && (length.size() == 1 || length.front() != '0');
  for (const char c : length) {
    fine = fine && core::is_digit(c);
    if (fine) bits = bits * 10 + (c - '0');
  }
  if (!fine) return std::unexpected(problem + "bad bits after slash: \"" + std::string(length) + "\"");
  if (bits > address->bits()) return std::unexpected(problem + "prefix length out of range");
  return Cidr(*address, bits);
}

Address masked(Address address, int length) {
  for (int bit = length; bit < address.bits(); ++bit) {
    const auto mask = static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
    address.bytes[static_cast<std::size_t>(bit / 8)] &= mask;
  }
  return address;
}

bool holds(const Cidr& cidr, const Address& address) {
  return cidr.address.v6 == address.v6 && masked(cidr.address, cidr.length) == masked(address, cidr.length);
}

const Address& address_of(const Call& call) { return opaque_as<Ip>(call[0]).address; }

Value ip_of_text(const Call& call) {
  auto address = read_address(call.text(0));
  return address ? make_opaque(Ip(*address)) : Value::failure(address.error());
}
Value is_ip(const Call& call) { return Value(read_address(call.text(0)).has_value()); }
Value is_canonical(const Call& call) {
  auto address = read_address(call.text(0));
  return address ? Value(render(*address) == call.text(0)) : Value::failure(address.error());
}
Value ip_text(const Call& call) { return text_value(render(address_of(call))); }
Value family(const Call& call) { return Value(std::int64_t{address_of(call).v6 ? 6 : 4}); }

bool unspecified(const Address& address) { return address.bytes == std::array<std::uint8_t, 16>{}; }
bool loopback(const Address& address) {
  if (!address.v6) return address.bytes[0] == 127;
  Address one{{}, true};
  one.bytes[15] = 1;
  return address == one;
}
bool link_local(const Address& address) {
  if (!address.v6) return address.bytes[0] == 169 && address.bytes[1] == 254;
  return address.bytes[0] == 0xFE && (address.bytes[1] & 0xC0) == 0x80;
}
bool multicast(const Address& address) {
  return address.v6 ? address.bytes[0] == 0xFF : (address.bytes[0] & 0xF0) == 0xE0;
}
bool broadcast(const Address& address) {
  return !address.v6 && address.bytes[0] == 255 && address.bytes[1] == 255 && address.bytes[2] == 255 &&
         address.bytes[3] == 255;
}

Value is_unspecified(const Call& call) { return Value(unspecified(address_of(call))); }
Value is_loopback(const Call& call) { return Value(loopback(address_of(call))); }
Value is_link_local_unicast(const Call& call) { return Value(link_local(address_of(call))); }
Value is_link_local_multicast(const Call& call) {
  const auto& address = address_of(call);
  if (address.v6) return Value(address.bytes[0] == 0xFF && (address.bytes[1] & 0x0F) == 0x02);
  return Value(address.bytes[0] == 224 && address.bytes[1] == 0 && address.bytes[2] == 0);
}
Value is_global_unicast(const Call& call) {
  const auto& address = address_of(call);
  return Value(!unspecified(address) && !broadcast(address) && !loopback(address) && !multicast(address) &&
               !link_local(address));
}

Value cidr_of_text(const Call& call) {
  auto cidr = read_cidr(call.text(0));
  return cidr ? make_opaque(*cidr) : Value::failure(parse_error + cidr.error());
}
Value is_cidr(const Call& call) { return Value(read_cidr(call.text(0)).has_value()); }
Value cidr_text(const Call& call) {
  const auto& cidr = opaque_as<Cidr>(call[0]);
  return text_value(render(cidr.address) + "/" + std::to_string(cidr.length));
}
Value contains_ip(const Call& call) { return Value(holds(opaque_as<Cidr>(call[0]), opaque_as<Ip>(call[1]).address)); }
Value contains_ip_text(const Call& call) {
  auto address = read_address(call.text(1));
  return address ? Value(holds(opaque_as<Cidr>(call[0]), *address)) : Value::failure(address.error());
}
Value contains_cidr(const Call& call) {
  const auto& outer = opaque_as<Cidr>(call[0]);
  const auto& inner = opaque_as<Cidr>(call[1]);
  return Value(outer.length <= inner.length && holds(outer, inner.address));
}
Value contains_cidr_text(const Call& call) {
  auto inner = read_cidr(call.text(1));
  if (!inner) return Value::failure(parse_error + inner.error());
  const auto& outer = opaque_as<Cidr>(call[0]);
  return Value(outer.length <= inner->length && holds(outer, inner->address));
}
Value cidr_ip(const Call& call) { return make_opaque(Ip(opaque_as<Cidr>(call[0]).address)); }
Value prefix_length(const Call& call) { return Value(std::int64_t{opaque_as<Cidr>(call[0]).length}); }
Value cidr_masked(const Call& call) {
  const auto& cidr = opaque_as<Cidr>(call[0]);
  return make_opaque(Cidr(masked(cidr.address, cidr.length), cidr.length));
}

constexpr Line lines[] = {
    {"ip(string): ip", ip_of_text, Cost::text},
    {"isIP(string): bool", is_ip, Cost::text},
    {"ip.isCanonical(string): bool", is_canonical, Cost::text_twice},
    {"string(ip): string", ip_text},
    {"ip->family(): int", family},
    {"ip->isUnspecified(): bool", is_unspecified},
    {"ip->isLoopback(): bool", is_loopback},
    {"ip->isLinkLocalMulticast(): bool", is_link_local_multicast},
    {"ip->isLinkLocalUnicast(): bool", is_link_local_unicast},
    {"ip->isGlobalUnicast(): bool", is_global_unicast},
    {"cidr(string): cidr", cidr_of_text, Cost::text},
    {"isCIDR(string): bool", is_cidr, Cost::text},
    {"string(cidr): string", cidr_text},
    {"cidr->containsIP(string): bool", contains_ip_text, Cost::affix},
    {"cidr->containsIP(ip): bool", contains_ip},
    {"cidr->containsCIDR(string): bool", contains_cidr_text, Cost::affix},
    {"cidr->containsCIDR(cidr): bool", contains_cidr},
    {"cidr->ip(): ip", cidr_ip},
    {"cidr->prefixLength(): int", prefix_length},
    {"cidr->masked(): cidr", cidr_masked},
};

}  // namespace

Library network() { return lines; }

}  // namespace slipway::expr::cel::library
