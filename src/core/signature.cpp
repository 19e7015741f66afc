#include "core/signature.hpp"

#include <array>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "core/owner.hpp"

namespace slipway::core {
namespace {

constexpr std::size_t half = 32;  // bytes of a coordinate, of r and of s

using Bio = std::unique_ptr<BIO, Releases<BIO_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Releases<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Releases<ECDSA_SIG_free>>;
using Number = std::unique_ptr<BIGNUM, Releases<BN_free>>;

std::shared_ptr<evp_pkey_st> held(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string padded(const BIGNUM* number) {
  std::string bytes(half, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(half));
  return bytes;
}

bool is_p256(EVP_PKEY* key) {
  std::array<char, 64> group{};
  std::size_t size = 0;
  return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1 &&
         std::string_view(group.data(), size) == "prime256v1";
}

std::string coordinate(EVP_PKEY* key, const char* name) {
  BIGNUM* found = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &found) != 1) return {};
  const Number number(found);
  return padded(number.get());
}

}  // namespace

Result<SigningKey> SigningKey::generate() {
  auto key = held(EVP_EC_gen("P-256"));
  if (key == nullptr) return fail(Code::internal, "no key could be made");
  return SigningKey(std::move(key));
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // Without a callback OpenSSL would ask the terminal for the passphrase of an encrypted key.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  auto key = held(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (key == nullptr) return fail(Code::invalid_argument, "this is no private key in PEM form");
  if (!is_p256(key.get())) return fail(Code::invalid_argument, "this is no key of the curve P-256");
  return SigningKey(std::move(key));
}

std::string SigningKey::pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string SigningKey::x() const { return coordinate(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X); }
std::string SigningKey::y() const { return coordinate(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y); }

Result<std::string> SigningKey::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  std::string der(128, '\0');
  std::size_t size = der.size();
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(der.data()), &size, bytes_of(message),
                     message.size()) != 1) {
    return fail(Code::internal, "the key does not sign");
  }
  const auto* at = bytes_of(der);
  const EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  if (signature == nullptr) return fail(Code::internal, "the key signs in no known form");
  return padded(ECDSA_SIG_get0_r(signature.get())) + padded(ECDSA_SIG_get0_s(signature.get()));
}

bool SigningKey::verify(std::string_view message, std::string_view signature) const {
  if (signature.size() != 2 * half) return false;
  const EcdsaSignature parts(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes_of(signature), static_cast<int>(half), nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(signature.substr(half)), static_cast<int>(half), nullptr);
  if (parts == nullptr || ECDSA_SIG_set0(parts.get(), r, s) != 1) return false;
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(der, [](unsigned char* p) { OPENSSL_free(p); });
  if (size <= 0) return false;
  const Context context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(size), bytes_of(message), message.size()) == 1;
}

}  // namespace slipway::core
