#include "pods/connect/channels.hpp"

#include <algorithm>

#include "core/doc.hpp"

namespace slipway::pods::connect {
namespace {

constexpr std::size_t piece = 32 * 1024;

}  // namespace

std::optional<Message> parse_message(std::string_view message) {
  if (message.empty()) return std::nullopt;
  const auto channel = static_cast<Channel>(message.front());
  switch (channel) {
    case Channel::input:
    case Channel::resize:
    case Channel::close:
      return Message{channel, message.substr(1)};
    default:
      return std::nullopt;
  }
}

std::optional<core::TerminalSize> parse_size(std::string_view json) {
  const auto size = doc::parse_json(json, "size");
  if (!size || !size->is_object()) return std::nullopt;
  const auto rows = (*size)["Height"].int_or(0);
  const auto columns = (*size)["Width"].int_or(0);
  if (rows <= 0 || columns <= 0 || rows > 0xffff || columns > 0xffff) return std::nullopt;
  return core::TerminalSize{static_cast<std::uint16_t>(rows), static_cast<std::uint16_t>(columns)};
}

std::string success_status() {
  return doc::render_json(
      doc::Object{{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", doc::Object{}}, {"status", "Success"}});
}

std::string exit_status(int code) {
  if (code == 0) return success_status();
  const std::string number = std::to_string(code);
  return doc::render_json(doc::Object{
      {"kind", "Status"},
      {"apiVersion", "v1"},
      {"metadata", doc::Object{}},
      {"status", "Failure"},
      {"message", "command terminated with non-zero exit code: exit status " + number},
      {"reason", "NonZeroExitCode"},
      {"details", doc::Object{{"causes", doc::Array{doc::Object{{"reason", "ExitCode"}, {"message", number}}}}}}});
}

objects::api::Answer<StreamChoice> stream_choice(const net::Request& request) {
  namespace api = objects::api;
  StreamChoice choice;
  choice.input = api::is_true(request, "stdin");
  choice.out = api::is_true(request, "stdout");
  choice.err = api::is_true(request, "stderr");
  choice.terminal = api::is_true(request, "tty");
  if (!choice.input && !choice.out && !choice.err)
    return api::refuse(api::bad_request("you must specify at least 1 of stdin, stdout, stderr"));
  return choice;
}

net::WebSocketOptions remote_command_options() {
  net::WebSocketOptions options;
  options.protocols = {"v5.channel.k8s.io", "v4.channel.k8s.io"};
  options.needs_protocol = true;
  return options;
}

bool send(net::WebSocket& socket, Channel channel, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, piece);
    std::string message(1, static_cast<char>(channel));
    message += part;
    if (!socket.send(net::WebSocket::Kind::binary, message)) return false;
    bytes.remove_prefix(part.size());
  }
  return true;
}

}  // namespace slipway::pods::connect
