#pragma once
// Absolute URLs as Go's net/url reads them (ParseRequestURI, then Parse).

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::expr::cel {

struct Url {
  std::string text;  // as written, without the fragment
  std::string scheme, host, escaped_path, query;
  std::string hostname() const;
  std::string port() const;
  std::map<std::string, std::vector<std::string>> parameters() const;
};

// The error is Go's, without its `parse "...": `.
std::expected<Url, std::string> parse_url(std::string_view text);

}  // namespace slipway::expr::cel
