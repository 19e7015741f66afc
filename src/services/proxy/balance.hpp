#pragma once
// Balance: which endpoint of one rule the next connection goes to. Pure; it is told the time.

#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "services/rules.hpp"

namespace slipway::services::proxy {

class Balance {
 public:
  static constexpr std::size_t most_remembered = 65536;  // clients; the one that came least lately is forgotten

  // What changed in the rule. Who is remembered stays with his endpoint while that is there.
  void set(std::vector<Address> endpoints, Duration affinity);
  // Round about, and with affinity the one that `client` (an IP address) had. Never one of `tried`; nullopt: none left.
  std::optional<Address> pick(const std::string& client, Instant now, const std::set<Address>& tried);
  bool has(const Address& endpoint) const;

 private:
  struct Remembered {
    Address endpoint;
    Instant last{};
    std::list<std::string>::iterator place;
  };
  std::optional<Address> remembered(const std::string& client, Instant now, const std::set<Address>& tried);
  void remember(const std::string& client, const Address& endpoint, Instant now);
  std::optional<Address> next(const std::set<Address>& tried);

  std::vector<Address> endpoints_;
  Duration affinity_{};
  std::size_t cursor_ = 0;
  std::map<std::string, Remembered> clients_;
  std::list<std::string> order_;  // of clients, who came least lately first
};

}  // namespace slipway::services::proxy
