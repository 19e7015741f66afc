#include "objects/discovery/document.hpp"

#include "core/digest.hpp"
#include "core/text.hpp"

namespace slipway::objects::discovery {

std::shared_ptr<const Document> Document::of(std::string body) {
  auto document = std::make_shared<Document>();
  document->hash = core::Digest::of(body).hex().substr(0, 32);
  document->body = std::move(body);
  return document;
}

bool is_not_modified(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    const std::size_t comma = if_none_match.find(',');
    std::string_view tag = core::trimmed(if_none_match.substr(0, comma));
    if (tag == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag) return true;
    if (comma == std::string_view::npos) return false;
    if_none_match.remove_prefix(comma + 1);
  }
  return false;
}

Answer answer_with(const DocumentPtr& document, std::string_view content_type, std::string_view if_none_match) {
  const std::string etag = document->etag();
  Answer answer;
  answer.headers = {{"ETag", etag}, {"Vary", "Accept"}};
  if (is_not_modified(if_none_match, etag)) {
    answer.status = 304;
    return answer;
  }
  answer.content_type = content_type;
  answer.document = document;
  return answer;
}

}  // namespace slipway::objects::discovery
