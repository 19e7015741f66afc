// Conversions between the types, as cel-go makes them; type() is the evaluator's own.

#include <cmath>

#include "core/utf8.hpp"
#include "expr/cel/functions.hpp"
#include "expr/cel/text.hpp"

namespace slipway::expr::cel::library {

namespace {

using Nanos = std::chrono::nanoseconds;

Value itself(const Call& call) { return call[0]; }

Value overflow(bool is_signed = true) {
  return Value::failure(is_signed ? "integer overflow" : "unsigned integer overflow");
}

Value bad(std::string_view type) {
  return Value::failure("type conversion error from 'string' to '" + std::string(type) + "'");
}

Value int_of_uint(const Call& call) {
  const auto value = call.as<std::uint64_t>(0);
  return value > INT64_MAX ? overflow() : Value(static_cast<std::int64_t>(value));
}
Value int_of_double(const Call& call) {
  const double value = call.as<double>(0);
  if (!(value > -9223372036854775808.0 && value < 9223372036854775808.0)) return overflow();
  return Value(static_cast<std::int64_t>(value));
}
Value int_of_text(const Call& call) {
  const auto value = parse_int(call.text(0));
  return value ? Value(*value) : bad("int");
}
Value int_of_time(const Call& call) { return Value(call.as<Timestamp>(0).seconds); }
Value int_of_duration(const Call& call) { return Value(std::int64_t{call.as<Nanos>(0).count()}); }

Value uint_of_int(const Call& call) {
  return call.integer(0) < 0 ? overflow(false) : Value(static_cast<std::uint64_t>(call.integer(0)));
}
Value uint_of_double(const Call& call) {
  const double value = call.as<double>(0);
  if (!(value >= 0 && value < 18446744073709551616.0)) return overflow(false);
  return Value(static_cast<std::uint64_t>(value));
}
Value uint_of_text(const Call& call) {
  const auto value = parse_uint(call.text(0));
  return value ? Value(*value) : bad("uint");
}

Value double_of_int(const Call& call) { return Value(static_cast<double>(call.integer(0))); }
Value double_of_uint(const Call& call) { return Value(static_cast<double>(call.as<std::uint64_t>(0))); }
Value double_of_text(const Call& call) {
  const auto value = parse_double(call.text(0));
  return value ? Value(*value) : bad("double");
}

Value bool_of_text(const Call& call) {
  const auto text = call.text(0);
  if (text == "true" || text == "True" || text == "TRUE" || text == "t" || text == "T" || text == "1") {
    return Value(true);
  }
  if (text == "false" || text == "False" || text == "FALSE" || text == "f" || text == "F" || text == "0") {
    return Value(false);
  }
  return bad("bool");
}

Value text_of_bool(const Call& call) { return text_value(call[0].as_bool() ? "true" : "false"); }
Value text_of_int(const Call& call) { return text_value(std::to_string(call.integer(0))); }
Value text_of_uint(const Call& call) { return text_value(std::to_string(call.as<std::uint64_t>(0))); }
Value text_of_double(const Call& call) { return text_value(render_double(call.as<double>(0))); }
Value text_of_bytes(const Call& call) {
  const auto& bytes = call.as<Bytes>(0);
  if (core::find_invalid_utf8(bytes.view) != std::string_view::npos)
    return Value::failure("invalid UTF-8 in bytes, cannot convert to string");
  return Value(Text{bytes.view, bytes.owner});
}
Value text_of_time(const Call& call) { return text_value(render_timestamp(call.as<Timestamp>(0))); }
Value text_of_duration(const Call& call) { return text_value(render_duration(call.as<Nanos>(0))); }

Value bytes_of_text(const Call& call) {
  const auto& text = call.as<Text>(0);
  return Value(Bytes{text.view, text.owner});
}

Value time_of_text(const Call& call) {
  const auto time = parse_timestamp(call.text(0));
  return time ? Value(*time) : bad("google.protobuf.Timestamp");
}
Value time_of_int(const Call& call) {
  const Timestamp time{call.integer(0), 0};
  return is_valid(time) ? Value(time) : Value::failure("timestamp overflow");
}
Value duration_of_text(const Call& call) {
  const auto duration = parse_duration(call.text(0));
  return duration ? Value(*duration) : bad("google.protobuf.Duration");
}
Value duration_of_int(const Call& call) { return Value(Nanos(call.integer(0))); }

constexpr Line lines[] = {
    {"int(int): int", itself},
    {"int(uint): int", int_of_uint},
    {"int(double): int", int_of_double},
    {"int(string): int", int_of_text},
    {"int(timestamp): int", int_of_time},
    {"int(duration): int", int_of_duration},
    {"uint(uint): uint", itself},
    {"uint(int): uint", uint_of_int},
    {"uint(double): uint", uint_of_double},
    {"uint(string): uint", uint_of_text},
    {"double(double): double", itself},
    {"double(int): double", double_of_int},
    {"double(uint): double", double_of_uint},
    {"double(string): double", double_of_text},
    {"bool(bool): bool", itself},
    {"bool(string): bool", bool_of_text},
    {"string(string): string", itself},
    {"string(bool): string", text_of_bool},
    {"string(int): string", text_of_int},
    {"string(uint): string", text_of_uint},
    {"string(double): string", text_of_double},
    {"string(bytes): string", text_of_bytes, Cost::text},
    {"string(timestamp): string", text_of_time},
    {"string(duration): string", text_of_duration},
    {"bytes(bytes): bytes", itself},
    {"bytes(string): bytes", bytes_of_text, Cost::text},
    {"timestamp(timestamp): timestamp", itself},
    {"timestamp(string): timestamp", time_of_text},
    {"timestamp(int): timestamp", time_of_int},
    {"duration(duration): duration", itself},
    {"duration(string): duration", duration_of_text},
    {"duration(int): duration", duration_of_int},
    {"dyn(A): dyn", itself},
};

}  // namespace

Library conversions() { return lines; }

}  // namespace slipway::expr::cel::library
