#pragma once
// Texts that are a number as a whole: ports, flags, parameters of requests. Not for documents, which write numbers in
// more ways (doc.hpp). Pure; safe from any thread.

#include <charconv>
#include <optional>
#include <string_view>

namespace slipway::core {

// All of `text`, without blanks or a '+'; nullopt when it is something else, or does not fit into a `Number`. `form` is
// the base of an integer.
template <class Number, class... Form>
std::optional<Number> parse_number(std::string_view text, Form... form) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number, form...);
  if (problem != std::errc{} || stop != end) return std::nullopt;
  return number;
}

}  // namespace slipway::core
