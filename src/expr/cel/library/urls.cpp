// Kubernetes' url library.

#include "expr/cel/functions.hpp"
#include "expr/cel/map.hpp"
#include "expr/cel/url.hpp"

namespace slipway::expr::cel::library {

namespace {

class UrlValue : public Opaque {
 public:
  explicit UrlValue(Url parsed) : url(std::move(parsed)) {}
  std::string_view type_name() const override { return "kubernetes.URL"; }
  bool equals(const Opaque& other) const override { return static_cast<const UrlValue&>(other).url.text == url.text; }
  Url url;
};

const Url& url_in(const Call& call) { return opaque_as<UrlValue>(call[0]).url; }

Value url_of_text(const Call& call) {
  auto url = parse_url(call.text(0));
  if (url) return make_opaque(UrlValue(std::move(*url)));
  return Value::failure("URL parse error during conversion from string: parse \"" + std::string(call.text(0)) +
                        "\": " + url.error());
}
Value is_url(const Call& call) { return Value(parse_url(call.text(0)).has_value()); }
Value scheme(const Call& call) { return text_value(url_in(call).scheme); }
Value host(const Call& call) { return text_value(url_in(call).host); }
Value hostname(const Call& call) { return text_value(url_in(call).hostname()); }
Value port(const Call& call) { return text_value(url_in(call).port()); }
Value escaped_path(const Call& call) { return text_value(url_in(call).escaped_path); }
Value query(const Call& call) {
  MapEntries out;
  for (const auto& [key, values] : url_in(call).parameters()) {
    std::vector<Value> list;
    for (const auto& value : values) list.push_back(text_value(value));
    out.entries.emplace(Key(key), std::pair(text_value(key), Value::list(std::move(list))));
  }
  return make_map(std::move(out));
}

constexpr Line lines[] = {
    {"url(string): url", url_of_text, Cost::text},
    {"isURL(string): bool", is_url, Cost::text},
    {"url->getScheme(): string", scheme},
    {"url->getHost(): string", host},
    {"url->getHostname(): string", hostname},
    {"url->getPort(): string", port},
    {"url->getEscapedPath(): string", escaped_path},
    {"url->getQuery(): map<string, list<string>>", query},
};

}  // namespace

Library urls() { return lines; }

}  // namespace slipway::expr::cel::library
