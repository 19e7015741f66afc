#include "pods/images.hpp"

#include <algorithm>

namespace slipway::pods {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t at = star; at <= text.size(); ++at) {
    if (matches(rest, text.substr(at))) return true;
  }
  return false;
}

doc::Array words(const std::vector<std::string>& list) { return {list.begin(), list.end()}; }

}  // namespace

// Without what is the same for every image of Docker's own registry, and with its tag.
std::string plain_image_name(std::string image) {
  for (const std::string_view prefix : {"docker.io/", "index.docker.io/", "library/"}) {
    if (image.starts_with(prefix)) image.erase(0, prefix.size());
  }
  const std::size_t slash = image.rfind('/');
  const bool has_tag = image.find(':', slash == std::string::npos ? 0 : slash) != std::string::npos;
  if (!has_tag && image.find('*') == std::string::npos) image += ":latest";
  return image;
}

const ImageRuntime* find_image(const std::vector<ImageRuntime>& images, const std::string& image) {
  const std::string wanted = plain_image_name(image);
  const auto found = std::ranges::find_if(
      images, [&](const ImageRuntime& each) { return matches(plain_image_name(each.match), wanted); });
  return found == images.end() ? nullptr : &*found;
}

doc::Value with_image(const doc::Value& container, const ImageRuntime* image) {
  doc::Value effective = container;
  if (image == nullptr || container["command"].size() > 0) return effective;
  const bool has_args = container["args"].size() > 0;
  if (image->command.empty()) {  // then the first of the args is the program
    effective.at_or_insert("command") = has_args ? container["args"] : doc::Value(words(image->args));
    effective.at_or_insert("args") = doc::Array{};
    return effective;
  }
  effective.at_or_insert("command") = words(image->command);
  if (!has_args) effective.at_or_insert("args") = words(image->args);
  return effective;
}

}  // namespace slipway::pods
