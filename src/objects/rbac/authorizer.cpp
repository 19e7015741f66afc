#include "objects/rbac/authorizer.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace slipway::objects::rbac {
namespace {

struct Part {
  const char* kind;
  void (Policy::*add)(const Object&);
};
constexpr Part parts[] = {{"Role", &Policy::add_role},
                          {"ClusterRole", &Policy::add_cluster_role},
                          {"RoleBinding", &Policy::add_binding},
                          {"ClusterRoleBinding", &Policy::add_cluster_binding}};

std::string lower_method(std::string_view method) { return core::in_lower(method); }

std::string verb_of_method(std::string_view method) {
  if (method == "POST") return "create";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return "delete";
  return "get";
}

// `metadata.name=x` among the terms of a field selector: who may see one object may list and watch it.
std::string name_selected(std::string_view selector) {
  constexpr std::string_view field = "metadata.name=";
  while (!selector.empty()) {
    const auto comma = std::min(selector.find(','), selector.size());
    auto term = selector.substr(0, comma);
    selector.remove_prefix(std::min(comma + 1, selector.size()));
    if (!term.starts_with(field)) continue;
    term.remove_prefix(field.size());
    if (term.starts_with('=')) term.remove_prefix(1);
    return std::string(term);
  }
  return {};
}

bool is_reading(const Attributes& wanted) {
  if (wanted.verb != "get" && wanted.verb != "list" && wanted.verb != "watch" && wanted.verb != "head") return false;
  if (!wanted.is_resource) return true;
  // These do what they like behind a GET, and Secrets are nobody else's business.
  const auto& sub = wanted.subresource;
  if (sub == "exec" || sub == "attach" || sub == "portforward" || sub == "proxy") return false;
  return !(wanted.group.empty() && wanted.resource == "secrets") && wanted.resource != "*";
}

// The team's own, with whichever role.
bool is_of_the_team(const api::Caller& caller) {
  return std::ranges::any_of(caller.groups, [](const std::string& group) { return group.starts_with("slipway:"); });
}

std::vector<std::string> all_headers(const net::Request& request, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& [key, value] : request.headers) {
    if (core::equal_ignoring_case(key, name)) values.push_back(value);
  }
  return values;
}

api::Failure forbidden(const Attributes& wanted, const schema::Resource* resource, std::string why) {
  if (resource != nullptr) return api::forbidden(*resource, wanted.name, why);
  api::Failure failure;
  failure.code = 403;
  failure.reason = "Forbidden";
  failure.message = wanted.is_resource ? wanted.resource + (wanted.name.empty() ? "" : " \"" + wanted.name + "\"") +
                                             " is forbidden: " + why
                                       : "forbidden: " + why;
  failure.has_details = true;
  if (wanted.is_resource) {
    failure.name = wanted.name;
    failure.group = wanted.group;
    failure.kind = wanted.resource;
  }
  return failure;
}

}  // namespace

Attributes attributes_of(const api::Call& call) {
  const auto& info = call.info;
  Attributes wanted;
  wanted.user = call.caller;
  if (!info.is_resource) {
    wanted.is_resource = false;
    wanted.path = call.request.path;
    wanted.verb = lower_method(call.request.method);
    return wanted;
  }
  wanted.verb = info.verb == api::Verb::connect ? verb_of_method(call.request.method) : std::string(name_of(info.verb));
  wanted.group = info.group;
  wanted.version = info.version;
  wanted.resource = info.plural;
  wanted.subresource = info.subresource;
  wanted.ns = info.ns;
  wanted.name = info.name;
  // A Namespace is in itself: a Role in it may be about it.
  if (info.group.empty() && info.plural == "namespaces" && info.ns.empty()) wanted.ns = info.name;
  if (wanted.name.empty() &&
      (info.verb == api::Verb::list || info.verb == api::Verb::watch || info.verb == api::Verb::remove_collection)) {
    wanted.name = name_selected(call.request.parameter("fieldSelector"));
  }
  return wanted;
}

std::string refusal_text(const Attributes& wanted) {
  std::string text = "User \"" + wanted.user.name + "\" cannot " + wanted.verb;
  if (!wanted.is_resource) return text + " path \"" + wanted.path + "\"";
  text += " resource \"" + wanted.resource + (wanted.subresource.empty() ? "" : "/" + wanted.subresource) +
          "\" in API group \"" + wanted.group + "\"";
  return text + (wanted.ns.empty() ? " at the cluster scope" : " in the namespace \"" + wanted.ns + "\"");
}

Result<> Authorizer::start() {
  watches_.clear();
  is_watch_over_ = false;
  policy_.reset();
  const auto on_change = [this](const std::shared_ptr<const Change>& change) {
    policy_.reset();
    is_watch_over_ = is_watch_over_ || change == nullptr;
  };
  for (const auto& part : parts) {
    const auto resource = context_.catalog.stored(group_name, part.kind);
    if (resource == nullptr) continue;
    TRY_ASSIGN(auto watch, context_.backend.watch(kind_of(*resource), std::nullopt, on_change));
    watches_.push_back(std::move(watch));
  }
  return {};
}

const Policy& Authorizer::policy() {
  if (is_watch_over_) {
    // Without watches the roles are read for every request: slow, and right.
    if (!start()) watches_.clear();
  }
  if (policy_ && !watches_.empty()) return *policy_;
  Policy fresh;
  for (const auto& part : parts) {
    const auto resource = context_.catalog.stored(group_name, part.kind);
    if (resource == nullptr) continue;
    // A role that cannot be read allows nothing.
    (void)context_.backend.list(kind_of(*resource), {}, [&](const Stored& stored) {
      if (const auto object = stored.parse()) (fresh.*part.add)(*object);
      return true;
    });
  }
  return policy_.emplace(std::move(fresh));
}

Decision Authorizer::decide(const Attributes& wanted) {
  if (wanted.user.is_in("system:masters")) return {true, ""};
  if (reads_openly(wanted.user) && is_reading(wanted)) return {true, "reading is open on this machine"};
  return {policy().is_allowed(wanted), ""};
}

bool Authorizer::reads_openly(const api::Caller& caller) const {
  return open_reading_ && (caller.is_anonymous() || is_of_the_team(caller));
}

api::Answer<> Authorizer::check(const Attributes& wanted, const schema::Resource* resource) {
  if (decide(wanted).allowed) return {};
  return api::refuse(forbidden(wanted, resource, refusal_text(wanted)));
}

void Authorizer::on_record(const api::Call& call, const api::Failure& failure) {
  // What only wanted to look comes again and again.
  const bool looks = call.request.method == "GET" && call.info.verb != api::Verb::connect;
  if (context_.events == nullptr || call.caller.is_anonymous() || looks) return;
  core::Event event;
  event.actor = call.caller.on_record();
  event.action = "denied";
  event.object = call.request.method + " " + call.request.path;
  event.detail = failure.message;
  context_.events->record(std::move(event));
}

api::Answer<> Authorizer::impersonate(api::Call& call) {
  const auto& request = call.request;
  const std::string user(request.header("Impersonate-User"));
  const std::string uid(request.header("Impersonate-Uid"));
  const auto groups = all_headers(request, "Impersonate-Group");
  std::map<std::string, std::vector<std::string>> extra;
  constexpr std::string_view extra_prefix = "impersonate-extra-";
  for (const auto& [key, value] : request.headers) {
    const auto name = core::in_lower(key);
    if (!name.starts_with(extra_prefix)) continue;
    auto decoded = net::url_decode(name.substr(extra_prefix.size()));
    if (!decoded) return api::refuse(api::bad_request("Impersonate-Extra: " + decoded.error().message));
    extra[*decoded].push_back(value);
  }
  if (user.empty()) {
    if (groups.empty() && extra.empty() && uid.empty()) return {};
    return api::refuse(api::bad_request("requested groups, uid or extra, without impersonating a user"));
  }
  Attributes wanted;
  wanted.user = call.caller;
  wanted.verb = "impersonate";
  const auto may = [&](std::string group, std::string resource, std::string subresource, std::string ns,
                       std::string name) {
    wanted.group = std::move(group);
    wanted.resource = std::move(resource);
    wanted.subresource = std::move(subresource);
    wanted.ns = std::move(ns);
    wanted.name = std::move(name);
    return check(wanted, nullptr);
  };
  const auto account = api::account_name_of(user);
  api::Caller acted_for;
  if (account.name.empty()) {
    TRY_DONE(may("", "users", "", "", user));
    acted_for = user == "system:anonymous" ? api::anonymous() : api::person(user, {});
  } else {
    TRY_DONE(may("", "serviceaccounts", "", account.ns, account.name));
    acted_for = api::service_account(account.ns, account.name, {});
  }
  for (const auto& group : groups) TRY_DONE(may("", "groups", "", "", group));
  if (!groups.empty()) {
    acted_for.groups = groups;
    if (!acted_for.is_anonymous() && !acted_for.is_in("system:authenticated"))
      acted_for.groups.emplace_back("system:authenticated");
  }
  if (!uid.empty()) TRY_DONE(may("authentication.k8s.io", "uids", "", "", uid));
  acted_for.uid = uid;
  for (const auto& [key, values] : extra) {
    for (const auto& value : values) TRY_DONE(may("authentication.k8s.io", "userextras", key, "", value));
  }
  acted_for.extra = std::move(extra);
  acted_for.acted_by = call.caller.name;
  call.caller = std::move(acted_for);
  return {};
}

api::Answer<> Authorizer::authorize(api::Call& call) {
  if (auto done = impersonate(call); !done) {
    on_record(call, done.error());
    return done;
  }
  auto allowed = check(attributes_of(call), call.resource.get());
  if (!allowed) on_record(call, allowed.error());
  return allowed;
}

}  // namespace slipway::objects::rbac
