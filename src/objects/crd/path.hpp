#pragma once
// Path: where in a document one is, as Kubernetes writes it: spec.ports[0].name, spec.labels[app]. For walks that go
// down and come back. Not for looking anything up.

#include <string>
#include <string_view>

namespace slipway::objects::crd {

class Path {
 public:
  Path() = default;
  explicit Path(std::string start) : text_(std::move(start)) {}

  const std::string& text() const { return text_; }
  std::string child_text(std::string_view name) const {
    return text_.empty() ? std::string(name) : text_ + "." + std::string(name);
  }
  std::string index_text(std::size_t index) const { return text_ + "[" + std::to_string(index) + "]"; }
  std::string key_text(std::string_view key) const { return text_ + "[" + std::string(key) + "]"; }

  // One step down, taken back at the end of the scope.
  class Step {
   public:
    Step(Path& path, std::string longer) : path_(path), length_(path.text_.size()) { path.text_ = std::move(longer); }
    ~Step() { path_.text_.resize(length_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Path& path_;
    std::size_t length_;
  };
  [[nodiscard]] Step child(std::string_view name) { return {*this, child_text(name)}; }
  [[nodiscard]] Step index(std::size_t index) { return {*this, index_text(index)}; }
  [[nodiscard]] Step key(std::string_view key) { return {*this, key_text(key)}; }

 private:
  std::string text_;
};

}  // namespace slipway::objects::crd
