#pragma once
// The remote command protocol of Kubernetes over a WebSocket (v4 and v5.channel.k8s.io): each message begins with a
// byte that names its channel. Pure but for the sending.
// https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets

#include <optional>
#include <string>
#include <string_view>

#include "core/world/streams.hpp"
#include "net/websocket.hpp"
#include "objects/api/call.hpp"

namespace slipway::pods::connect {

enum class Channel : unsigned char { input = 0, out = 1, err = 2, error = 3, resize = 4, close = 255 };

struct Message {
  Channel channel = Channel::input;
  std::string_view bytes;  // of channel close: the byte of the channel that ends
};
std::optional<Message> parse_message(std::string_view message);  // nullopt: empty, or a channel that nobody knows

// {"Width":80,"Height":24}; nullopt when it is something else.
std::optional<core::TerminalSize> parse_size(std::string_view json);

// What the error channel says when the command has ended: Success, or Failure with its exit code as a cause.
std::string exit_status(int code);
std::string success_status();

// The form that the request wants: ?stdin, stdout, stderr, tty.
struct StreamChoice {
  bool input = false, out = false, err = false, terminal = false;
};
// 400 when it wants nothing at all.
objects::api::Answer<StreamChoice> stream_choice(const net::Request& request);

net::WebSocketOptions remote_command_options();

// Sends all of `bytes` on that channel, in pieces; false when the client is gone.
bool send(net::WebSocket& socket, Channel channel, std::string_view bytes);

}  // namespace slipway::pods::connect
