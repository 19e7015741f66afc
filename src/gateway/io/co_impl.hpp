#pragma once
// Co<T>: a coroutine on the gateway's loop. The one light header of Asio's that our headers need; nothing else of it
// leaves the .cpp files.

#include <boost/asio/awaitable.hpp>

namespace slipway::gateway::io {

// What outlives the co_await may be passed by reference; everything else by value. With g++ 12 no aggregate and no
// capturing lambda is built inside a co_await expression.
template <class T = void>
using Co = boost::asio::awaitable<T>;

}  // namespace slipway::gateway::io
