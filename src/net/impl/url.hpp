#pragma once
// Url: the parts of an http:// or https:// address, and the target of a request as a server may trust it.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace slipway::net {

struct Url {
  std::string host;  // without brackets: "127.0.0.1", "::1", "example.org"
  int port = 80;
  bool is_tls = false;
  std::string authority;  // what the Host header says: "127.0.0.1:8080"
  std::string target;     // "/path?query"
};
// Errors: invalid_argument.
core::Result<Url> parse_url(std::string_view text);

struct Target {
  std::vector<std::string> segments;                       // decoded; "/a/b%2Fc/" is {"a", "b/c", ""}
  std::string path;                                        // decoded: "/a/b/c/"
  std::vector<std::pair<std::string, std::string>> query;  // decoded, '+' is a space
};
// Of an origin-form target ("/path?query"). Refuses bad escapes, NUL, and "." and ".." in any spelling: what comes
// through can be joined to a directory.
core::Result<Target> parse_target(std::string_view target);

// Whether a Host header's value names this machine: a loopback address, localhost, or one of `allowed`. A page of
// another site that made its name resolve to us sends that name.
bool is_own_host(std::string_view host_header, const std::vector<std::string>& allowed);

}  // namespace slipway::net
