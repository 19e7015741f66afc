#include "objects/api/removals.hpp"

#include <algorithm>
#include <array>

#include "objects/api/body.hpp"
#include "objects/api/disruption.hpp"
#include "objects/api/output.hpp"
#include "objects/api/reads.hpp"
#include "objects/api/selection.hpp"
#include "objects/verbs/removal.hpp"
#include "objects/verbs/strategy.hpp"
#include "storage/database.hpp"

namespace slipway::objects::api {
namespace {

constexpr std::size_t collection_page = 100;  // objects of a collection that are removed in one task
constexpr int most_attempts = 8;

// What everything else relies on to be there.
bool is_immortal(const schema::Resource& resource, const std::string& name) {
  constexpr std::array names{"default", "kube-system", "kube-public"};
  return resource.group.empty() && resource.kind == "Namespace" && std::ranges::find(names, name) != names.end();
}

std::optional<DeleteOptions::Propagation> propagation_from(const std::string& policy) {
  if (policy == "Foreground") return DeleteOptions::Propagation::foreground;
  if (policy == "Orphan") return DeleteOptions::Propagation::orphan;
  if (policy == "Background") return DeleteOptions::Propagation::background;
  return std::nullopt;
}

}  // namespace

Answer<Removals::Options> Removals::options_of(Call& call, const doc::Value& body) {
  Options options;
  options.document = body;
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
  constexpr std::array known{"", "Background", "Foreground", "Orphan"};
  if (std::ranges::find(known, options.propagation) == known.end()) {
    return refuse(invalid_options("DeleteOptions", "propagationPolicy",
                                  "Unsupported value: \"" + options.propagation +
                                      "\": supported values: \"Background\", \"Foreground\", \"Orphan\""));
  }
  if (const auto grace = text("gracePeriodSeconds"); !grace.empty()) {
    auto seconds = core::parse_duration(grace);
    if (!seconds || *seconds < Duration{}) {
      return refuse(
          bad_request("gracePeriodSeconds: Invalid value: " + grace + ": must be greater than or equal to 0"));
    }
    options.grace = *seconds;
  }
  options.dry_run =
      is_dry_run(call) || (body["dryRun"].size() > 0 && body["dryRun"][std::size_t{0}].string_or("") == "All");
  return options;
}

Answer<Removals::Removed> Removals::remove_one(Call& call, const Name& name, const Options& options) {
  if (is_immortal(*call.stored, name.name))
    return refuse(forbidden(*call.resource, name.name, "this namespace may not be deleted"));
  for (int attempt = 1;; ++attempt) {
    auto found = context_.backend.find(call.kind, name);
    if (!found) return refuse(from_error(found.error()));
    if (!*found) return refuse(not_found(*call.resource, name.name));
    const auto version = (*found)->version;
    auto parsed = (*found)->parse();
    if (!parsed) return refuse(from_error(parsed.error()));
    const Object before = std::move(*parsed);
    if (!options.uid.empty() && options.uid != before.uid()) {
      auto failure = conflict(*call.resource, name.name, "");
      failure.message = "Operation cannot be fulfilled on " + call.resource->kind + " \"" + name.name +
                        "\": the UID in the precondition (" + options.uid + ") does not match the UID in record (" +
                        before.uid() + "). The object might have been deleted and then recreated";
      failure.kind = call.resource->kind;
      return refuse(std::move(failure));
    }
    if (!options.version.empty() && options.version != before.resource_version()) {
      auto failure = conflict(*call.resource, name.name, "");
      failure.message = "Operation cannot be fulfilled on " + call.resource->kind + " \"" + name.name +
                        "\": the ResourceVersion in the precondition (" + options.version +
                        ") does not match the ResourceVersion in record (" + before.resource_version() +
                        "). The object might have been modified";
      failure.kind = call.resource->kind;
      return refuse(std::move(failure));
    }
    Review review;
    review.operation = Operation::remove;
    review.resource = call.stored;
    review.name = name;
    review.before = before.document();
    review.options = options.document;
    review.user = call.caller;
    review.dry_run = options.dry_run;
    for (const auto& plugin : context_.plugins) {
      if (plugin->may_mutate(review)) TRY_DONE(plugin->mutate(review));
      TRY_DONE(plugin->validate(review));
    }
    call.warnings.insert(call.warnings.end(), review.warnings.begin(), review.warnings.end());
    auto [gone, after] = verbs::removal_of(*call.stored, before, propagation_from(options.propagation), options.grace,
                                           context_.world.clock.now());
    if (options.dry_run || (!gone && after.document() == before.document())) return Removed{gone, after.document()};
    const std::string text = std::string(call.kind.kind) + " " + name.text();
    auto done = writes_.record(call, "deleted", text, [&]() -> Result<Stored> {
      if (gone) return context_.backend.erase(call.kind, after, version, &before);
      return context_.backend.replace(call.kind, after, version, &before);
    });
    if (done) return Removed{gone, gone ? before.document() : doc::parse_json(done->body).value_or(after.document())};
    if (done.error().code != Code::conflict || attempt == most_attempts)
      return refuse(from_error(done.error(), call.resource.get(), name.name));
  }
}

void Removals::respond(const CallPtr& call, net::Response response) {
  for (const auto& warning : call->warnings) response.headers.emplace_back("Warning", warning_header(warning));
  auto shared = std::make_shared<net::Response>(std::move(response));
  context_.database.after_group([call, shared](bool durable) {
    if (durable) return call->responder->send(std::move(*shared));
    call->send(from_error(Error(Code::resource_exhausted, "nothing could be removed: the disk refuses to write")));
  });
}

void Removals::run(CallPtr call, Options options) {
  writes_.queue().push([this, call = std::move(call), options = std::move(options)] {
    auto removed = remove_one(*call, call->name(), options);
    if (!removed) return call->send(removed.error());
    if (removed->gone && !verbs::returns_deleted(*call->stored)) {
      const auto uid = removed->object["metadata"]["uid"].string_or("");
      return respond(call, net::Response::json(200, success_status(*call->resource, call->info.name, uid)));
    }
    auto output = Output::of(*call, context_.world.clock.now());
    if (!output) return call->send(output.error());
    auto shown = to_client(*call, std::move(removed->object));
    if (!shown) return call->send(from_error(shown.error()));
    respond(call, output->object(*call, *shown));
  });
}

void Removals::remove(CallPtr call) {
  auto body = read_body(*call, "v1", "DeleteOptions");
  if (!body) return call->send(body.error());
  auto options = options_of(*call, *body);
  if (!options) return call->send(options.error());
  run(std::move(call), std::move(*options));
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
  if (is_dry_run(*call)) options->dry_run = true;
  writes_.queue().push([this, call = std::move(call), options = std::move(*options)] {
    if (auto allowed = allow_disruption(context_, *call); !allowed) return call->send(allowed.error());
    auto removed = remove_one(*call, call->name(), options);
    if (!removed) return call->send(removed.error());
    doc::Object success{
        {"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", doc::Object{}}, {"status", "Success"}, {"code", 201}};
    respond(call, net::Response::json(201, doc::Value(std::move(success))));
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
  remove_page(std::move(work));
}

void Removals::remove_page(std::shared_ptr<Collection> work) {
  writes_.queue().push([this, work = std::move(work)] {
    auto& call = *work->call;
    const auto end = std::min(work->names.size(), work->next + collection_page);
    for (; work->next < end; ++work->next) {
      auto removed = remove_one(call, work->names[work->next], work->options);
      if (!removed && removed.error().code == 404) continue;  // somebody else was faster
      if (!removed) return call.send(removed.error());
      auto shown = to_client(call, std::move(removed->object));
      if (shown) work->removed.push_back(std::move(*shown));
    }
    if (work->next < work->names.size()) return remove_page(work);
    doc::Object list{{"kind", call.resource->list_kind()}, {"apiVersion", call.resource->api_version()}};
    auto version = context_.backend.version(call.kind);
    list.set("metadata", doc::Object{{"resourceVersion", std::to_string(version.value_or(0))}});
    list.set("items", std::move(work->removed));
    respond(work->call, net::Response::json(200, doc::Value(std::move(list))));
  });
}

}  // namespace slipway::objects::api
