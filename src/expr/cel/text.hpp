#pragma once
// Characters, base64, times and numbers as cel-go reads and prints them. Pure.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/cel/value.hpp"

namespace slipway::expr::cel {

// Length in bytes of the character at the front of `text`, which is not empty; 1 for what is no UTF-8.
std::size_t utf8_length(std::string_view text);
std::size_t count_characters(std::string_view text);
// The place in bytes where each character begins, and the end: one more than there are characters.
std::vector<std::size_t> character_offsets(std::string_view text);

// Standard alphabet, with or without padding; nullopt: it is none.
std::optional<std::string> base64_decode(std::string_view text);

std::optional<std::int64_t> parse_int(std::string_view text);
std::optional<std::uint64_t> parse_uint(std::string_view text);
std::optional<double> parse_double(std::string_view text);  // Go's ParseFloat: Inf, NaN, 1e3
std::string render_double(double value);                    // Go's FormatFloat(value, 'g', -1): 1e+06

std::optional<Timestamp> parse_timestamp(std::string_view text);  // RFC 3339 with up to nine decimals
std::optional<Timestamp> parse_date(std::string_view text);       // "2024-02-29", or RFC 3339
std::string render_timestamp(Timestamp time);
bool is_valid(Timestamp time);                                                  // years 1 to 9999
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);  // Go's: "1h2m3.5s"
std::string render_duration(std::chrono::nanoseconds duration);                 // "5400s", "0.5s"

}  // namespace slipway::expr::cel
