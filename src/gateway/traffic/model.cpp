#include "gateway/traffic/model.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace slipway::gateway::traffic {
namespace {
bool same(std::string_view a, std::string_view b, bool ignore_case) {
  return ignore_case ? core::equal_ignoring_case(a, b) : a == b;
}
}  // namespace

bool StringMatch::matches(std::string_view value, bool ignore_case) const {
  switch (kind) {
    case Kind::exact:
      return same(value, text, ignore_case);
    case Kind::prefix:
      return value.size() >= text.size() && same(value.substr(0, text.size()), text, ignore_case);
    case Kind::regex:
      return regex && regex->matches(value);
    case Kind::present:
      return true;
  }
  return false;
}

std::string StringMatch::render() const {
  switch (kind) {
    case Kind::exact:
      return "exact \"" + text + "\"";
    case Kind::prefix:
      return "prefix \"" + text + "\"";
    case Kind::regex:
      return "regex \"" + text + "\"";
    case Kind::present:
      return "present";
  }
  return {};
}

bool HttpMatch::is_catch_all() const {
  if (method || authority || !headers.empty()) return false;
  if (!uri) return true;
  return (uri->kind == StringMatch::Kind::prefix && uri->text == "/") ||
         (uri->kind == StringMatch::Kind::regex && uri->text == ".*");
}

bool HttpRoute::is_catch_all() const {
  return matches.empty() || std::any_of(matches.begin(), matches.end(), [](const auto& m) { return m.is_catch_all(); });
}

std::string_view name_of(Balance balance) {
  switch (balance) {
    case Balance::least_request:
      return "LEAST_REQUEST";
    case Balance::round_robin:
      return "ROUND_ROBIN";
    case Balance::random:
      return "RANDOM";
    case Balance::header_hash:
      return "consistentHash";
  }
  return {};
}

}  // namespace slipway::gateway::traffic
