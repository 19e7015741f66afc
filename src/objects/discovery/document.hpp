#pragma once
// Document: a rendered body that many clients ask for again and again, with the tag by which they ask whether it has
// changed (RFC 9110: ETag, If-None-Match). Immutable; safe from any thread.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::objects::discovery {

struct Document {
  std::string body;
  std::string hash;  // of the body: 32 hex digits

  static std::shared_ptr<const Document> of(std::string body);
  std::string etag() const { return '"' + hash + '"'; }
};
using DocumentPtr = std::shared_ptr<const Document>;

// True when the header names this tag, or is "*"; weak tags count. Then the answer is 304 without a body.
bool is_not_modified(std::string_view if_none_match, std::string_view etag);

// What a GET of a document gives. `document` is null where there is nothing to show but `status` (404, 406, 301, 304).
struct Answer {
  int status = 200;
  std::string_view content_type;
  std::vector<std::pair<std::string, std::string>> headers;  // ETag, Vary, Cache-Control, Location
  DocumentPtr document;
};

// 200 or 304, with ETag and Vary. `content_type` must live for ever.
Answer answer_with(const DocumentPtr& document, std::string_view content_type, std::string_view if_none_match);

}  // namespace slipway::objects::discovery
