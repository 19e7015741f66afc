#include "objects/api/removals.hpp"

#include <algorithm>
#include <array>

#include "objects/api/body.hpp"
#include "objects/api/consult.hpp"
#include "objects/api/disruption.hpp"
#include "objects/api/options.hpp"
#include "objects/api/output.hpp"
#include "objects/api/reads.hpp"
#include "objects/api/selection.hpp"
#include "objects/verbs/strategy.hpp"

namespace slipway::objects::api {
namespace {

constexpr std::size_t collection_page = 100;  // objects of a collection that are removed in one task

// What everything else relies on to be there.
bool is_immortal(const schema::Resource& resource, const std::string& name) {
  constexpr std::array names{"default", "kube-system", "kube-public"};
  return resource.is("", "Namespace") && std::ranges::find(names, name) != names.end();
}

std::optional<DeleteOptions::Propagation> propagation_from(const std::string& policy) {
  if (policy == "Foreground") return DeleteOptions::Propagation::foreground;
  if (policy == "Orphan") return DeleteOptions::Propagation::orphan;
  if (policy == "Background") return DeleteOptions::Propagation::background;
  return std::nullopt;
}

// What the client says, else what the object says already, else what is usual for its kind.
std::optional<DeleteOptions::Propagation> propagation_of(const schema::Resource& resource, const Object& object,
                                                         const std::string& policy) {
  if (!policy.empty() || !verbs::orphans_by_default(resource)) return propagation_from(policy);
  const bool is_said =
      object.has_finalizer(verbs::orphan_finalizer) || object.has_finalizer(verbs::foreground_finalizer);
  if (is_said) return std::nullopt;
  return DeleteOptions::Propagation::orphan;
}

// As admission sees it: what its sender left out comes from the URL.
doc::Value eviction_of(const Call& call, doc::Value said) {
  if (!said.is_object()) said = doc::Object{};
  said.at_or_insert("apiVersion") = "policy/v1";
  said.at_or_insert("kind") = "Eviction";
  auto& metadata = said.at_or_insert("metadata");
  metadata.at_or_insert("name") = call.info.name;
  metadata.at_or_insert("namespace") = call.info.ns;
  return said;
}

}  // namespace

Answer<Removals::Options> Removals::options_of(Call& call, const doc::Value& body) {
  Options options;
  const auto text = [&](std::string_view key) {
    auto said = body[key].string_or("");
    return said.empty() ? std::string(call.request.parameter(key)) : said;
  };
  options.uid = body["preconditions"]["uid"].string_or("");
  options.version = body["preconditions"]["resourceVersion"].string_or("");
  options.propagation = text("propagationPolicy");
  const auto orphan = text("orphanDependents");
  if (!options.propagation.empty() && !orphan.empty()) {
    return refuse(bad_request("orphanDependents and deletionPropagation cannot be both set"));
  }
  if (orphan == "true") options.propagation = "Orphan";
  if (orphan == "false") options.propagation = "Background";
  std::vector<Cause> causes;
  constexpr std::array known{"", "Background", "Foreground", "Orphan"};
  if (std::ranges::find(known, options.propagation) == known.end()) {
    causes.push_back({"FieldValueNotSupported",
                      "Unsupported value: \"" + options.propagation +
                          "\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"",
                      "propagationPolicy"});
  }
  std::vector<std::string> dry_run;
  for (std::size_t i = 0; i < body["dryRun"].size(); ++i) dry_run.push_back(body["dryRun"][i].string_or(""));
  if (const auto said = call.request.parameter("dryRun"); dry_run.empty() && !said.empty()) dry_run.emplace_back(said);
  for (auto& cause : dry_run_causes(dry_run)) causes.push_back(std::move(cause));
  TRY_DONE(judge_options("DeleteOptions", std::move(causes)));
  options.dry_run = !dry_run.empty();
  if (options.propagation.empty() && call.stored->is("batch", "Job")) {
    call.warn(
        "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or "
        "set propagationPolicy=Orphan to suppress this warning");
  }
  if (const auto grace = text("gracePeriodSeconds"); !grace.empty()) {
    auto seconds = core::parse_duration(grace);
    if (!seconds || *seconds < Duration{}) {
      return refuse(
          bad_request("gracePeriodSeconds: Invalid value: " + grace + ": must be greater than or equal to 0"));
    }
    options.grace = *seconds;
  }
  options.document = document_of(options, body);
  return options;
}

// One object on its way out.
struct Removals::Removing {
  CallPtr call;
  Name name;
  Options options;
  std::move_only_function<void(Answer<Removed>)> done;
  bool is_consulted = true;  // an eviction was consulted about already
  int attempt = 0;
  Object before = {};
  std::int64_t version = 0;
  verbs::Removal removal = {};
};

// DeleteOptions, whether they came in the body or in the query.
doc::Value Removals::document_of(const Options& options, const doc::Value& body) {
  doc::Object document{{"kind", "DeleteOptions"}, {"apiVersion", "meta.k8s.io/v1"}};
  if (options.grace) {
    document.append("gracePeriodSeconds", std::chrono::duration_cast<std::chrono::seconds>(*options.grace).count());
  }
  if (!body["preconditions"].is_null()) document.append("preconditions", body["preconditions"]);
  if (!options.propagation.empty()) document.append("propagationPolicy", options.propagation);
  if (options.dry_run) document.append("dryRun", doc::Array{"All"});
  return document;
}

Answer<> Removals::check_preconditions(const Call& call, const Object& stored, const Options& options) {
  const auto refuse_as = [&](const std::string& why) -> Answer<> {
    auto failure = conflict(*call.resource, stored.name().name, "");
    failure.message =
        "Operation cannot be fulfilled on " + call.resource->kind + " \"" + stored.name().name + "\": " + why;
    failure.kind = call.resource->kind;
    return refuse(std::move(failure));
  };
  if (!options.uid.empty() && options.uid != stored.uid()) {
    return refuse_as("the UID in the precondition (" + options.uid + ") does not match the UID in record (" +
                     stored.uid() + "). The object might have been deleted and then recreated");
  }
  if (!options.version.empty() && options.version != stored.resource_version()) {
    return refuse_as("the ResourceVersion in the precondition (" + options.version +
                     ") does not match the ResourceVersion in record (" + stored.resource_version() +
                     "). The object might have been modified");
  }
  return {};
}

void Removals::begin(RemovingPtr removing) {
  auto& r = *removing;
  auto& call = *r.call;
  ++r.attempt;
  if (is_immortal(*call.stored, r.name.name))
    return r.done(refuse(forbidden(*call.resource, r.name.name, "this namespace may not be deleted")));
  auto found = context_.backend.find(call.kind, r.name);
  if (!found) return r.done(refuse(from_error(found.error())));
  if (!*found) return r.done(refuse(not_found(*call.resource, r.name.name)));
  r.version = (*found)->version;
  auto parsed = (*found)->parse();
  if (!parsed) return r.done(refuse(from_error(parsed.error())));
  r.before = std::move(*parsed);
  if (auto fits = check_preconditions(call, r.before, r.options); !fits) return r.done(refuse(fits.error()));
  r.removal = verbs::removal_of(*call.stored, r.before, propagation_of(*call.stored, r.before, r.options.propagation),
                                r.options.grace, context_.world.clock.now());
  // It is on its way out already, and this changes nothing.
  if (!r.removal.is_final && r.removal.object.document() == r.before.document())
    return r.done(Removed{false, r.before.document()});
  if (!r.is_consulted) return carry_out(removing);
  auto review = review_of(call, Operation::remove);
  review->name = r.name;
  review->before = r.before.document();
  review->options = r.options.document;
  review->dry_run = r.options.dry_run;
  consult(context_, writes_.queue(), r.call, std::move(review), [this, removing](const Answer<>& allowed) {
    if (!allowed) return removing->done(refuse(allowed.error()));
    carry_out(removing);
  });
}

void Removals::carry_out(const RemovingPtr& removing) {
  auto& r = *removing;
  auto& call = *r.call;
  auto& [gone, after] = r.removal;
  if (r.options.dry_run) return r.done(Removed{gone, gone ? r.before.document() : after.document()});
  const std::string text = std::string(call.kind.kind) + " " + r.name.text();
  auto done = writes_.record(call, "deleted", text, [&]() -> Result<Stored> {
    if (gone) return context_.backend.erase(call.kind, after, r.version, &r.before);
    return context_.backend.replace(call.kind, after, r.version, &r.before);
  });
  if (done)
    return r.done(Removed{gone, gone ? after.document() : doc::parse_json(done->body).value_or(after.document())});
  if (done.error().code == Code::conflict && r.attempt < most_attempts) return begin(removing);
  r.done(refuse(from_error(done.error(), call.resource.get(), r.name.name)));
}

void Removals::answer(const CallPtr& call, const Output& output, Answer<Removed> removed) {
  if (!removed) return call->send(removed.error());
  if (removed->gone && !verbs::returns_deleted(*call->stored)) {
    const auto uid = removed->object["metadata"]["uid"].string_or("");
    return writes_.send_when_durable(call,
                                     net::Response::json(200, success_status(*call->resource, call->info.name, uid)));
  }
  auto shown = to_client(*call, std::move(removed->object));
  if (!shown) return call->send(from_error(shown.error()));
  writes_.send_when_durable(call, output.object(*call, *shown));
}

void Removals::remove(CallPtr call) {
  auto body = read_body(*call, "v1", "DeleteOptions");
  if (!body) return call->send(body.error());
  auto options = options_of(*call, *body);
  if (!options) return call->send(options.error());
  const auto output = Output::of(*call, context_.world.clock.now());
  if (!output) return call->send(output.error());
  auto removing = std::make_shared<Removing>(call, call->name(), std::move(*options));
  removing->done = [this, call, output = *output](Answer<Removed> removed) {
    answer(call, output, std::move(removed));
  };
  writes_.queue().push([this, removing] { begin(removing); });
}

void Removals::evict(CallPtr call) {
  auto body = read_body(*call, "policy/v1", "Eviction");
  if (!body) return call->send(body.error());
  const auto& said = *body;
  if (const auto name = said["metadata"]["name"].string_or(""); !name.empty() && name != call->info.name) {
    return call->send(bad_request("name in URL does not match name in Eviction object"));
  }
  auto options = options_of(*call, said["deleteOptions"]);
  if (!options) return call->send(options.error());
  // To admission an eviction is something that is made, not the Pod's removal.
  auto review = review_of(*call, Operation::create);
  review->object = eviction_of(*call, std::move(*body));
  review->dry_run = options->dry_run;
  auto removing = std::make_shared<Removing>(call, call->name(), std::move(*options));
  removing->is_consulted = false;
  removing->done = [this, call](const Answer<Removed>& removed) {
    if (!removed) return call->send(removed.error());
    writes_.send_when_durable(call, net::Response::json(201, created_status()));
  };
  writes_.queue().push([this, call, review, removing] {
    consult(context_, writes_.queue(), call, review, [this, call, removing](Answer<> allowed) {
      if (allowed) allowed = allow_disruption(context_, *call, removing->options.dry_run);
      if (!allowed) return call->send(allowed.error());
      begin(removing);
    });
  });
}

struct Removals::Collection {
  CallPtr call;
  Options options;
  Selection selection;
  std::vector<Name> names;
  std::size_t next = 0;
  doc::Array removed;
};

void Removals::remove_collection(CallPtr call) {
  auto body = read_body(*call, "v1", "DeleteOptions");
  if (!body) return call->send(body.error());
  auto options = options_of(*call, *body);
  if (!options) return call->send(options.error());
  auto selection = Selection::of(*call);
  if (!selection) return call->send(selection.error());
  auto work =
      std::make_shared<Collection>(Collection{std::move(call), std::move(*options), std::move(*selection), {}, 0, {}});
  Answer<> outcome;
  auto version = context_.backend.list(work->call->kind, {work->call->info.ns, std::nullopt}, [&](Stored stored) {
    auto object = stored.parse();
    if (!object) {
      outcome = refuse(from_error(object.error()));
      return false;
    }
    if (work->selection.matches(*object)) work->names.push_back(stored.name);
    return true;
  });
  if (!version) return work->call->send(from_error(version.error()));
  if (!outcome) return work->call->send(outcome.error());
  writes_.queue().push([this, work] { remove_next(work); });
}

void Removals::remove_next(std::shared_ptr<Collection> work) {
  if (work->next == work->names.size()) return answer_collection(*work);
  auto removing = std::make_shared<Removing>(work->call, work->names[work->next], work->options);
  removing->done = [this, work](Answer<Removed> removed) {
    const bool is_gone_already = !removed && removed.error().code == 404;  // somebody else was faster
    if (!removed && !is_gone_already) return work->call->send(removed.error());
    if (removed) {
      if (auto shown = to_client(*work->call, std::move(removed->object))) work->removed.push_back(std::move(*shown));
    }
    // Everybody else has a turn between pages.
    if (++work->next % collection_page != 0) return remove_next(work);
    writes_.queue().push([this, work] { remove_next(work); });
  };
  begin(std::move(removing));
}

void Removals::answer_collection(Collection& work) {
  const auto& call = *work.call;
  doc::Object list{{"kind", call.resource->list_kind()}, {"apiVersion", call.resource->api_version()}};
  auto version = context_.backend.version(call.kind);
  list.set("metadata", doc::Object{{"resourceVersion", std::to_string(version.value_or(0))}});
  list.set("items", std::move(work.removed));
  writes_.send_when_durable(work.call, net::Response::json(200, doc::Value(std::move(list))));
}

}  // namespace slipway::objects::api
