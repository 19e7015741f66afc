#include "objects/api/writes.hpp"

#include "objects/api/body.hpp"
#include "objects/api/output.hpp"
#include "objects/api/validate.hpp"
#include "objects/kinds.hpp"
#include "objects/validation/problem.hpp"
#include "objects/validation/warnings.hpp"
#include "objects/verbs/strategy.hpp"
#include "storage/database.hpp"

namespace slipway::objects::api {
namespace {

constexpr int most_attempts = 8;  // of a patch whose object changes all the time, of a generated name that is taken
constexpr std::size_t largest_object = 1536UL * 1024;  // what etcd takes

bool generates_name(const doc::Value& body) {
  return body["metadata"]["name"].string_or("").empty() && !body["metadata"]["generateName"].string_or("").empty();
}

// No fewer than its JSON has, and found without making that.
std::size_t most_bytes(const doc::Value& value) {
  constexpr std::size_t scalar = 32;  // of the longest number, with a comma
  constexpr std::size_t escaped = 6;  // \u0001
  if (value.is_string()) return scalar + escaped * value.as_string().size();
  std::size_t bytes = scalar;
  if (value.is_array()) {
    for (const auto& element : value.as_array()) bytes += most_bytes(element);
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.as_object()) bytes += scalar + escaped * key.size() + most_bytes(member);
  }
  return bytes;
}

// The member at which most of the bytes are, going down as long as one holds most of them.
std::string largest_field(const doc::Value& value, std::string path) {
  const doc::Value* largest = nullptr;
  std::string name;
  std::size_t most = 0;
  std::size_t all = 0;
  if (!value.is_object()) return path;
  for (const auto& [key, member] : value.as_object()) {
    const auto size = doc::render_json(member).size();
    all += size;
    if (size > most) {
      most = size;
      largest = &member;
      name = key;
    }
  }
  if (largest == nullptr || most * 2 < all) return path;
  return largest_field(*largest, path.empty() ? name : path + "." + name);
}

// CreateOptions or UpdateOptions, as webhooks are shown them.
doc::Value options_of(const Call& call, bool is_new) {
  doc::Object options{{"kind", is_new ? "CreateOptions" : "UpdateOptions"}, {"apiVersion", "meta.k8s.io/v1"}};
  if (is_dry_run(call)) options.append("dryRun", doc::Array{"All"});
  for (const auto* name : {"fieldManager", "fieldValidation"}) {
    if (const auto said = call.request.parameter(name); !said.empty()) options.append(name, said);
  }
  return options;
}

// 422 with its causes where the Error is one of validation.
Failure refusal(const Call& call, const Error& error) {
  const auto refused = validation::refusal_of(error);
  if (!refused) return from_error(error);
  std::vector<Cause> causes;
  for (const auto& cause : refused->causes) causes.push_back({std::string(cause.reason), cause.message, cause.field});
  return invalid(*call.resource, refused->name, std::move(causes));
}

}  // namespace

struct Writes::Attempt {
  CallPtr call;
  Plan plan;
  int number = 0;
  Draft draft;
  std::shared_ptr<Review> review;
  bool is_new = false;
  bool is_mutated = false;  // perhaps: admission had the object
};

bool is_dry_run(const Call& call) { return call.request.parameter("dryRun") == "All"; }

Answer<> check_size(const doc::Value& object) {
  if (most_bytes(object) <= largest_object) return {};
  const auto bytes = doc::render_json(object).size();
  if (bytes <= largest_object) return {};
  const auto field = largest_field(object, "");
  return refuse(too_large("Request entity too large: the object has " + std::to_string(bytes) +
                          " bytes, the limit is " + std::to_string(largest_object) +
                          (field.empty() ? "" : "; most of them are in " + field)));
}

void Writes::create(CallPtr call) {
  auto body = read_object(*call);
  if (!body) return call->send(body.error());
  Plan plan;
  plan.action = "created";
  plan.may_try_again = generates_name(*body);
  plan.compose = [body = std::move(*body)](Call& c, const std::optional<Current>&, const Making& making) {
    return draft_create(c, body, making);
  };
  run(std::move(call), std::move(plan));
}

void Writes::update(CallPtr call) {
  auto body = read_object(*call);
  if (!body) return call->send(body.error());
  Plan plan;
  plan.action = call->info.subresource.empty() ? "updated" : "updated-" + call->info.subresource;
  plan.may_try_again = (*body)["metadata"]["resourceVersion"].string_or("").empty();
  plan.compose = [body = std::move(*body)](Call& c, const std::optional<Current>& current, const Making& making) {
    return draft_update(c, body, current, making);
  };
  run(std::move(call), std::move(plan));
}

void Writes::patch(CallPtr call) {
  const auto type = patch_type_of(*call);
  if (!type) return call->send(type.error());
  auto body = *type == PatchType::apply ? read_applied(*call) : read_patch(*call);
  if (!body) return call->send(body.error());
  Plan plan;
  plan.action = *type == PatchType::apply ? "applied" : "patched";
  if (!call->info.subresource.empty()) plan.action += "-" + call->info.subresource;
  plan.may_try_again = true;
  plan.compose = [body = std::move(*body), type = *type](Call& c, const std::optional<Current>& current,
                                                         const Making& making) {
    return draft_patch(c, type, body, current, making);
  };
  run(std::move(call), std::move(plan));
}

void Writes::run(CallPtr call, Plan plan) {
  auto attempt = std::make_shared<Attempt>();
  attempt->call = std::move(call);
  attempt->plan = std::move(plan);
  queue_.push([this, attempt] { begin(attempt); });
}

void Writes::begin(std::shared_ptr<Attempt> attempt) {
  auto& call = *attempt->call;
  ++attempt->number;
  std::optional<Current> current;
  if (!call.info.name.empty()) {
    auto found = context_.backend.find(call.kind, call.name());
    if (!found) return fail_attempt(*attempt, from_error(found.error()));
    if (*found) {
      auto object = (*found)->parse();
      if (!object) return fail_attempt(*attempt, from_error(object.error()));
      current = Current{std::move(object->document()), (*found)->version};
    }
  }
  auto& world = context_.world;
  const Making making{world.random.uuid(), world.clock.now(), world.random};
  auto draft = attempt->plan.compose(call, current, making);
  if (!draft) return fail_attempt(*attempt, draft.error());
  attempt->draft = std::move(*draft);
  attempt->is_new = attempt->draft.before.is_null();
  if (attempt->is_new) {
    if (auto allowed = check_namespace(call); !allowed) return fail_attempt(*attempt, allowed.error());
  }
  auto review = std::make_shared<Review>();
  review->operation = attempt->is_new ? Operation::create : Operation::update;
  review->resource = call.stored;
  review->subresource = call.info.subresource;
  review->object = std::move(attempt->draft.after);
  review->before = attempt->draft.before;
  review->name = {call.info.ns, review->object["metadata"]["name"].string_or("")};
  review->options = options_of(call, attempt->is_new);
  review->user = call.caller;
  review->dry_run = is_dry_run(call);
  attempt->review = std::move(review);
  admit(std::move(attempt));
}

void Writes::admit(std::shared_ptr<Attempt> attempt) {
  auto& review = *attempt->review;
  attempt->is_mutated = false;
  for (const auto& plugin : context_.plugins) {
    const auto changed = plugin->mutate(review);
    if (!changed) return fail_attempt(*attempt, changed.error());
    attempt->is_mutated |= *changed;
  }
  auto* remote = context_.remote.get();
  if (remote == nullptr || !remote->wants_to_mutate(review)) return settle(std::move(attempt));
  attempt->is_mutated = true;
  remote->mutate(attempt->review, [this, attempt](Answer<> allowed) {
    if (!allowed) return fail_attempt(*attempt, allowed.error());
    // Outside the group now: what was read may be old, which keep() finds out.
    queue_.push([this, attempt] { settle(attempt); });
  });
}

void Writes::settle(std::shared_ptr<Attempt> attempt) {
  auto& call = *attempt->call;
  auto& review = *attempt->review;
  if (attempt->is_mutated) verbs::make_canonical(*call.stored, review.object);
  if (auto valid = validate(context_, review); !valid) return fail_attempt(*attempt, valid.error());
  for (const auto& plugin : context_.plugins) {
    if (auto allowed = plugin->validate(review); !allowed) return fail_attempt(*attempt, allowed.error());
  }
  if (review.subresource.empty()) {
    auto warnings = validation::warnings_about(*call.stored, review.object, review.before);
    review.warnings.insert(review.warnings.end(), warnings.begin(), warnings.end());
  }
  const auto finish = [this, attempt] {
    auto& a = *attempt;
    a.call->warnings.insert(a.call->warnings.end(), a.review->warnings.begin(), a.review->warnings.end());
    a.draft.after = std::move(a.review->object);
    auto kept = keep(a);
    if (kept) {
      return answer(a, a.is_new ? 201 : a.plan.changed_status, std::move(kept->body));
    }
    const bool taken = kept.error().code == 409 && !is_dry_run(*a.call);
    if (taken && a.plan.may_try_again && a.number < most_attempts) return begin(attempt);
    fail_attempt(a, kept.error());
  };
  auto* remote = context_.remote.get();
  if (remote == nullptr || !remote->wants_to_validate(review)) return finish();
  remote->validate(attempt->review, [this, attempt, finish](Answer<> allowed) {
    if (!allowed) return fail_attempt(*attempt, allowed.error());
    queue_.push(finish);
  });
}

Result<Stored> Writes::record(const Call& call, const char* action, const std::string& object,
                              const std::function<Result<Stored>()>& write) {
  // Leases and Events are written by programs, by the second.
  if (context_.events == nullptr || is_volatile(call.kind)) return write();
  core::Event event;
  event.actor = call.caller.on_record();
  event.action = action;
  event.object = object;
  event.detail = call.request.method + " " + call.request.path;
  return core::recorded_with(*context_.events, std::move(event), write);
}

Answer<> Writes::check_namespace(const Call& call) const {
  if (!call.resource->namespaced) return {};
  const auto presence = context_.backend.presence(kinds::namespace_, {"", call.info.ns});
  if (!presence) return refuse(from_error(presence.error()));
  if (*presence == Presence::absent) {
    const auto namespaces = context_.catalog.find("", "v1", "Namespace");
    return refuse(not_found(*namespaces, call.info.ns));
  }
  if (*presence == Presence::being_deleted) {
    auto failure =
        forbidden(*call.resource, call.info.name,
                  "unable to create new content in namespace " + call.info.ns + " because it is being terminated");
    failure.causes.push_back(
        {"NamespaceTerminating", "namespace " + call.info.ns + " is being terminated", "metadata.namespace"});
    return refuse(std::move(failure));
  }
  return {};
}

Answer<Stored> Writes::keep(Attempt& attempt) {
  auto& call = *attempt.call;
  auto& draft = attempt.draft;
  if (!draft.is_owned) {
    const verbs::WriteContext context{call.manager(), call.info.subresource, context_.world.clock.now()};
    draft.after = verbs::tracked(*call.stored, draft.before, std::move(draft.after), context);
  }
  if (context_.services != nullptr) {
    auto allocated = context_.services->allocate(*call.stored, draft.after, draft.before);
    if (!allocated) return refuse(refusal(call, allocated.error()));
  }
  Stored same;
  same.name = Object(draft.after).name();
  same.version = draft.version;
  if (!attempt.is_new && verbs::is_same(draft.before, draft.after)) {
    same.body = doc::render_json(draft.before);
    return same;
  }
  TRY_DONE(check_size(draft.after));
  if (is_dry_run(call)) {
    if (attempt.is_new) {
      auto found = context_.backend.find(call.kind, same.name);
      if (found && *found) return refuse(already_exists(*call.resource, same.name.name));
    }
    same.body = doc::render_json(draft.after);
    return same;
  }
  Object object(std::move(draft.after));
  const Object before(std::move(draft.before));
  const auto text = object.text();
  auto written = record(call, attempt.plan.action.c_str(), text, [&]() -> Result<Stored> {
    if (attempt.is_new) return context_.backend.insert(call.kind, std::move(object));
    if (verbs::is_finished(before.document(), object.document()))
      return context_.backend.erase(call.kind, std::move(object), draft.version, &before);
    return context_.backend.replace(call.kind, std::move(object), draft.version, &before);
  });
  if (!written) return refuse(from_error(written.error(), call.resource.get(), same.name.name));
  return std::move(*written);
}

void Writes::answer(Attempt& attempt, int status, std::string body) {
  auto call = attempt.call;
  auto output = Output::of(*call, context_.world.clock.now());
  if (!output) return fail_attempt(attempt, output.error());
  net::Response response;
  if (output->is_verbatim() && !call->is_converted() && !attempt.plan.shown) {
    response = output->verbatim(std::move(body));
  } else {
    auto value = doc::parse_json(body, "<object>");
    if (!value) return fail_attempt(attempt, from_error(value.error()));
    if (attempt.plan.shown) {
      value = attempt.plan.shown(*value);
    } else if (call->is_converted()) {
      value = to_client(*call, std::move(*value));
      if (!value) return fail_attempt(attempt, from_error(value.error()));
    }
    response = output->object(*call, *value);
  }
  response.status = status;
  auto shared = std::make_shared<net::Response>(std::move(response));
  context_.database.after_group([call, shared](bool durable) {
    if (durable) return call->send(std::move(*shared));
    call->send(
        from_error(Error(Code::resource_exhausted, "the object could not be stored: the disk refuses to write")));
  });
}

void Writes::fail_attempt(Attempt& attempt, const Failure& failure) { attempt.call->send(failure); }

}  // namespace slipway::objects::api
