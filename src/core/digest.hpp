#pragma once
// SHA-256 digests: the name of every blob, approval subject and audit record.

#include <array>
#include <compare>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace slipway::core {

// Exactly 32 bytes of SHA-256. The text form is "sha256:" and 64 lower-case hex digits.
class Digest {
 public:
  Digest() = default;
  static Digest of(std::string_view bytes);
  static Result<Digest> parse(std::string_view text);

  std::string text() const;        // "sha256:9f86..."
  std::string hex() const;         // "9f86..."
  std::string short_text() const;  // first 12 hex digits, for people
  auto operator<=>(const Digest&) const = default;

 private:
  friend class Hasher;
  std::array<unsigned char, 32> bytes_{};
};

// Streaming SHA-256. Not thread-safe; finish() once.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void update(std::string_view bytes);
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string hmac_sha256_hex(std::string_view key, std::string_view message);
std::string base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);
// RFC 4648 section 5, without padding: as tokens have it. One spelling only: anything else is refused.
std::string base64_url(std::string_view bytes);
Result<std::string> from_base64_url(std::string_view text);
// Compares secrets without telling by timing where they differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace slipway::core
namespace slipway {
using core::Digest;
}
