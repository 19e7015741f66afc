#pragma once
// Authorizer: may this caller do that? Reads the roles and bindings that are stored, and keeps them read until one of
// them changes. Stands in front of every request of the API server; impersonation is decided here too.
//
// Thread: the control loop only.

#include <memory>
#include <optional>
#include <vector>

#include "objects/api/context.hpp"
#include "objects/rbac/policy.hpp"

namespace slipway::objects::rbac {

struct Decision {
  bool allowed = false;
  std::string reason;
};

class Authorizer {
 public:
  // `open_reading`: who shows no credentials, and the team, may read what is no Secret, as on a machine that only its
  // owner reaches. Service accounts and everybody else who has a name are always judged by roles. The context outlives
  // the authorizer.
  Authorizer(api::Context& context, bool open_reading) : context_(context), open_reading_(open_reading) {}
  Result<> start();  // from now on changes of roles and bindings are noticed

  Decision decide(const Attributes& wanted);
  // The roles and bindings as they are now. Valid until the next call.
  const Policy& policy();
  bool reads_openly(const api::Caller& caller) const;

  // Replaces the caller by the one it acts for (Impersonate-User, ...) and refuses what it may not do: 403 in the words
  // of an API server.
  api::Answer<> authorize(api::Call& call);

 private:
  api::Answer<> impersonate(api::Call& call);
  api::Answer<> check(const Attributes& wanted, const schema::Resource* resource);
  void on_record(const api::Call& call, const api::Failure& failure);

  api::Context& context_;
  bool open_reading_;
  std::optional<Policy> policy_;
  std::vector<std::unique_ptr<ChangeWatch>> watches_;
  bool is_watch_over_ = false;  // one fell behind and is told nothing more
};

// What a request wants to do.
Attributes attributes_of(const api::Call& call);
// `User "x" cannot get resource "pods" in API group "" in the namespace "y"`.
std::string refusal_text(const Attributes& wanted);

}  // namespace slipway::objects::rbac
