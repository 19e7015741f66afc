#include "objects/access.hpp"

#include <algorithm>

#include "objects/rbac/aggregation.hpp"
#include "objects/rbac/authorizer.hpp"
#include "objects/rbac/bootstrap.hpp"
#include "objects/rbac/escalation.hpp"
#include "objects/rbac/reviews.hpp"
#include "objects/tokens/accounts.hpp"

namespace slipway::objects {

struct Access::State {
  State(Embedded& embedded, core::SigningKey key, AccessOptions given)
      : options(std::move(given)),
        context(embedded.context()),
        store(embedded.store()),
        authorizer(context, !options.rbac),
        aggregation(context.world, store),
        tokens(context, std::move(key), options.issuer) {}

  Result<rbac::Proven> prove(std::string_view token, const std::vector<std::string>& audiences) {
    if (tokens.claims(token)) {
      TRY_ASSIGN(auto bearer, tokens.verify(token, audiences));
      rbac::Proven proven{std::move(bearer.caller), {}};
      for (auto& audience : bearer.audiences) {
        const bool counts =
            audiences.empty() ? audience == tokens.issuer() : std::ranges::find(audiences, audience) != audiences.end();
        if (counts) proven.audiences.push_back(std::move(audience));
      }
      return proven;
    }
    if (!options.other_tokens) return fail(Code::unauthenticated, "this token is not known");
    // A person's token is for this server and for nobody else.
    if (!audiences.empty() && std::ranges::find(audiences, tokens.issuer()) == audiences.end())
      return fail(Code::unauthenticated, "the token is for other audiences");
    TRY_ASSIGN(auto caller, options.other_tokens(token));
    return rbac::Proven{std::move(caller), {tokens.issuer()}};
  }

  AccessOptions options;
  api::Context& context;
  Store& store;
  rbac::Authorizer authorizer;
  rbac::AggregationController aggregation;
  tokens::AccountTokens tokens;
};

Access::Access(std::unique_ptr<State> state) : state_(std::move(state)) {}
Access::~Access() = default;

Result<std::unique_ptr<Access>> Access::open(Embedded& embedded, AccessOptions options) {
  TRY_ASSIGN(auto key, tokens::load_or_make_key(embedded.context().world, options.key_file));
  std::unique_ptr<Access> access(new Access(std::make_unique<State>(embedded, std::move(key), std::move(options))));
  auto* state = access->state_.get();
  auto& server = embedded.server();
  server.set_authorizer([state](api::Call& call) { return state->authorizer.authorize(call); });
  rbac::serve_reviews(server, state->authorizer,
                      [state](std::string_view token, const std::vector<std::string>& audiences) {
                        return state->prove(token, audiences);
                      });
  state->tokens.serve(server);
  embedded.add_admission(std::make_unique<rbac::EscalationCheck>(state->authorizer));
  return access;
}

Result<> Access::start() {
  Result<> made;
  TRY(state_->context.backend.group([&] { made = rbac::make_defaults(state_->store); }));
  TRY(std::move(made));
  TRY(state_->authorizer.start());
  return state_->aggregation.start();
}

void Access::add_routes(net::Router& router) { state_->tokens.add_routes(router); }

Result<IssuedToken> Access::issue(const PodToken& pod) {
  tokens::Wanted wanted;
  wanted.account = pod.account;
  if (!pod.audience.empty()) wanted.audiences = {pod.audience};
  wanted.lifetime = pod.lifetime;
  wanted.bound_kind = "Pod";
  wanted.bound_name = pod.pod_name;
  wanted.bound_uid = pod.pod_uid;
  TRY_ASSIGN(auto issued, state_->tokens.issue(wanted));
  return IssuedToken{std::move(issued.token), issued.expires};
}

Result<std::optional<api::Caller>> Access::authenticate(std::string_view token) {
  if (!state_->tokens.claims(token)) return std::nullopt;
  TRY_ASSIGN(auto bearer, state_->tokens.verify(token));
  return std::optional<api::Caller>(std::move(bearer.caller));
}

}  // namespace slipway::objects
