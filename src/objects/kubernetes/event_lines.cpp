#include "objects/kubernetes/event_lines.hpp"

namespace slipway::objects::kubernetes {
namespace {

constexpr std::size_t longest_line = 64 * 1024 * 1024;  // far beyond what an API server lets an object be

}  // namespace

void EventLines::clear() {
  waiting_.clear();
  begin_ = scanned_ = 0;
}

Result<std::optional<EventLine>> EventLines::next() {
  for (;;) {
    const auto end = waiting_.find('\n', scanned_);
    if (end == std::string::npos) {
      waiting_.erase(0, begin_);
      begin_ = 0;
      scanned_ = waiting_.size();
      if (waiting_.size() <= longest_line) return std::optional<EventLine>();
      return fail(Code::resource_exhausted, "a line of the watch does not end");
    }
    const auto line = std::string_view(waiting_).substr(begin_, end - begin_);
    const bool is_empty = line.find_first_not_of(" \t\r") == std::string_view::npos;
    auto parsed = is_empty ? Result<doc::Value>(doc::Value()) : doc::parse_json(line, "<watch>");
    begin_ = scanned_ = end + 1;
    if (is_empty) continue;
    if (!parsed || !(*parsed)["type"].is_string() || !(*parsed)["object"].is_object()) {
      return fail(Code::data_loss, "a line of the watch is no event");
    }
    EventLine event{(*parsed)["type"].as_string(), {}};
    event.object = std::move(parsed->at_or_insert("object"));
    return std::optional(std::move(event));
  }
}

}  // namespace slipway::objects::kubernetes
