#pragma once
// EventLines: the stream of a watch cut into its events: one JSON object a line. Pure. Inside of objects.

#include <optional>
#include <string>
#include <string_view>

#include "core/doc.hpp"

namespace slipway::objects::kubernetes {

struct EventLine {
  std::string type;  // ADDED, MODIFIED, DELETED, BOOKMARK, ERROR
  doc::Value object;
};

class EventLines {
 public:
  void add(std::string_view bytes) { waiting_ += bytes; }
  // The next whole line; nothing until more bytes come. data_loss when it is no event; resource_exhausted when a line
  // does not end.
  Result<std::optional<EventLine>> next();
  void clear();

 private:
  std::string waiting_;
  std::size_t begin_ = 0;    // of what is not taken yet
  std::size_t scanned_ = 0;  // up to here there is no line end after `begin_`
};

}  // namespace slipway::objects::kubernetes
