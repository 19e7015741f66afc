#include "pods/images/archive.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "pods/images.hpp"
#include "pods/images/streams.hpp"

namespace slipway::pods::images {
namespace {

using core::Descriptor;
using core::Digest;

constexpr std::uint64_t most_text = 4 * 1024 * 1024;  // of a document
constexpr int most_indexes = 3;                       // inside each other

#ifdef __x86_64__
constexpr const char* our_architecture = "amd64";
#else
constexpr const char* our_architecture = "arm64";
#endif

std::unexpected<Error> broken(const std::string& why) { return fail(Code::data_loss, "a broken image: " + why); }

Result<Blob> open_file(const std::string& path) {
  auto file = std::make_shared<Descriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (!*file || ::fstat(file->get(), &status) != 0)
    return fail(errno == ENOENT ? Code::not_found : Code::permission_denied,
                "cannot open " + path + ": " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return fail(Code::invalid_argument, path + " is no file");
  return Blob{std::move(file), 0, static_cast<std::uint64_t>(status.st_size)};
}

ReadBytes reader_of(const Blob& blob) { return read_part(blob.file->get(), blob.begin, blob.size); }

// The files of a layout, in a directory or in a tar.
class Members {
 public:
  static Result<Members> open(const std::string& path) {
    Members members;
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
      members.directory_ = path;
      return members;
    }
    TRY_ASSIGN(const Blob whole, open_file(path));
    TarReader tar(reader_of(whole));
    while (true) {
      auto entry = tar.next();
      if (!entry && members.files_.empty())
        return fail(Code::invalid_argument, path + " is no image: neither an OCI layout nor a tar of docker save",
                    "gzip -d a compressed archive first");
      if (!entry) return fail(std::move(entry).error());
      if (!*entry) return members;
      if ((*entry)->kind == TarEntry::Kind::file)
        members.files_[(*entry)->path] = Blob{whole.file, tar.position(), (*entry)->size};
    }
  }

  // `name` is none that came from outside but as a digest or a plain path.
  Result<Blob> find(const std::string& name) const {
    if (!directory_.empty()) return open_file(directory_ + "/" + name);
    const auto found = files_.find(name);
    if (found == files_.end()) return fail(Code::not_found, "there is no " + name + " in it");
    return found->second;
  }

  Result<std::string> read(const std::string& name) const {
    TRY_ASSIGN(const Blob blob, find(name));
    if (blob.size > most_text) return broken(name + " is too large");
    std::string text(static_cast<std::size_t>(blob.size), '\0');
    const ReadBytes read = reader_of(blob);
    for (std::size_t at = 0; at < text.size();) {
      TRY_ASSIGN(const std::size_t got, read(std::span(text).subspan(at)));
      if (got == 0) return broken(name + " ends too early");
      at += got;
    }
    return text;
  }

 private:
  std::string directory_;
  std::map<std::string, Blob> files_;
};

std::string path_of(const Digest& digest) { return "blobs/sha256/" + digest.hex(); }

Result<Digest> digest_in(const doc::Value& descriptor) {
  auto digest = Digest::parse(descriptor["digest"].string_or(""));
  if (!digest) return broken("a descriptor has no sha256 digest");
  return digest;
}

Result<std::string> read_blob(const Members& members, const Digest& digest) {
  TRY_ASSIGN(std::string text, members.read(path_of(digest)));
  if (Digest::of(text) != digest) return broken(digest.text() + " has other contents than its digest says");
  return text;
}

std::vector<std::string> strings_in(const doc::Value& list) {
  std::vector<std::string> strings;
  for (std::size_t i = 0; i < list.size(); ++i) strings.push_back(list[i].string_or(""));
  return strings;
}

bool is_named(const doc::Value& descriptor, const std::string& name) {
  const doc::Value& notes = descriptor["annotations"];
  for (const char* key : {"io.containerd.image.name", "org.opencontainers.image.ref.name"}) {
    const std::string given = notes[key].string_or("");
    if (!given.empty() && plain_image_name(given) == plain_image_name(name)) return true;
  }
  return false;
}

bool is_for_us(const doc::Value& descriptor) {
  const doc::Value& platform = descriptor["platform"];
  return platform["os"].string_or("") == "linux" && platform["architecture"].string_or("") == our_architecture;
}

template <class Predicate>
const doc::Value* only_one(const doc::Value& list, Predicate is_wanted) {
  const doc::Value* found = nullptr;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!is_wanted(list[i])) continue;
    if (found != nullptr) return nullptr;
    found = &list[i];
  }
  return found;
}

Result<Digest> choose(const doc::Value& index, const std::string& name) {
  const doc::Value& list = index["manifests"];
  const auto is_meant = [&](const doc::Value& each) { return is_named(each, name); };
  const bool is_any_meant = std::ranges::any_of(list.as_array(), is_meant);
  const auto may_be = [&](const doc::Value& each) { return !is_any_meant || is_meant(each); };
  const doc::Value* chosen = only_one(list, may_be);
  if (chosen == nullptr)
    chosen = only_one(list, [&](const doc::Value& each) { return may_be(each) && is_for_us(each); });
  if (chosen == nullptr) return fail(Code::not_found, "none, or more than one, of its images is \"" + name + "\"");
  return digest_in(*chosen);
}

Result<Image> from_layout(const Members& members, const std::string& name) {
  TRY_ASSIGN(const std::string text, members.read("index.json"));
  TRY_ASSIGN(doc::Value document, doc::parse_json(text, "index.json"));
  for (int depth = 0; document["manifests"].is_array(); ++depth) {
    if (depth == most_indexes) return broken("its indexes do not end");
    TRY_ASSIGN(const Digest next, choose(document, name));
    TRY_ASSIGN(const std::string inner, read_blob(members, next));
    TRY_ASSIGN(document, doc::parse_json(inner, "manifest"));
  }
  Image image;
  TRY_ASSIGN(image.id, digest_in(document["config"]));
  TRY_ASSIGN(const std::string config, read_blob(members, image.id));
  TRY_ASSIGN(auto parsed, parse_config(config));
  image.config = std::move(parsed.first);
  const doc::Value& layers = document["layers"];
  if (layers.size() != parsed.second.size()) return broken("manifest and config do not have the same layers");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    TRY_ASSIGN(const Digest digest, digest_in(layers[i]));
    TRY_ASSIGN(const Blob blob, members.find(path_of(digest)));
    image.layers.push_back({blob, digest, parsed.second[i]});
  }
  return image;
}

Result<Image> from_docker(const Members& members, const std::string& name) {
  TRY_ASSIGN(const std::string text, members.read("manifest.json"));
  TRY_ASSIGN(const doc::Value list, doc::parse_json(text, "manifest.json"));
  const auto has_name = [&](const doc::Value& each) {
    for (const auto& tag : strings_in(each["RepoTags"])) {
      if (plain_image_name(tag) == plain_image_name(name)) return true;
    }
    return false;
  };
  const doc::Value* chosen = list.size() == 1 ? &list[0] : only_one(list, has_name);
  if (chosen == nullptr) return fail(Code::not_found, "none, or more than one, of its images is \"" + name + "\"");
  TRY_ASSIGN(const std::string config_at, plain_path((*chosen)["Config"].string_or("")));
  TRY_ASSIGN(const std::string config, members.read(config_at));
  Image image;
  image.id = Digest::of(config);
  if (config_at.find(image.id.hex()) == std::string::npos)
    return broken("its config has other contents than its name says");
  TRY_ASSIGN(auto parsed, parse_config(config));
  image.config = std::move(parsed.first);
  const auto layers = strings_in((*chosen)["Layers"]);
  if (layers.size() != parsed.second.size()) return broken("manifest and config do not have the same layers");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    TRY_ASSIGN(const std::string layer_at, plain_path(layers[i]));
    TRY_ASSIGN(const Blob blob, members.find(layer_at));
    image.layers.push_back({blob, std::nullopt, parsed.second[i]});
  }
  return image;
}

}  // namespace

Result<std::pair<ImageConfig, std::vector<Digest>>> parse_config(std::string_view json) {
  TRY_ASSIGN(const doc::Value document, doc::parse_json(json, "config"));
  const std::string system = document["os"].string_or("linux");
  const std::string architecture = document["architecture"].string_or(our_architecture);
  if (system != "linux" || architecture != our_architecture)
    return fail(Code::invalid_argument,
                "it is for " + system + "/" + architecture + ", and this machine is linux/" + our_architecture);
  const doc::Value& given = document["config"];
  ImageConfig config;
  config.entrypoint = strings_in(given["Entrypoint"]);
  config.command = strings_in(given["Cmd"]);
  for (const auto& variable : strings_in(given["Env"])) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos || equals == 0) return broken("a variable of its environment has no name");
    config.environment.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  config.directory = given["WorkingDir"].string_or("");
  config.user = given["User"].string_or("");
  std::vector<Digest> contents;
  for (const auto& text : strings_in(document["rootfs"]["diff_ids"])) {
    auto digest = Digest::parse(text);
    if (!digest) return broken("its config names a layer without a sha256 digest");
    contents.push_back(*digest);
  }
  return std::pair{std::move(config), std::move(contents)};
}

Result<Image> open_image(const std::string& path, const std::string& name) {
  TRY_ASSIGN(const Members members, Members::open(path));
  if (members.find("index.json")) return from_layout(members, name);
  if (members.find("manifest.json")) return from_docker(members, name);
  return fail(Code::invalid_argument, path + " is no image: it has neither index.json nor manifest.json");
}

}  // namespace slipway::pods::images
