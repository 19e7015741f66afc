#include "pods/workloads/time_zone.hpp"

#include <algorithm>

namespace slipway::pods::workloads {

using std::chrono::seconds;

namespace {

constexpr std::size_t header_size = 44;

// Big-endian numbers, one after the other.
struct Bytes {
  std::string_view rest;
  std::int64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(rest[i]);
    rest.remove_prefix(size);
    return size == 4 ? static_cast<std::int32_t>(value) : static_cast<std::int64_t>(value);
  }
};

struct Header {
  std::size_t utc_marks, standard_marks, leaps, times, types, letters;
  std::size_t body(std::size_t time_size) const {
    return times * (time_size + 1) + types * 6 + letters + leaps * (time_size + 4) + standard_marks + utc_marks;
  }
};

std::optional<Header> read_header(std::string_view& bytes, std::size_t time_size) {
  if (bytes.size() < header_size || !bytes.starts_with("TZif") || bytes[4] < '2') return std::nullopt;
  Bytes numbers{bytes.substr(20)};
  Header header{};
  for (auto* field :
       {&header.utc_marks, &header.standard_marks, &header.leaps, &header.times, &header.types, &header.letters}) {
    const auto number = numbers.number(4);
    if (number < 0) return std::nullopt;
    *field = static_cast<std::size_t>(number);
  }
  bytes.remove_prefix(header_size);
  if (bytes.size() < header.body(time_size) || header.types == 0) return std::nullopt;
  return header;
}

}  // namespace

// POSIX' TZ: "CET-1CEST,M3.5.0,M10.5.0/3".
class TimeZone::RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}
  bool read(Rule& rule) {
    if (rest_.empty()) return true;
    if (!skip_name()) return false;
    rule.standard = -clock();
    if (rest_.empty()) return true;
    if (!skip_name()) return false;
    rule.daylight = rule.standard + std::chrono::hours(1);
    if (!rest_.empty() && rest_.front() != ',') rule.daylight = -clock();
    Change begin, end;
    if (!read_change(begin) || !read_change(end)) return false;
    rule.changes = {begin, end};
    return rest_.empty();
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool skip_name() {
    const auto end = rest_.starts_with('<') ? rest_.find('>') + 1 : rest_.find_first_of("+-0123456789,");
    const bool is_name = end != 0;
    rest_.remove_prefix(std::min(end, rest_.size()));
    return is_name;
  }
  int number() {
    int value = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1))
      value = std::min(value * 10 + (rest_.front() - '0'), 10000);
    return value;
  }
  seconds clock() {  // "-1", "3:30"
    const bool is_negative = take('-');
    if (!is_negative) take('+');
    seconds value = std::chrono::hours(number());
    if (take(':')) value += std::chrono::minutes(number());
    if (take(':')) value += seconds(number());
    return is_negative ? -value : value;
  }
  bool read_change(Change& change) {
    if (!take(',')) return false;
    if (take('M')) {
      change.kind = Change::Kind::month_week_day;
      change.month = number();
      if (!take('.')) return false;
      change.week = number();
      if (!take('.')) return false;
    } else if (take('J')) {
      change.kind = Change::Kind::day_without_leap;
    }
    change.day = number();
    if (take('/')) change.at = clock();
    return change.kind != Change::Kind::month_week_day || (change.month >= 1 && change.month <= 12 && change.day <= 6);
  }

  std::string_view rest_;
};

Time TimeZone::Change::in_year(std::chrono::year year) const {
  using namespace std::chrono;
  if (kind == Kind::month_week_day) {
    const std::chrono::month of{static_cast<unsigned>(month)};
    const std::chrono::weekday on{static_cast<unsigned>(day)};
    if (week >= 5) return Time(sys_days(year / of / on[last])) + at;
    return Time(sys_days(year / of / on[static_cast<unsigned>(std::max(week, 1))])) + at;
  }
  int days = kind == Kind::day ? day : day - 1;
  if (kind == Kind::day_without_leap && year.is_leap() && day >= 60) ++days;
  return Time(sys_days(year / January / 1)) + std::chrono::days(days) + at;
}

seconds TimeZone::Rule::offset_at(Time time) const {
  if (!changes) return standard;
  const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time + standard)).year();
  const Time begin = changes->first.in_year(year) - standard;
  const Time end = changes->second.in_year(year) - daylight;
  const bool is_daylight = begin < end ? time >= begin && time < end : time >= begin || time < end;
  return is_daylight ? daylight : standard;
}

Result<TimeZone> TimeZone::parse(std::string_view bytes) {
  const auto broken = [] { return fail(Code::invalid_argument, "not a time zone file of version 2"); };
  const auto old = read_header(bytes, 4);
  if (!old) return broken();
  bytes.remove_prefix(old->body(4));
  const auto header = read_header(bytes, 8);
  if (!header) return broken();
  Bytes times{bytes};
  Bytes kinds{bytes.substr(header->times * 8)};
  const std::string_view types = bytes.substr(header->times * 9);
  const auto offset_of = [&](std::size_t type) { return seconds(Bytes{types.substr(type * 6)}.number(4)); };
  TimeZone zone;
  zone.first_ = offset_of(0);
  for (std::size_t i = 0; i < header->times; ++i) {
    const auto type = static_cast<unsigned char>(kinds.rest[i]);
    if (type >= header->types) return broken();
    // A Duration counts microseconds: what was before the year 1677 or so does not matter.
    const auto at = std::max<std::int64_t>(times.number(8), -9'000'000'000);
    zone.transitions_.push_back({Time(seconds(at)), offset_of(type)});
  }
  bytes.remove_prefix(header->body(8));
  if (!bytes.starts_with('\n')) return broken();
  bytes.remove_prefix(1);
  zone.rule_.standard = zone.transitions_.empty() ? zone.first_ : zone.transitions_.back().offset;
  if (!RuleReader(bytes.substr(0, bytes.find('\n'))).read(zone.rule_)) return broken();
  return zone;
}

seconds TimeZone::offset_at(Time time) const {
  const auto next = std::ranges::upper_bound(transitions_, time, {}, &Transition::at);
  if (next == transitions_.end()) return rule_.offset_at(time);
  return next == transitions_.begin() ? first_ : std::prev(next)->offset;
}

Time TimeZone::time_of(Time local) const {
  const Time guess = local - offset_at(local);
  return local - offset_at(guess);
}

}  // namespace slipway::pods::workloads
