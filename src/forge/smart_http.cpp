// Git's smart HTTP protocol (gitprotocol-http, versions 0 to 2), served by the real upload-pack and receive-pack.

#include <algorithm>
#include <optional>

#include "core/log.hpp"
#include "forge/gzip.hpp"
#include "forge/names.hpp"
#include "forge/remarks.hpp"
#include "forge/routes.hpp"
#include "net/http.hpp"

namespace slipway::forge {
namespace {

using Reply = std::shared_ptr<net::Responder>;

constexpr std::string_view upload_pack = "git-upload-pack";
constexpr std::string_view receive_pack = "git-receive-pack";
constexpr std::size_t max_negotiation = 16u * 1024 * 1024;  // bytes of one fetch request, unpacked

net::Response plain(const Error& error) {
  auto response =
      net::Response::text(core::http_status(error.code),
                          "slipway: " + error.message + (error.hint.empty() ? "" : "; " + error.hint) + "\n");
  if (error.code == Code::unauthenticated) response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"slipway\"");
  return response;
}

net::Response git_answer(std::string_view service, std::string_view kind, std::string body) {
  net::Response response;
  response.headers = {{"Content-Type", "application/x-" + std::string(service) + "-" + std::string(kind)},
                      {"Cache-Control", "no-cache, max-age=0, must-revalidate"},
                      {"Expires", "Fri, 01 Jan 1980 00:00:00 GMT"},
                      {"Pragma", "no-cache"}};
  response.body = std::move(body);
  return response;
}

// "0027# service=git-receive-pack\n0000"
std::string service_line(std::string_view service) {
  const auto line = "# service=" + std::string(service) + "\n";
  constexpr std::string_view digits = "0123456789abcdef";
  const auto size = line.size() + 4;
  return std::string("00") + digits[size / 16] + digits[size % 16] + line + "0000";
}

// "version=2" of the Git-Protocol header, when it is harmless; receive-pack knows no version 2.
std::string protocol_of(const net::Request& request, std::string_view service) {
  const auto value = request.header("git-protocol");
  const bool harmless = value.size() <= 64 && std::ranges::all_of(value, [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '=' || c == ':';
                        });
  return service == upload_pack && harmless ? std::string(value) : std::string();
}

// The {repository}.git of the path.
Result<std::string> repository_of(const net::Request& request) {
  std::string name = request.parameters.at(0);
  if (name.ends_with(".git")) name.resize(name.size() - 4);
  TRY(check_repository(name));
  return name;
}

// Who may do this, or the refusal was sent and nothing is handed back.
std::optional<std::pair<std::string, std::string>> admit(const net::Request& request, const Reply& reply, Access access,
                                                         const Gatekeeper& gatekeeper) {
  auto repository = repository_of(request);
  if (!repository) {
    reply->send(plain(repository.error()));
    return std::nullopt;
  }
  auto caller = gatekeeper(request.headers, access, *repository);
  if (!caller) {
    reply->send(plain(caller.error()));
    return std::nullopt;
  }
  return std::pair(std::move(*repository), std::move(*caller));
}

// The body, unpacked when git packed it. A plain body that was spooled stays in its file.
Result<std::string> body_of(const net::Request& request, std::size_t limit) {
  if (request.header("content-encoding").empty()) return request.body;
  if (request.header("content-encoding") != "gzip" && request.header("content-encoding") != "x-gzip") {
    return fail(Code::invalid_argument, "only gzip bodies are understood");
  }
  TRY_ASSIGN(const auto packed, request.read_body());
  return gunzip(packed, limit);
}

std::string body_file_of(const net::Request& request) {
  return request.header("content-encoding").empty() ? request.body_file : std::string();
}

void advertise(Forge::State& state, const std::string& repository, std::string_view service, std::string protocol,
               const Reply& reply) {
  GitCall call;
  call.repository = repository;
  call.arguments = {std::string(service.substr(4)), "--stateless-rpc", "--advertise-refs", "{repository}"};
  if (!protocol.empty()) call.environment.emplace_back("GIT_PROTOCOL", protocol);
  const bool announces_itself = protocol.find("version=2") != std::string::npos;
  auto advertised = [reply, service, announces_itself](Result<std::string> refs) {
    if (!refs) return reply->send(plain(refs.error()));
    reply->send(
        git_answer(service, "advertisement", announces_itself ? std::move(*refs) : service_line(service) + *refs));
  };
  state.git.run(std::move(call), std::move(advertised));
}

void info_refs(Forge::State& state, const Gatekeeper& gatekeeper, const net::Request& request, const Reply& reply) {
  const auto asked = request.parameter("service");
  if (asked != upload_pack && asked != receive_pack) {
    return reply->send(
        plain(Error(Code::permission_denied, "only git's smart protocol is spoken here", "use git 1.6.6 or later")));
  }
  const bool pushing = asked == receive_pack;
  const auto service = pushing ? receive_pack : upload_pack;
  const auto admitted = admit(request, reply, pushing ? Access::push : Access::read, gatekeeper);
  if (!admitted) return;
  const auto repository = admitted->first;
  const auto protocol = protocol_of(request, service);
  if (!pushing) {
    if (auto there = state.require(repository); !there) return reply->send(plain(there.error()));
    return advertise(state, repository, service, protocol, reply);
  }
  auto created = [repository, service, protocol, reply](Forge::State& self, Result<> made) {
    if (!made) return reply->send(plain(made.error()));
    advertise(self, repository, service, protocol, reply);
  };
  state.create(repository, while_alive(state.shared_from_this(), std::move(created)));
}

void fetch(Forge::State& state, const Gatekeeper& gatekeeper, const net::Request& request, const Reply& reply) {
  const auto admitted = admit(request, reply, Access::read, gatekeeper);
  if (!admitted) return;
  if (auto there = state.require(admitted->first); !there) return reply->send(plain(there.error()));
  auto body = body_of(request, max_negotiation);
  if (!body) return reply->send(plain(body.error()));
  GitCall call;
  call.repository = admitted->first;
  call.arguments = {"upload-pack", "--stateless-rpc", "{repository}"};
  call.input = std::move(*body);
  call.input_file = body_file_of(request);
  call.timeout = std::chrono::minutes(10);
  call.max_output = state.options.max_fetch;
  if (auto protocol = protocol_of(request, upload_pack); !protocol.empty())
    call.environment.emplace_back("GIT_PROTOCOL", std::move(protocol));
  auto answered = [reply](Result<core::RunOutput> output) {
    if (!output) return reply->send(plain(output.error()));
    // What upload-pack dislikes it says in its own protocol; without a word it is ours to say.
    if (output->exit.code != 0 && output->out.empty()) {
      log::warn("forge", "upload-pack failed", {{"code", output->exit.code}, {"stderr", output->err.substr(0, 400)}});
      return reply->send(plain(Error(Code::internal, "git upload-pack failed")));
    }
    reply->send(git_answer(upload_pack, "result", std::move(output->out)));
  };
  state.git.run_raw(std::move(call), std::move(answered));
}

void push(Forge::State& state, const Gatekeeper& gatekeeper, const net::Request& request, const Reply& reply) {
  const auto admitted = admit(request, reply, Access::push, gatekeeper);
  if (!admitted) return;
  if (auto there = state.require(admitted->first); !there) return reply->send(plain(there.error()));
  auto body = body_of(request, state.options.max_push);
  if (!body) return reply->send(plain(body.error()));
  auto received = [reply](Forge::State& self, Result<Forge::State::ReceivedPack> pack) {
    if (!pack) return reply->send(plain(pack.error()));
    if (pack->failed) {
      reply->send(plain(Error(Code::internal, "git receive-pack failed", "push again")));
      return self.announce(pack->pushes, nullptr);
    }
    auto answer = [reply, text = std::move(pack->answer)](const std::vector<std::string>& lines) mutable {
      reply->send(git_answer(receive_pack, "result", with_remarks(std::move(text), lines)));
    };
    self.announce(pack->pushes, std::move(answer));
  };
  state.receive(admitted->first, admitted->second, std::move(*body), body_file_of(request),
                while_alive(state.shared_from_this(), std::move(received)));
}

}  // namespace

void add_git_routes(net::Router& router, const std::shared_ptr<Forge::State>& state, Gatekeeper gatekeeper) {
  using Face = void (*)(Forge::State&, const Gatekeeper&, const net::Request&, const Reply&);
  const auto add = [&](std::string_view method, std::string_view path, Face face, std::size_t max_body) {
    net::RouteOptions options;
    options.max_body = max_body;
    options.public_ = true;
    auto handler = [weak = std::weak_ptr(state), gatekeeper, face](net::Request request, Reply reply) {
      if (const auto alive = weak.lock()) face(*alive, gatekeeper, request, reply);
    };
    router.add(method, path, std::move(handler), options);
  };
  add("GET", "/git/{repository}/info/refs", info_refs, 1024);
  add("POST", "/git/{repository}/git-upload-pack", fetch, max_negotiation);
  add("POST", "/git/{repository}/git-receive-pack", push, state->options.max_push);
}

}  // namespace slipway::forge
