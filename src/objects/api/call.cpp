#include "objects/api/call.hpp"

#include <algorithm>

namespace slipway::objects::api {

std::string Call::manager() const {
  if (const auto said = request.parameter("fieldManager"); !said.empty()) return std::string(said);
  const auto agent = request.header("User-Agent");
  const auto name = agent.substr(0, agent.find('/'));
  return name.empty() ? "unknown" : std::string(name.substr(0, 128));
}

void Call::warn(std::string text) {
  if (std::ranges::find(warnings, text) == warnings.end()) warnings.push_back(std::move(text));
}

void Call::send(int status, std::string json) {
  net::Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = std::move(json);
  send(std::move(response));
}

void Call::send(const Failure& failure) { send(failure.response()); }

void Call::send(net::Response response) {
  for (const auto& warning : warnings) response.headers.emplace_back("Warning", warning_header(warning));
  responder->send(std::move(response));
}

std::string warning_header(std::string_view text) {
  std::string header = "299 - \"";
  for (const char c : text) {
    if (c == '"' || c == '\\') header += '\\';
    header += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return header + "\"";
}

}  // namespace slipway::objects::api
