// The grammar and the sentences of github.com/robfig/cron/v3, ParseStandard.

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "core/text.hpp"
#include "core/time.hpp"
#include "objects/patch/go_text.hpp"
#include "objects/validation/workloads.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::string_view months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Bounds {
  unsigned low;
  unsigned high;
  std::span<const std::string_view> names;  // of `low`, the next, ...
};
constexpr Bounds fields[] = {{0, 59, {}}, {0, 23, {}}, {1, 31, {}}, {1, 12, months}, {0, 6, days}};

// Throws nothing: the first complaint stays in `complaint`.
struct Reader {
  std::string complaint;

  unsigned number(std::string_view text) {
    long value = 0;
    std::string_view digits = text;
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (read.ec == std::errc::result_out_of_range) return refuse_number(text, "value out of range");
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) {
      return refuse_number(text, "invalid syntax");
    }
    if (value < 0) {
      complaint = "negative number (" + std::to_string(value) + ") not allowed: " + std::string(text);
      return 0;
    }
    return static_cast<unsigned>(std::min(value, 1000000000L));
  }

  unsigned number_or_name(std::string_view text, const Bounds& bounds) {
    const std::string lower = core::in_lower(text);
    for (std::size_t i = 0; i < bounds.names.size(); ++i) {
      if (bounds.names[i] == lower) return bounds.low + static_cast<unsigned>(i);
    }
    return number(text);
  }

  void range(std::string_view text, const Bounds& bounds) {
    const auto hyphens = std::ranges::count(text.substr(0, text.find('/')), '-');
    const auto slashes = std::ranges::count(text, '/');
    const std::string_view span = text.substr(0, text.find('/'));
    const std::string_view first = span.substr(0, span.find('-'));
    unsigned start = bounds.low;
    unsigned end = bounds.high;
    if (first != "*" && first != "?") {
      start = number_or_name(first, bounds);
      if (!complaint.empty()) return;
      end = start;
      if (hyphens > 1) return refuse("too many hyphens: ", text);
      if (hyphens == 1) end = number_or_name(span.substr(span.find('-') + 1), bounds);
      if (!complaint.empty()) return;
    }
    unsigned step = 1;
    if (slashes > 1) return refuse("too many slashes: ", text);
    if (slashes == 1) {
      step = number(text.substr(text.find('/') + 1));
      if (!complaint.empty()) return;
      if (hyphens == 0) end = bounds.high;
    }
    const std::string start_text = "beginning of range (" + std::to_string(start) + ") ";
    if (start < bounds.low) return refuse(start_text + "below minimum (" + std::to_string(bounds.low) + "): ", text);
    if (end > bounds.high) {
      return refuse("end of range (" + std::to_string(end) + ") above maximum (" + std::to_string(bounds.high) + "): ",
                    text);
    }
    if (start > end) return refuse(start_text + "beyond end of range (" + std::to_string(end) + "): ", text);
    if (step == 0) refuse("step of range should be a positive number: ", text);
  }

  void refuse(const std::string& sentence, std::string_view text) { complaint = sentence + std::string(text); }
  unsigned refuse_number(std::string_view text, std::string_view why) {
    complaint = "failed to parse int from " + std::string(text) + ": strconv.Atoi: parsing " + patch::go_quoted(text) +
                ": " + std::string(why);
    return 0;
  }
};

std::string descriptor_complaint(std::string_view text) {
  constexpr std::string_view known[] = {"@yearly", "@annually", "@monthly", "@weekly",
                                        "@daily",  "@midnight", "@hourly"};
  if (std::ranges::find(known, text) != std::end(known)) return {};
  constexpr std::string_view every = "@every ";
  if (!text.starts_with(every)) return "unrecognized descriptor: " + std::string(text);
  const auto duration = core::parse_go_duration(text.substr(every.size()));
  if (duration) return {};
  return "failed to parse duration " + std::string(text) + ": time: invalid duration " +
         patch::go_quoted(text.substr(every.size()));
}

}  // namespace

std::string cron_complaint(std::string_view schedule) {
  if (schedule.starts_with("TZ=") || schedule.starts_with("CRON_TZ=")) {
    const std::size_t blank = schedule.find(' ');
    if (blank == std::string_view::npos) return "expected exactly 5 fields, found 0: []";
    schedule = core::trimmed(schedule.substr(blank));
  }
  if (schedule.starts_with('@')) return descriptor_complaint(schedule);
  std::vector<std::string_view> parts;
  for (std::string_view rest = schedule; !(rest = core::trimmed(rest, " \t\r\n\v\f")).empty();) {
    parts.push_back(rest.substr(0, rest.find_first_of(" \t\r\n\v\f")));
    rest.remove_prefix(parts.back().size());
  }
  if (parts.size() != std::size(fields)) {
    std::string list;
    for (const std::string_view part : parts) list.append(list.empty() ? "" : " ").append(part);
    return "expected exactly 5 fields, found " + std::to_string(parts.size()) + ": [" + list + "]";
  }
  Reader reader;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (std::string_view rest = parts[i]; !rest.empty() && reader.complaint.empty();) {
      const std::string_view one = rest.substr(0, rest.find(','));
      if (!one.empty()) reader.range(one, fields[i]);
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    }
  }
  return reader.complaint;
}

}  // namespace slipway::objects::validation
