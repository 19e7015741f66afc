#pragma once
// Inside io/: what the .cpp files share.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "gateway/io/loop.hpp"

namespace slipway::gateway::io {
struct Loop::Impl {
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
};
}  // namespace slipway::gateway::io
