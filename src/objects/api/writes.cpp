#include "objects/api/writes.hpp"

#include "objects/api/body.hpp"
#include "objects/api/consult.hpp"
#include "objects/api/output.hpp"
#include "objects/api/validate.hpp"
#include "objects/kinds.hpp"
#include "objects/validation/problem.hpp"
#include "objects/validation/warnings.hpp"
#include "objects/verbs/strategy.hpp"
#include "storage/database.hpp"

namespace slipway::objects::api {
namespace {

constexpr std::size_t largest_object = 1536UL * 1024;  // bytes: what etcd takes

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
  if (call.is_dry_run()) options.append("dryRun", doc::Array{"All"});
  for (const auto* name : {"fieldManager", "fieldValidation"}) {
    if (const auto said = call.request.parameter(name); !said.empty()) options.append(name, said);
  }
  return options;
}

std::shared_ptr<Review> review_of_write(const Call& call, Draft draft) {
  const bool is_new = draft.before.is_null();
  auto review = review_of(call, is_new ? Operation::create : Operation::update);
  review->name.name = std::as_const(draft.after)["metadata"]["name"].string_or("");
  review->object = std::move(draft.after);
  review->before = std::move(draft.before);
  review->options = options_of(call, is_new);
  return review;
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
  Output output;
  int number = 0;
  std::int64_t version = 0;        // of what is there
  bool is_owned = false;           // Draft::is_owned
  std::shared_ptr<Review> review;  // with what is there, and what is to be

  bool is_new() const { return review->operation == Operation::create; }
};

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
  plan.compose = [body = std::move(*body)](Call& c, std::optional<Current> current, const Making& making) {
    return draft_update(c, body, std::move(current), making);
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
  plan.compose = [body = std::move(*body), type = *type](Call& c, std::optional<Current> current,
                                                         const Making& making) {
    return draft_patch(c, type, body, std::move(current), making);
  };
  run(std::move(call), std::move(plan));
}

void Writes::run(CallPtr call, Plan plan) {
  auto output = Output::of(*call, context_.world.clock.now());
  if (!output) return call->send(output.error());
  auto attempt = std::make_shared<Attempt>(std::move(call), std::move(plan), *output);
  queue_.push([this, attempt] { begin(attempt); });
}

void Writes::begin(const std::shared_ptr<Attempt>& attempt) {
  auto& call = *attempt->call;
  ++attempt->number;
  auto current = find_current(call);
  if (!current) return call.send(current.error());
  auto& world = context_.world;
  const Making making{world.random.uuid(), world.clock.now(), world.random};
  auto draft = attempt->plan.compose(call, std::move(*current), making);
  if (!draft) return call.send(draft.error());
  attempt->version = draft->version;
  attempt->is_owned = draft->is_owned;
  attempt->review = review_of_write(call, std::move(*draft));
  if (attempt->is_new()) {
    if (auto allowed = check_namespace(call); !allowed) return call.send(allowed.error());
  }
  consult(
      context_, queue_, attempt->call, attempt->review,
      // After webhooks, what was read may be old, which keep() finds out.
      [this, attempt](const Answer<>& allowed) {
        if (!allowed) return attempt->call->send(allowed.error());
        finish(attempt);
      },
      [this](Review& review, bool is_mutated) { return settle(review, is_mutated); });
}

Answer<std::optional<Current>> Writes::find_current(const Call& call) {
  if (call.info.name.empty()) return std::nullopt;
  auto found = context_.backend.find(call.kind, call.name());
  if (!found) return refuse(from_error(found.error()));
  if (!*found) return std::nullopt;
  auto object = (*found)->parse();
  if (!object) return refuse(from_error(object.error()));
  return Current{std::move(object->document()), (*found)->version};
}

Answer<> Writes::settle(Review& review, bool is_mutated) const {
  if (is_mutated) verbs::make_canonical(*review.resource, review.object);
  TRY_DONE(validate(context_, review));
  if (!review.subresource.empty()) return {};
  auto warnings = validation::warnings_about(*review.resource, review.object, review.before);
  review.warnings.insert(review.warnings.end(), warnings.begin(), warnings.end());
  return {};
}

void Writes::finish(const std::shared_ptr<Attempt>& attempt) {
  auto& a = *attempt;
  auto kept = keep(a);
  if (kept) return answer(a, a.is_new() ? 201 : a.plan.changed_status, std::move(kept->body));
  const bool is_taken = kept.error().code == 409 && !a.call->is_dry_run();
  if (is_taken && a.plan.may_try_again && a.number < most_attempts) return begin(attempt);
  a.call->send(kept.error());
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
  auto& before = attempt.review->before;
  auto& after = attempt.review->object;
  if (!attempt.is_owned) {
    const verbs::WriteContext context{call.manager(), call.info.subresource, context_.world.clock.now()};
    after = verbs::tracked(*call.stored, before, std::move(after), context);
  }
  if (context_.services != nullptr) {
    auto allocated = context_.services->allocate(*call.stored, after, before);
    if (!allocated) return refuse(refusal(call, allocated.error()));
  }
  Stored same;
  same.name = attempt.review->name;
  same.version = attempt.version;
  if (!attempt.is_new() && verbs::is_same(before, after)) {
    same.body = doc::render_json(before);
    return same;
  }
  TRY_DONE(check_size(after));
  if (call.is_dry_run()) {
    if (attempt.is_new()) {
      auto found = context_.backend.find(call.kind, same.name);
      if (found && *found) return refuse(already_exists(*call.resource, same.name.name));
    }
    same.body = doc::render_json(after);
    return same;
  }
  Object object(std::move(after));
  const Object old(std::move(before));
  const auto text = object.text();
  auto written = record(call, attempt.plan.action.c_str(), text, [&]() -> Result<Stored> {
    if (attempt.is_new()) return context_.backend.insert(call.kind, std::move(object));
    if (verbs::is_finished(old.document(), object.document()))
      return context_.backend.erase(call.kind, std::move(object), attempt.version, &old);
    return context_.backend.replace(call.kind, std::move(object), attempt.version, &old);
  });
  if (!written) return refuse(from_error(written.error(), call.resource.get(), same.name.name));
  return std::move(*written);
}

void Writes::answer(const Attempt& attempt, int status, std::string body) {
  const auto& call = attempt.call;
  const auto& shown = attempt.plan.shown;
  const auto& output = attempt.output;
  net::Response response;
  if (output.is_verbatim() && !call->is_converted() && !shown) {
    response = output.verbatim(std::move(body));
  } else {
    auto value = doc::parse_json(body, "<object>");
    if (value && shown) {
      value = shown(*value);
    } else if (value) {
      value = to_client(*call, std::move(*value));
    }
    if (!value) return call->send(from_error(value.error()));
    response = output.object(*call, *value);
  }
  response.status = status;
  send_when_durable(call, std::move(response));
}

void Writes::send_when_durable(const CallPtr& call, net::Response response) {
  auto shared = std::make_shared<net::Response>(std::move(response));
  context_.database.after_group([call, shared](bool durable) {
    if (durable) return call->send(std::move(*shared));
    call->send(from_error(Error(Code::resource_exhausted, "nothing was written: the disk refuses to write")));
  });
}

}  // namespace slipway::objects::api
