#include "objects/kubernetes/lists.hpp"

#include <algorithm>

#include "net/http.hpp"

namespace slipway::objects::kubernetes {

Result<List> list_page(Rest& rest, const KindNames& names, const Kind& kind, const ListOptions& options) {
  std::string query;
  const auto add = [&](std::string_view key, const std::string& value) {
    query += (query.empty() ? "?" : "&") + std::string(key) + "=" + net::url_encode(value);
  };
  if (!options.labels.empty()) add("labelSelector", options.labels.text());
  if (options.field_name) add("fieldSelector", "metadata.name=" + *options.field_name);
  if (options.limit > 0) add("limit", std::to_string(options.limit));
  if (!options.continue_token.empty()) add("continue", options.continue_token);
  RestCall call;
  call.path = names.path(kind, options.ns) + query;
  TRY_ASSIGN(auto answer, rest.call(call));
  List list;
  const auto& metadata = answer.body["metadata"];
  list.resource_version = metadata["resourceVersion"].string_or("");
  list.continue_token = metadata["continue"].string_or("");
  if (!answer.body["items"].is_array()) return list;  // an empty list may be null
  for (auto& item : answer.body.at_or_insert("items").as_array()) {
    names.from_server(kind, item);
    list.items.emplace_back(std::move(item));
  }
  return list;
}

Result<List> list_all(Rest& rest, const KindNames& names, const Kind& kind, ListOptions options, std::size_t page) {
  constexpr int paged_attempts = 2;
  for (int attempt = 1;; ++attempt) {
    options.limit = attempt <= paged_attempts ? page : 0;
    options.continue_token.clear();
    TRY_ASSIGN(auto list, list_page(rest, names, kind, options));
    Result<> outcome;
    while (!list.continue_token.empty()) {
      options.continue_token = list.continue_token;
      auto more = list_page(rest, names, kind, options);
      if (!more) {
        outcome = fail(std::move(more).error());
        break;
      }
      std::ranges::move(more->items, std::back_inserter(list.items));
      list.continue_token = std::move(more->continue_token);
    }
    if (outcome) {
      // The server's order is that of "namespace/name" as one text.
      std::ranges::sort(list.items, {}, [](const Object& object) { return object.name(); });
      return list;
    }
    if (outcome.error().code != Code::gone || attempt > paged_attempts) return fail(std::move(outcome).error());
  }
}

}  // namespace slipway::objects::kubernetes
