#pragma once
// Result<T>: a value or an Error; and the two macros that pass errors on.

#include <expected>

#include "core/error.hpp"

namespace slipway::core {
template <class T = void>
using Result = std::expected<T, Error>;

// return fail(Code::not_found, "no model named \"x\"");
inline std::unexpected<Error> fail(Code code, std::string message, std::string hint = {}) {
  return std::unexpected<Error>(Error(code, std::move(message), std::move(hint)));
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }
}  // namespace slipway::core

namespace slipway {
using core::Code;
using core::Error;
using core::fail;
using core::Mark;
using core::Result;
}  // namespace slipway

#define SLIPWAY_CONCAT_(a, b) a##b
#define SLIPWAY_CONCAT(a, b) SLIPWAY_CONCAT_(a, b)
// Names carry __COUNTER__, so that the expression may hold a lambda that uses these macros itself.
// TRY(step()); returns step()'s error from the enclosing function.
#define TRY(expression) TRY_(SLIPWAY_CONCAT(try_result_, __COUNTER__), expression)
#define TRY_(name, expression)                                                 \
  do {                                                                         \
    if (auto name = (expression); !name) {                                     \
      return std::unexpected<::slipway::core::Error>(std::move(name).error()); \
    }                                                                          \
  } while (false)
// TRY_ASSIGN(auto value, parse(text)); declares or assigns from a Result, or returns its error.
#define TRY_ASSIGN(declaration, expression) \
  TRY_ASSIGN_(SLIPWAY_CONCAT(try_result_, __COUNTER__), declaration, expression)
#define TRY_ASSIGN_(name, declaration, expression)                                    \
  auto name = (expression);                                                           \
  if (!name) return std::unexpected<::slipway::core::Error>(std::move(name).error()); \
  declaration = std::move(*name)
