#include "expr/cel/text.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace slipway::expr::cel {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::int64_t first_second = -62135596800;  // 0001-01-01
constexpr std::int64_t last_second = 253402300799;   // 9999-12-31T23:59:59

std::optional<int> digits(std::string_view text, std::size_t from, std::size_t count) {
  int out = 0;
  if (from + count > text.size()) return std::nullopt;
  for (std::size_t i = from; i < from + count; ++i) {
    if (!core::is_digit(text[i])) return std::nullopt;
    out = out * 10 + (text[i] - '0');
  }
  return out;
}

std::string padded(std::int64_t number, std::size_t width) {
  auto text = std::to_string(number);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};
constexpr std::array<Unit, 8> units{{{"ns", 1},
                                     {"us", 1'000},
                                     {"\xC2\xB5s", 1'000},
                                     {"\xCE\xBCs", 1'000},
                                     {"ms", 1'000'000},
                                     {"s", 1'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"h", 3'600'000'000'000}}};

}  // namespace

std::size_t utf8_length(std::string_view text) { return std::max<std::size_t>(1, core::character_length(text)); }

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) {
    i += static_cast<unsigned char>(text[i]) < 0x80 ? 1 : utf8_length(text.substr(i));
  }
  return count;
}

std::vector<std::size_t> character_offsets(std::string_view text) {
  std::vector<std::size_t> out;
  out.reserve(text.size() + 1);
  for (std::size_t i = 0; i < text.size(); i += utf8_length(text.substr(i))) out.push_back(i);
  out.push_back(text.size());
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.ends_with("==")) {
    text.remove_suffix(2);
  } else if (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    group = (group << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>((group >> bits) & 0xFF);
  }
  return out;
}

std::optional<std::int64_t> parse_int(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t out = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<std::uint64_t> parse_uint(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<double> parse_double(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.front() == '-') return std::nullopt;
  double out = 0;
  const auto name = core::in_lower(text);
  if (name == "inf" || name == "infinity") {
    out = HUGE_VAL;
  } else if (name == "nan") {
    out = NAN;
  } else {
    if (core::is_letter(text.front())) return std::nullopt;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  return negative ? -out : out;
}

std::string render_double(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  const std::string_view scientific(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const auto e = scientific.find('e');
  int exponent = 0;
  const auto* from = scientific.data() + e + (scientific[e + 1] == '+' ? 2 : 1);
  std::from_chars(from, end, exponent);
  if (exponent < -4 || exponent >= 6) return std::string(scientific);
  const auto fixed = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed).ptr;
  return {buffer.data(), fixed};
}

bool is_valid(Timestamp time) { return time.seconds >= first_second && time.seconds <= last_second; }

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  const auto y = digits(text, 0, 4);
  const auto mo = digits(text, 5, 2);
  const auto d = digits(text, 8, 2);
  const auto h = digits(text, 11, 2);
  const auto mi = digits(text, 14, 2);
  const auto s = digits(text, 17, 2);
  if (!y || !mo || !d || !h || !mi || !s || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || *h > 23 || *mi > 59 || *s > 59) {
    return std::nullopt;
  }
  const year_month_day date{year(*y), month(static_cast<unsigned>(*mo)), day(static_cast<unsigned>(*d))};
  if (!date.ok()) return std::nullopt;
  std::size_t at = 19;
  std::int32_t nanos = 0;
  if (at < text.size() && text[at] == '.') {
    std::int32_t unit = 100'000'000;
    const std::size_t first = ++at;
    for (; at < text.size() && core::is_digit(text[at]); ++at, unit /= 10) nanos += (text[at] - '0') * unit;
    if (at == first) return std::nullopt;
  }
  const auto zone = text.substr(at);
  int offset = 0;
  if (zone != "Z") {
    const auto oh = digits(zone, 1, 2);
    const auto om = digits(zone, 4, 2);
    if (!oh || !om || zone.size() != 6 || zone[3] != ':' || (zone[0] != '+' && zone[0] != '-') || *oh > 24 ||
        *om > 59) {
      return std::nullopt;
    }
    offset = (*oh * 60 + *om) * (zone[0] == '-' ? -60 : 60);
  }
  const auto day_seconds = duration_cast<seconds>(sys_days(date).time_since_epoch()).count();
  const Timestamp out{day_seconds + *h * 3600 + *mi * 60 + *s - offset, nanos};
  if (!is_valid(out)) return std::nullopt;
  return out;
}

std::optional<Timestamp> parse_date(std::string_view text) {
  return text.size() == 10 ? parse_timestamp(std::string(text) + "T00:00:00Z") : parse_timestamp(text);
}

std::string render_timestamp(Timestamp time) {
  using namespace std::chrono;
  const sys_seconds at{seconds(time.seconds)};
  const auto day_start = floor<days>(at);
  const year_month_day date(day_start);
  const hh_mm_ss clock(at - day_start);
  std::string out = padded(int(date.year()), 4) + "-" + padded(unsigned(date.month()), 2) + "-" +
                    padded(unsigned(date.day()), 2) + "T" + padded(clock.hours().count(), 2) + ":" +
                    padded(clock.minutes().count(), 2) + ":" + padded(clock.seconds().count(), 2);
  if (time.nanos != 0) {
    auto fraction = padded(time.nanos, 9);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out += "." + fraction;
  }
  return out + "Z";
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  __extension__ typedef __int128 Wide;
  Wide total = 0;
  while (!text.empty()) {
    Wide whole = 0;
    Wide fraction = 0;
    Wide scale = 1;
    std::size_t i = 0;
    bool any = false;
    for (; i < text.size() && core::is_digit(text[i]); ++i, any = true) {
      whole = whole * 10 + (text[i] - '0');
      if (whole > INT64_MAX) return std::nullopt;
    }
    if (i < text.size() && text[i] == '.') {
      for (++i; i < text.size() && core::is_digit(text[i]); ++i, any = true) {
        if (scale >= 1'000'000'000'000'000) continue;
        fraction = fraction * 10 + (text[i] - '0');
        scale *= 10;
      }
    }
    if (!any) return std::nullopt;
    text.remove_prefix(i);
    std::size_t length = 0;
    while (length < text.size() && text[length] != '.' && !core::is_digit(text[length])) ++length;
    const auto name = text.substr(0, length);
    const Unit* unit = nullptr;
    for (const auto& each : units) {
      if (each.name == name) unit = &each;
    }
    if (unit == nullptr) return std::nullopt;
    text.remove_prefix(length);
    total += whole * unit->nanos + fraction * unit->nanos / scale;
    if (total > INT64_MAX) return std::nullopt;
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(negative ? -total : total));
}

std::string render_duration(std::chrono::nanoseconds duration) {
  const bool negative = duration.count() < 0;
  const auto all =
      negative ? -static_cast<std::uint64_t>(duration.count()) : static_cast<std::uint64_t>(duration.count());
  std::string out = (negative ? "-" : "") + std::to_string(all / 1'000'000'000);
  if (const auto rest = all % 1'000'000'000; rest != 0) {
    auto fraction = padded(static_cast<std::int64_t>(rest), 9);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out += "." + fraction;
  }
  return out + "s";
}

}  // namespace slipway::expr::cel
