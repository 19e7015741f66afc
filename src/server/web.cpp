#include "server/web.hpp"

#include "forge/gzip.hpp"
#include "server/assets.hpp"

namespace slipway::server {
namespace {

constexpr std::size_t largest_asset = 16 * 1024 * 1024;

void send_asset(const net::Request& request, net::Responder& responder, std::string_view path) {
  const Asset* asset = find_asset(path);
  if (asset == nullptr) return responder.send(net::Response::text(404, "no such page\n"));
  net::Response response;
  response.headers = {
      {"Content-Type", std::string(asset->content_type)},
      {"ETag", std::string(asset->etag)},
      {"Cache-Control", path.starts_with("ui/assets/") ? "public, max-age=31536000, immutable" : "no-cache"},
      {"Content-Security-Policy",
       "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"}};
  if (request.header("if-none-match") == asset->etag) {
    response.status = 304;
    return responder.send(std::move(response));
  }
  if (!asset->gzip) {
    response.body = asset->bytes;
  } else if (request.header("accept-encoding").find("gzip") != std::string_view::npos) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.headers.emplace_back("Vary", "Accept-Encoding");
    response.body = asset->bytes;
  } else {
    response.body = forge::gunzip(asset->bytes, largest_asset).value_or("");
  }
  responder.send(std::move(response));
}

}  // namespace

void add_page_routes(net::Router& router) {
  const net::RouteOptions open{.public_ = true};
  router.add(
      "GET", "/",
      [](const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
        send_asset(request, *responder, "ui/index.html");
      },
      open);
  router.add(
      "GET", "/assets/{file}",
      [](const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
        send_asset(request, *responder, "ui/assets/" + request.parameters.at(0));
      },
      open);
}

}  // namespace slipway::server
