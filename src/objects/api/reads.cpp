#include "objects/api/reads.hpp"

#include <charconv>

#include "core/digest.hpp"
#include "objects/api/output.hpp"

namespace slipway::objects::api {

std::string PageToken::render() const {
  doc::Object token{{"rv", version}, {"ns", last.ns}, {"name", last.name}};
  return core::base64(doc::render_json(doc::Value(std::move(token))));
}

Answer<PageToken> PageToken::parse(std::string_view text) {
  auto bytes = core::from_base64(std::string(text));
  auto value = bytes ? doc::parse_json(*bytes, "<continue>") : Result<doc::Value>(fail(std::move(bytes).error()));
  if (!value || !(*value)["name"].is_string()) {
    return refuse(bad_request("invalid continue token: continue key is not valid: list again without it"));
  }
  return PageToken{(*value)["rv"].int_or(0), {(*value)["ns"].string_or(""), (*value)["name"].string_or("")}};
}

Answer<std::optional<std::int64_t>> number_of(const Call& call, std::string_view parameter) {
  const auto text = call.request.parameter(parameter);
  if (text.empty()) return std::optional<std::int64_t>();
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
    return refuse(bad_request("strconv.ParseInt: parsing \"" + std::string(text) + "\": invalid syntax"));
  }
  return std::optional(number);
}

Answer<> check_version(const Call& call, std::int64_t current) {
  const auto match = call.request.parameter("resourceVersionMatch");
  TRY_ANSWER(const auto version, number_of(call, "resourceVersion"));
  if (!version) return {};
  if (*version > current) {
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
  if (match == "Exact" && *version != current) {
    return refuse(expired("The resourceVersion for the provided list is too old."));
  }
  return {};
}

void Reads::get(CallPtr call) {
  auto output = Output::of(*call, context_.world.clock.now());
  if (!output) return call->send(output.error());
  auto found = context_.backend.find(call->kind, call->name());
  if (!found) return call->send(from_error(found.error()));
  if (!*found) return call->send(not_found(*call->resource, call->info.name));
  if (!call->request.parameter("resourceVersion").empty()) {
    auto current = context_.backend.version(call->kind);
    if (!current) return call->send(from_error(current.error()));
    if (auto known = check_version(*call, *current); !known && known.error().code == 504)
      return call->send(known.error());
  }
  if (output->is_verbatim() && !call->is_converted()) {
    return call->responder->send(output->verbatim(std::move((*found)->body)));
  }
  auto object = (*found)->parse();
  if (!object) return call->send(from_error(object.error()));
  auto shown = to_client(*call, std::move(object->document()));
  if (!shown) return call->send(from_error(shown.error()));
  call->responder->send(output->object(*call, *shown));
}

Answer<net::Response> Reads::listed(Call& call) {
  TRY_ANSWER(const auto output, Output::of(call, context_.world.clock.now()));
  TRY_ANSWER(const auto selection, Selection::of(call));
  TRY_ANSWER(const auto limit, number_of(call, "limit"));
  KeyRange range;
  range.ns = call.info.ns;
  std::int64_t first_version = 0;
  if (const auto token = call.request.parameter("continue"); !token.empty()) {
    TRY_ANSWER(const auto page, PageToken::parse(token));
    range.after = page.last;
    first_version = page.version;  // of the first page: a watch from it misses nothing
  } else if (!call.request.parameter("resourceVersion").empty() ||
             !call.request.parameter("resourceVersionMatch").empty()) {
    auto current = context_.backend.version(call.kind);
    if (!current) return refuse(from_error(current.error()));
    TRY_DONE(check_version(call, *current));
  }
  auto items = output.list();
  const auto most = limit && *limit > 0 ? static_cast<std::size_t>(*limit) : SIZE_MAX;
  Name last;
  bool more = false;
  Answer<> outcome;
  const bool verbatim = output.is_verbatim() && !call.is_converted();
  const auto visit = [&](Stored stored) {
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
  Result<std::int64_t> version = 0;
  if (const auto* name = selection.only_name(); name != nullptr && !range.ns.empty() && !range.after) {
    version = context_.backend.version(call.kind);
    auto found = context_.backend.find(call.kind, {range.ns, *name});
    if (!found) return refuse(from_error(found.error()));
    if (*found) visit(std::move(**found));
  } else {
    version = context_.backend.list(call.kind, range, visit);
  }
  if (!version) return refuse(from_error(version.error()));
  TRY_DONE(outcome);
  if (first_version == 0) first_version = *version;
  std::string token;
  std::optional<std::int64_t> remaining;
  if (more) {
    token = PageToken{first_version, last}.render();
    if (selection.is_everything()) {
      auto left = context_.backend.count(call.kind, {range.ns, last});
      if (left) remaining = *left;
    }
  }
  return items.finish(call, first_version, token, remaining);
}

void Reads::list(CallPtr call) {
  auto response = listed(*call);
  if (!response) return call->send(response.error());
  call->responder->send(std::move(*response));
}

}  // namespace slipway::objects::api
