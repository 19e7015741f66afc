#include "core/digest.hpp"

#include <algorithm>
#include <cassert>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "core/owner.hpp"

namespace slipway::core {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view prefix = "sha256:";

std::string to_hex(const unsigned char* bytes, std::size_t count) {
  std::string text;
  text.reserve(count * 2);
  for (std::size_t i = 0; i < count; ++i) {
    text += hex_digits[bytes[i] >> 4];
    text += hex_digits[bytes[i] & 15];
  }
  return text;
}

// OpenSSL looks an algorithm up by its name at every use, unless it was fetched before.
const EVP_MD* sha256() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  return fetched;
}

// To be copied: HMAC with SHA-256, without a key.
const EVP_MAC_CTX* keyless_hmac() {
  static const EVP_MAC_CTX* const prepared = [] {
    EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    EVP_MAC_CTX* const context = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    char digest[] = "SHA2-256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    EVP_MAC_CTX_set_params(context, parameters);
    return context;
  }();
  return prepared;
}

// -1 for anything but 0-9 and a-f: digests have one spelling, so that they compare as text.
int hex_value(char c) {
  const std::size_t position = hex_digits.find(c);
  return position == std::string_view::npos ? -1 : static_cast<int>(position);
}

}  // namespace

Digest Digest::of(std::string_view bytes) {
  Digest digest;
  unsigned int size = 0;
  [[maybe_unused]] const int ok =
      EVP_Digest(bytes.data(), bytes.size(), digest.bytes_.data(), &size, sha256(), nullptr);
  assert(ok == 1 && size == 32);
  return digest;
}

Result<Digest> Digest::parse(std::string_view text) {
  const auto refuse = [&] {
    return fail(Code::invalid_argument, "invalid digest \"" + std::string(text.substr(0, 100)) + "\"",
                "a digest is \"sha256:\" and 64 lower-case hex digits");
  };
  if (!text.starts_with(prefix) || text.size() != prefix.size() + 64) return refuse();
  Digest digest;
  for (std::size_t i = 0; i < 32; ++i) {
    const int high = hex_value(text[prefix.size() + 2 * i]);
    const int low = hex_value(text[prefix.size() + 2 * i + 1]);
    if (high < 0 || low < 0) return refuse();
    digest.bytes_[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return digest;
}

std::string Digest::text() const { return std::string(prefix) + hex(); }
std::string Digest::hex() const { return to_hex(bytes_.data(), bytes_.size()); }
std::string Digest::short_text() const { return to_hex(bytes_.data(), 6); }

struct Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { EVP_DigestInit_ex(context, sha256(), nullptr); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Hasher::Hasher() : state_(std::make_unique<State>()) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::string_view bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

Digest Hasher::finish() {
  Digest digest;
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context, digest.bytes_.data(), &size);
  return digest;
}

std::string hmac_sha256_hex(std::string_view key, std::string_view message) {
  const auto bytes_of = [](std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  std::size_t size = 0;
  const std::unique_ptr<EVP_MAC_CTX, Releases<EVP_MAC_CTX_free>> context(EVP_MAC_CTX_dup(keyless_hmac()));
  [[maybe_unused]] const bool ok = EVP_MAC_init(context.get(), bytes_of(key), key.size(), nullptr) == 1 &&
                                   EVP_MAC_update(context.get(), bytes_of(message), message.size()) == 1 &&
                                   EVP_MAC_final(context.get(), out.data(), &size, out.size()) == 1;
  assert(ok);
  return to_hex(out.data(), size);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

namespace {
constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::string base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? base64_alphabet[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  const auto refuse = [](std::string why) { return fail(Code::invalid_argument, "invalid base64: " + std::move(why)); };
  if (text.size() % 4 != 0) return refuse("its length is not a multiple of four");
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t value = 0;
    if (i < text.size() - padding) {
      value = base64_alphabet.find(text[i]);
      if (value == std::string_view::npos) return refuse("unexpected character at byte " + std::to_string(i + 1));
    }
    group = group << 6 | static_cast<std::uint32_t>(value);
    if (i % 4 != 3) continue;
    const std::size_t missing = i + 1 == text.size() ? padding : 0;
    if ((group & ((1U << (8 * missing)) - 1)) != 0) return refuse("bits are left over at its end");
    for (std::size_t k = 0; k < 3 - missing; ++k) bytes += static_cast<char>(group >> (16 - 8 * k) & 255);
    group = 0;
  }
  return bytes;
}

std::string base64_url(std::string_view bytes) {
  std::string text = base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

Result<std::string> from_base64_url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos)
    return fail(Code::invalid_argument, "invalid base64: not of the alphabet for URLs");
  std::string plain(text);
  for (char& c : plain) c = c == '-' ? '+' : c == '_' ? '/' : c;
  plain.append((4 - plain.size() % 4) % 4, '=');
  return from_base64(plain);
}

}  // namespace slipway::core
