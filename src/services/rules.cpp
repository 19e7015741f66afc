#include "services/rules.hpp"

#include <algorithm>

#include "core/number.hpp"
#include "net/addresses.hpp"

namespace slipway::services {
namespace {

constexpr std::int64_t longest_affinity = 86400;  // as the API has it

Result<std::vector<Address>> parse_addresses(const doc::Value& texts) {
  std::vector<Address> addresses;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    TRY_ASSIGN(auto address, parse_address(texts[i].string_or("")));
    addresses.push_back(std::move(address));
  }
  return addresses;
}

Result<Rule> parse_rule(const doc::Value& value) {
  Rule rule;
  rule.name = value["name"].string_or("");
  const std::string protocol = value["protocol"].string_or("TCP");
  if (protocol != "TCP" && protocol != "UDP")
    return fail(Code::invalid_argument, "rule \"" + rule.name + "\" has the protocol \"" + protocol + "\"");
  rule.protocol = protocol == "UDP" ? Protocol::udp : Protocol::tcp;
  TRY_ASSIGN(rule.listen, parse_addresses(value["listen"]));
  TRY_ASSIGN(rule.endpoints, parse_addresses(value["endpoints"]));
  rule.affinity_seconds = std::clamp<std::int64_t>(value["affinitySeconds"].int_or(0), 0, longest_affinity);
  return rule;
}

doc::Array texts_of(const std::vector<Address>& addresses) {
  doc::Array texts;
  for (const Address& address : addresses) texts.emplace_back(address.text());
  return texts;
}

}  // namespace

std::string_view name_of(Protocol protocol) { return protocol == Protocol::udp ? "UDP" : "TCP"; }

std::string Address::text() const {
  const std::string number = std::to_string(port);
  return host.find(':') == std::string::npos ? host + ":" + number : "[" + host + "]:" + number;
}

Result<Address> parse_address(const std::string& text) {
  const auto colon = text.rfind(':');
  Address address{text.substr(0, colon), 0};
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  const auto port =
      colon == std::string::npos ? std::nullopt : core::parse_number<int>(std::string_view(text).substr(colon + 1));
  if (!port || *port < 1 || *port > 65535 || !net::is_ip_address(address.host))
    return fail(Code::invalid_argument, "\"" + text + "\" is not an IP address with a port");
  address.port = *port;
  return address;
}

std::string render(const Rules& rules) {
  doc::Array list;
  for (const Rule& rule : rules) {
    doc::Object each{{"name", rule.name},
                     {"protocol", name_of(rule.protocol)},
                     {"listen", texts_of(rule.listen)},
                     {"endpoints", texts_of(rule.endpoints)}};
    if (rule.affinity_seconds > 0) each.set("affinitySeconds", rule.affinity_seconds);
    list.emplace_back(std::move(each));
  }
  return doc::render_json(doc::Object{{"rules", std::move(list)}});
}

Result<Rules> parse_rules(std::string_view text, const std::string& source_name) {
  TRY_ASSIGN(const doc::Value value, doc::parse_json(text, source_name));
  const doc::Value& list = value["rules"];
  if (!list.is_array()) return fail(Code::invalid_argument, source_name + " has no rules");
  Rules rules;
  for (std::size_t i = 0; i < list.size(); ++i) {
    TRY_ASSIGN(auto rule, parse_rule(list[i]));
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace slipway::services
