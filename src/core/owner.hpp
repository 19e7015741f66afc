#pragma once
// Releases: a deleter that calls a C library's own function, for std::unique_ptr: std::unique_ptr<BIO,
// Releases<BIO_free_all>>. Knows no library.

namespace slipway::core {

template <auto release>
struct Releases {
  template <class T>
  void operator()(T* held) const {
    release(held);
  }
};

}  // namespace slipway::core
