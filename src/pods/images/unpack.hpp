#pragma once
// Unpacks an image into a directory, layer upon layer. Nothing is written outside of it, whatever a layer says, and
// nothing is there before all of it is: see unpack(). Slow: for the background.

#include <stop_token>

#include "pods/images.hpp"
#include "pods/images/archive.hpp"

namespace slipway::pods::images {

// Makes `directory`, in which the image's files are then, and waits for the disk. Who is not root owns all files and
// gets no set-user-id ones. data_loss: a digest is wrong or a layer is broken; then, and when it is stopped, what is
// there is half of it, and the caller's to remove.
Result<> unpack(const Image& image, const std::string& directory, const std::stop_token& stop);

// Who `user` ("app", "app:staff", "1000:1000") is by the files of the image in `directory`. not_found: it is not in
// them.
Result<ImageRuntime::User> user_in(const std::string& directory, const std::string& user);

}  // namespace slipway::pods::images
