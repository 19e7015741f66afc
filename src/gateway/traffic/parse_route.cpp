#include <algorithm>

#include "core/digest.hpp"
#include "core/text.hpp"
#include "gateway/traffic/parse.hpp"
#include "gateway/traffic/refuse.hpp"

namespace slipway::gateway::traffic {
namespace {

std::optional<StringMatch> parse_string_match(Decoder& parent, std::string_view key, const std::string& path,
                                              bool header) {
  if (!parent.has(key)) return std::nullopt;
  const doc::Value& value = parent.object(key);
  StringMatch match;
  if (header && (value.is_null() || (value.is_object() && value.size() == 0))) return match;
  Decoder d(value, path + "." + std::string(key));
  int given = 0;
  for (const auto& [name, kind] :
       {std::pair{"exact", StringMatch::Kind::exact}, std::pair{"prefix", StringMatch::Kind::prefix},
        std::pair{"regex", StringMatch::Kind::regex}}) {
    if (!d.has(name)) continue;
    match.kind = kind;
    match.text = d.string(name);
    ++given;
  }
  if (given != 1) {
    d.add(Error(Code::invalid_argument, path + "." + std::string(key) + " needs exactly one of exact, prefix and regex")
              .at(value.mark()));
  }
  if (match.kind == StringMatch::Kind::regex && given == 1) {
    if (header && match.text == "*") {
      match = StringMatch{};
    } else if (auto regex = core::Regex::parse(match.text); regex) {
      match.regex = std::move(*regex);
    } else {
      d.add("regex", regex.error().message, regex.error().hint);
    }
  }
  hand_up(d, parent);
  return match;
}

HttpMatch parse_match(const doc::Value& value, const std::string& path, Decoder& parent) {
  Decoder d(value, path);
  HttpMatch match;
  d.ignore("name");
  match.uri = parse_string_match(d, "uri", path, false);
  match.ignore_uri_case = d.boolean("ignoreUriCase", false);
  match.method = parse_string_match(d, "method", path, false);
  match.authority = parse_string_match(d, "authority", path, false);
  const doc::Value& headers = d.object("headers");
  if (headers.is_object()) {
    Decoder h(headers, path + ".headers");
    for (const auto& [name, unused] : headers.as_object()) {
      if (name != core::in_lower(name)) {
        h.add(name, "header name \"" + name + "\" must be in lower case", "write \"" + core::in_lower(name) + "\"");
        h.ignore(name);
        continue;
      }
      if (auto condition = parse_string_match(h, name, path + ".headers", true))
        match.headers.emplace_back(name, *condition);
    }
    hand_up(h, d);
  }
  refuse(
      d, value, path,
      {"scheme", "port", "sourceLabels", "gateways", "queryParams", "withoutHeaders", "sourceNamespace", "statPrefix"});
  hand_up(d, parent);
  return match;
}

std::vector<std::pair<std::string, std::string>> usable(const std::map<std::string, std::string>& given) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [name, value] : given) {
    // Istio ignores pseudo headers here, except the authority, which means a rewrite.
    const std::string key = core::in_lower(name);
    if (key == ":authority")
      out.emplace_back("host", value);
    else if (!key.starts_with(':'))
      out.emplace_back(key, value);
  }
  return out;
}

HeaderOperations parse_operations(const doc::Value& value, const std::string& path, Decoder& parent) {
  HeaderOperations operations;
  if (value.is_null()) return operations;
  Decoder d(value, path);
  operations.set = usable(d.string_map("set"));
  operations.add = usable(d.string_map("add"));
  for (const std::string& name : d.string_list("remove")) {
    const std::string key = core::in_lower(name);
    if (!key.starts_with(':') && key != "host") operations.remove.push_back(key);
  }
  for (const auto* list : {&operations.set, &operations.add}) {
    for (const auto& [name, text] : *list) {
      const bool bad = name.empty() || name.find_first_of(" \r\n\t:") != std::string::npos ||
                       text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
      if (bad)
        d.add(Error(Code::invalid_argument, path + ": \"" + name + "\" is not a header that can be sent")
                  .at(value.mark()));
    }
  }
  hand_up(d, parent);
  return operations;
}

void parse_headers(Decoder& d, const std::string& path, HeaderOperations& request, HeaderOperations& response) {
  if (!d.has("headers")) return;
  Decoder h(d.object("headers"), path + ".headers");
  request = parse_operations(h.object("request"), path + ".headers.request", h);
  response = parse_operations(h.object("response"), path + ".headers.response", h);
  hand_up(h, d);
}

Destination parse_destination(const doc::Value& value, const std::string& path, Decoder& parent) {
  Decoder d(value, path);
  Destination out;
  out.weight = static_cast<int>(d.integer("weight", 0, {0, 1'000'000}));
  const std::string inner = path + ".destination";
  Decoder t(d.object("destination"), inner);
  out.host = t.required_string("host");
  out.subset = t.string("subset");
  if (t.has("port")) {
    Decoder p(t.object("port"), inner + ".port");
    out.port = static_cast<int>(p.integer("number", 0, {1, 65535}));
    hand_up(p, t);
  }
  hand_up(t, d);
  parse_headers(d, path, out.request_headers, out.response_headers);
  hand_up(d, parent);
  return out;
}

std::optional<Redirect> parse_redirect(Decoder& parent, const std::string& path) {
  if (!parent.has("redirect")) return std::nullopt;
  const doc::Value& value = parent.object("redirect");
  Decoder d(value, path + ".redirect");
  Redirect redirect;
  redirect.uri = d.string("uri");
  redirect.authority = d.string("authority");
  redirect.scheme = d.string("scheme");
  redirect.code = static_cast<int>(d.integer("redirectCode", 301));
  static constexpr int allowed[] = {301, 302, 303, 307, 308};
  if (std::find(std::begin(allowed), std::end(allowed), redirect.code) == std::end(allowed)) {
    d.add("redirectCode", "redirectCode must be 301, 302, 303, 307 or 308");
  }
  refuse(d, value, path + ".redirect", {"port", "derivePort", "uriPrefix"});
  hand_up(d, parent);
  return redirect;
}

std::optional<DirectResponse> parse_direct_response(Decoder& parent, const std::string& path) {
  if (!parent.has("directResponse")) return std::nullopt;
  Decoder d(parent.object("directResponse"), path + ".directResponse");
  DirectResponse response;
  response.status = static_cast<int>(d.integer("status", 0, {200, 599}));
  if (!d.has("status")) d.add(Error(Code::invalid_argument, path + ".directResponse needs a status"));
  if (d.has("body")) {
    Decoder b(d.object("body"), path + ".directResponse.body");
    response.body = b.string("string");
    if (const std::string bytes = b.string("bytes"); !bytes.empty()) {
      auto decoded = core::from_base64(bytes);
      if (decoded)
        response.body = std::move(*decoded);
      else
        b.add("bytes", "bytes must be base64");
    }
    hand_up(b, d);
  }
  hand_up(d, parent);
  return response;
}

void parse_rewrite(Decoder& parent, const std::string& path, HttpRoute& route) {
  if (!parent.has("rewrite")) return;
  const doc::Value& value = parent.object("rewrite");
  Decoder d(value, path + ".rewrite");
  if (d.has("uri")) route.rewrite_uri = d.string("uri");
  if (d.has("authority")) route.rewrite_authority = d.string("authority");
  refuse(d, value, path + ".rewrite", {"uriRegexRewrite"});
  hand_up(d, parent);
}

}  // namespace

Result<HttpRoute> parse_http_route(const doc::Value& value, const std::string& path) {
  Decoder d(value, path);
  HttpRoute route;
  route.document = value;
  route.name = d.string("name");
  const doc::Value& matches = d.array("match");
  for (std::size_t i = 0; i < matches.size() && matches.is_array(); ++i) {
    route.matches.push_back(parse_match(matches[i], path + ".match[" + std::to_string(i) + "]", d));
  }
  const doc::Value& destinations = d.array("route");
  for (std::size_t i = 0; i < destinations.size() && destinations.is_array(); ++i) {
    route.destinations.push_back(parse_destination(destinations[i], path + ".route[" + std::to_string(i) + "]", d));
  }
  route.redirect = parse_redirect(d, path);
  route.direct_response = parse_direct_response(d, path);
  parse_rewrite(d, path, route);
  parse_headers(d, path, route.request_headers, route.response_headers);
  if (d.has("timeout")) {
    if (const auto timeout = d.duration("timeout", core::Duration(0)); timeout.count() > 0) route.timeout = timeout;
  }
  if (d.has("retries")) {
    const doc::Value& retries = d.object("retries");
    Decoder r(retries, path + ".retries");
    route.retries = static_cast<int>(r.integer("attempts", 1, {0, 1}));
    refuse(r, retries, path + ".retries",
           {"perTryTimeout", "retryOn", "retryRemoteLocalities", "retryIgnorePreviousHosts", "backoff"});
    hand_up(r, d);
  }
  refuse(
      d, value, path,
      {"delegate", "fault", "mirror", "mirrors", "mirrorPercent", "mirror_percent", "mirrorPercentage", "corsPolicy"});
  const int actions = (route.destinations.empty() ? 0 : 1) + (route.redirect ? 1 : 0) + (route.direct_response ? 1 : 0);
  if (actions != 1) {
    d.add(Error(Code::invalid_argument, path + " needs exactly one of route, redirect and directResponse")
              .at(value.mark()));
  }
  if (route.destinations.size() > 1 &&
      std::all_of(route.destinations.begin(), route.destinations.end(), [](const auto& t) { return t.weight == 0; })) {
    d.add(Error(Code::invalid_argument, path + ".route: the weights sum to zero").at(destinations.mark()));
  }
  TRY(d.finish());
  return route;
}

}  // namespace slipway::gateway::traffic
