#pragma once
// A streamed answer as the messages of a WebSocket, for clients that ask for one where others read a stream: watches
// and logs.

#include "net/websocket.hpp"

namespace slipway::net {

// `plain`, unless the request wants a WebSocket. Then what is begun or sent with a status below 400 goes out over one,
// each write() as a message of that kind, and end() closes it; refusals stay plain answers. What the client says is
// passed over. `protocols`: what a client may offer.
std::shared_ptr<Responder> answer_by_websocket(const Request& request, std::shared_ptr<Responder> plain,
                                               WebSocket::Kind kind, std::vector<std::string> protocols);

}  // namespace slipway::net
