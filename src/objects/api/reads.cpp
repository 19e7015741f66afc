#include "objects/api/reads.hpp"

#include "objects/api/options.hpp"
#include "objects/api/output.hpp"
#include "objects/semantics.hpp"

namespace slipway::objects::api {

Answer<> check_version(const Call& call, std::int64_t current) {
  const auto version = number_of(call, "resourceVersion");
  if (!version || *version <= current) return {};
  Failure failure;
  failure.code = 504;
  failure.reason = "Timeout";
  failure.message =
      "Timeout: Too large resource version: " + std::to_string(*version) + ", current: " + std::to_string(current);
  failure.has_details = true;
  failure.causes = {{"ResourceVersionTooLarge", "Too large resource version", ""}};
  failure.retry_after = 1;
  return refuse(std::move(failure));
}

namespace {

Failure page_is_gone(const PageToken& page) {
  auto failure = expired(
      "The provided continue parameter is too old to display a consistent list result. You can start a new list "
      "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
      "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
      "modified, or deleted between the time the first chunk was returned and now may show up in the list.");
  failure.next = PageToken{0, page.last, page.left}.render();
  return failure;
}

// The version that a list without a page token must be of: as resourceVersionMatch=Exact asks.
Answer<std::optional<std::int64_t>> exact_version(const Call& call, Backend& backend) {
  const bool says_version = !call.request.parameter("resourceVersion").empty();
  const auto match = call.request.parameter("resourceVersionMatch");
  if (!says_version && match.empty()) return std::optional<std::int64_t>();
  auto current = backend.version(call.kind);
  if (!current) return refuse(from_error(current.error()));
  TRY_DONE(check_version(call, *current));
  if (match != "Exact") return std::optional<std::int64_t>();
  return number_of(call, "resourceVersion");
}

}  // namespace

void Reads::get(CallPtr call) {
  auto output = Output::of(*call, context_.world.clock.now());
  if (!output) return call->send(output.error());
  auto found = context_.backend.find(call->kind, call->name());
  if (!found) return call->send(from_error(found.error()));
  if (!*found) return call->send(not_found(*call->resource, call->info.name));
  if (!call->request.parameter("resourceVersion").empty()) {
    auto current = context_.backend.version(call->kind);
    if (!current) return call->send(from_error(current.error()));
    if (auto known = check_version(*call, *current); !known) return call->send(known.error());
  }
  if (output->is_verbatim() && !call->is_converted()) {
    return call->send(output->verbatim(std::move((*found)->body)));
  }
  auto object = (*found)->parse();
  if (!object) return call->send(from_error(object.error()));
  auto shown = to_client(*call, std::move(object->document()));
  if (!shown) return call->send(from_error(shown.error()));
  call->send(output->object(*call, *shown));
}

Answer<net::Response> Reads::listed(Call& call) {
  TRY_ANSWER(const auto output, Output::of(call, context_.world.clock.now()));
  TRY_ANSWER(const auto selection, Selection::of(call));
  const auto limit = number_of(call, "limit");
  KeyRange range;
  range.ns = call.info.ns;
  std::optional<PageToken> page;
  std::optional<std::int64_t> wanted_version;
  if (const auto token = call.request.parameter("continue"); !token.empty()) {
    auto parsed = PageToken::parse(token);
    if (!parsed) return refuse(bad_request("invalid continue token: " + parsed.error().one_line()));
    page = std::move(*parsed);
    range.after = page->last;
    if (page->version > 0) wanted_version = page->version;
  } else {
    TRY_ANSWER(wanted_version, exact_version(call, context_.backend));
  }
  auto items = output.list(*call.resource);
  const auto most = limit && *limit > 0 ? static_cast<std::size_t>(*limit) : SIZE_MAX;
  Name last;
  bool more = false;
  Answer<> outcome;
  const bool verbatim = output.is_verbatim() && !call.is_converted();
  const auto take = [&](Stored stored) {
    if (const auto* name = selection.only_name(); name != nullptr && stored.name.name != *name) return true;
    if (items.size() == most) {
      // One more than asked for tells that there is another page.
      more = true;
      return false;
    }
    auto name = stored.name;
    if (verbatim && selection.is_by_name_alone()) {
      items.add(std::move(stored.body));
    } else {
      auto object = stored.parse();
      if (!object) {
        outcome = refuse(from_error(object.error()));
        return false;
      }
      if (!selection.matches(*object)) return true;
      if (verbatim) {
        items.add(std::move(stored.body));
      } else {
        auto shown = to_client(call, std::move(object->document()));
        if (!shown) {
          outcome = refuse(from_error(shown.error()));
          return false;
        }
        items.add(Object(std::move(*shown)));
      }
    }
    last = std::move(name);
    return true;
  };
  auto version = visit(call, selection, range, wanted_version, take);
  if (!version && version.error().code == 410 && page) return refuse(page_is_gone(*page));
  if (!version) return refuse(version.error());
  TRY_DONE(outcome);
  std::string token;
  std::optional<std::int64_t> remaining;
  if (more) {
    // The next page will ask for what is there now.
    context_.backend.keep_present(call.kind);
    if (selection.is_everything()) {
      if (page) {
        remaining = page->left - static_cast<std::int64_t>(items.size());
      } else if (auto left = context_.backend.count(call.kind, {range.ns, last})) {
        remaining = *left;
      }
    }
    token = PageToken{page && page->version == 0 ? 0 : *version, last, remaining.value_or(0)}.render();
  }
  return items.finish(call, *version, token, remaining);
}

Answer<std::int64_t> Reads::visit(const Call& call, const Selection& selection, const KeyRange& range,
                                  std::optional<std::int64_t> version, const std::function<bool(Stored)>& visit) {
  auto& backend = context_.backend;
  if (version) {
    auto listed = backend.list_at(call.kind, range, *version, visit);
    if (listed) return *version;
    if (listed.error().code == Code::gone)
      return refuse(expired("The resourceVersion for the provided list is too old."));
    return refuse(from_error(listed.error()));
  }
  Result<std::int64_t> current = 0;
  if (const auto* name = selection.only_name(); name != nullptr && !range.ns.empty() && !range.after) {
    current = backend.version(call.kind);
    auto found = backend.find(call.kind, {range.ns, *name});
    if (!found) return refuse(from_error(found.error()));
    if (*found) visit(std::move(**found));
  } else {
    current = backend.list(call.kind, range, visit);
  }
  if (!current) return refuse(from_error(current.error()));
  return *current;
}

void Reads::list(CallPtr call) {
  auto response = listed(*call);
  if (!response) return call->send(response.error());
  call->send(std::move(*response));
}

}  // namespace slipway::objects::api
