#include "core/number.hpp"
#include "gateway/io/stream.hpp"

namespace slipway::gateway::io {

Result<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  HostPort out;
  if (colon == std::string_view::npos) {
    return fail(Code::invalid_argument, "\"" + std::string(text) + "\" is not ADDRESS:PORT",
                "for example 127.0.0.1:8080");
  }
  const std::string_view digits = text.substr(colon + 1);
  const auto port = core::parse_number<int>(digits);
  if (!port || *port < 0 || *port > 65535)
    return fail(Code::invalid_argument, "\"" + std::string(digits) + "\" is not a port (0 to 65535)");
  out.port = *port;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  out.host = host.empty() ? "127.0.0.1" : std::string(host);
  return out;
}

Result<HttpUrl> parse_http_url(std::string_view url) {
  static constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme))
    return fail(Code::invalid_argument, "\"" + std::string(url) + "\" is not an http:// URL");
  const std::string_view rest = url.substr(scheme.size());
  const std::size_t slash = rest.find('/');
  HttpUrl out;
  out.authority = std::string(rest.substr(0, slash));
  out.target = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (out.authority.empty() || out.authority.find('@') != std::string::npos) {
    return fail(Code::invalid_argument, "\"" + std::string(url) + "\" names no host");
  }
  const bool has_port =
      out.authority.find(':', out.authority.find(']') == std::string::npos ? 0 : out.authority.find(']')) !=
      std::string::npos;
  TRY_ASSIGN(out.at, parse_host_port(has_port ? out.authority : out.authority + ":80"));
  return out;
}

bool is_loopback(std::string_view host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

}  // namespace slipway::gateway::io
