#pragma once
// Caller: who sends a request of the Kubernetes API, as Kubernetes speaks of people and programs: a name and groups.
// Pure.

#include <map>
#include <string>
#include <vector>

#include "net/http.hpp"

namespace slipway::objects::api {

struct Caller {
  std::string name;  // "ada@example.com", "system:serviceaccount:NS:NAME", "system:anonymous"
  std::string uid;   // of a service account; may be empty
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
  std::string acted_by = {};  // who acts as this one (Impersonate-User); empty: itself

  bool is_anonymous() const { return name == "system:anonymous"; }
  bool is_in(std::string_view group) const;
  std::string on_record() const { return acted_by.empty() ? name : acted_by + " as " + name; }
  // {"username", "uid", "groups", "extra"}: as reviews, webhooks and policies see it.
  doc::Value user_info() const;
  bool operator==(const Caller&) const = default;
};

// Roles of Slipway become groups: "slipway:platform-engineer". Everybody who is known is in system:authenticated.
Caller person(std::string name, const std::vector<std::string>& roles);
Caller anonymous();
Caller service_account(const std::string& ns, const std::string& name, std::string uid);
// "system:serviceaccount:NS:NAME" taken apart; both empty when it is none.
struct AccountName {
  std::string ns, name;
};
AccountName account_name_of(std::string_view user);

// What the guard established, from the request's headers.
Caller caller_of(const net::Request& request);
// A service account's uid and extra as the guard hands them on (net::account_header).
std::string account_header_of(const Caller& caller);

}  // namespace slipway::objects::api
