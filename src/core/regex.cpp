#include "core/regex.hpp"

#include <re2/re2.h>

namespace slipway::core {

struct Regex::Impl {
  RE2 re2;
  Impl(const std::string& pattern, const RE2::Options& options) : re2(pattern, options) {}
};

Regex::Regex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Regex::~Regex() = default;

Result<std::shared_ptr<const Regex>> Regex::parse(const std::string& pattern, Dot dot) {
  if (pattern.size() > 4096) return fail(Code::invalid_argument, "the regular expression is longer than 4096 bytes");
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(dot == Dot::every);
  options.set_max_mem(1 << 20);
  auto impl = std::make_unique<Impl>(pattern, options);
  if (!impl->re2.ok()) {
    return fail(Code::invalid_argument, "bad regular expression \"" + pattern + "\": " + impl->re2.error(),
                "the syntax is RE2's; look-around and back-references do not exist there");
  }
  return std::shared_ptr<const Regex>(new Regex(std::move(impl)));
}

bool Regex::matches(std::string_view text) const {
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), impl_->re2);
}

std::optional<Regex::Found> Regex::find(std::string_view text, std::size_t from) const {
  re2::StringPiece found;
  const re2::StringPiece whole(text.data(), text.size());
  if (from > text.size() || !impl_->re2.Match(whole, from, text.size(), RE2::UNANCHORED, &found, 1))
    return std::nullopt;
  return Found{static_cast<std::size_t>(found.data() - text.data()), found.size()};
}

}  // namespace slipway::core
