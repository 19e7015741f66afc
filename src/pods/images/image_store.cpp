#include "pods/images/image_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/log.hpp"
#include "core/world/real.hpp"
#include "pods/images/unpack.hpp"

namespace slipway::pods::images {
namespace {

constexpr const char* unpacking = ".unpacking-";
constexpr const char* record_file = "image.json";
constexpr const char* sources_file = "sources.json";
constexpr Duration first_wait = std::chrono::seconds(10);  // as a kubelet waits
constexpr Duration longest_wait = std::chrono::seconds(300);

// What changes when somebody puts another archive there. A directory's own time tells of its index.
std::string stamp_of(const std::string& archive) {
  struct stat status{};
  if (::stat((archive + "/index.json").c_str(), &status) != 0 && ::stat(archive.c_str(), &status) != 0) return "";
  return std::to_string(status.st_ino) + " " + std::to_string(status.st_size) + " " +
         std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

doc::Array from_strings(const std::vector<std::string>& strings) { return {strings.begin(), strings.end()}; }

std::vector<std::string> to_strings(const doc::Value& list) {
  std::vector<std::string> strings;
  for (std::size_t i = 0; i < list.size(); ++i) strings.push_back(list[i].string_or(""));
  return strings;
}

std::string render(const ImageRuntime& image) {
  doc::Array environment;
  for (const auto& [name, value] : image.environment) environment.emplace_back(name + "=" + value);
  const ImageRuntime::User user = image.user.value_or(ImageRuntime::User{});
  return doc::render_json(
      doc::Object{{"id", image.id},
                  {"entrypoint", from_strings(image.command)},
                  {"command", from_strings(image.args)},
                  {"environment", std::move(environment)},
                  {"directory", image.directory},
                  {"user", doc::Object{{"user", user.user}, {"group", user.group}, {"byName", user.is_by_name}}}});
}

Result<ImageRuntime> parse(const std::string& text, const std::string& directory) {
  TRY_ASSIGN(const doc::Value record, doc::parse_json(text, record_file));
  ImageRuntime image;
  image.id = record["id"].string_or("");
  image.command = to_strings(record["entrypoint"]);
  image.args = to_strings(record["command"]);
  for (const auto& variable : to_strings(record["environment"])) {
    const std::size_t equals = std::min(variable.find('='), variable.size());
    image.environment.emplace_back(variable.substr(0, equals), variable.substr(std::min(equals + 1, variable.size())));
  }
  image.directory = record["directory"].string_or("");
  const doc::Value& user = record["user"];
  image.user = ImageRuntime::User{user["user"].int_or(0), user["group"].int_or(0), user["byName"].bool_or(false)};
  image.root = directory + "/root";
  return image;
}

// Everything under another name until it is whole.
Result<ImageRuntime> unpack_once(const std::string& archive, const std::string& name, const std::string& directory,
                                 const std::stop_token& stop) {
  core::Files& files = core::real_files();
  TRY_ASSIGN(const Image image, open_image(archive, name));
  const std::string place = directory + "/" + image.id.hex();
  if (auto there = files.read(place + "/" + record_file)) return parse(*there, place);
  const std::string making = directory + "/" + unpacking + core::Digest::of(archive + '\0' + name).hex();
  TRY(files.make_directories(directory));
  TRY(files.remove_tree(making));
  TRY(files.make_directories(making));
  const auto make = [&]() -> Result<ImageRuntime> {
    TRY(unpack(image, making + "/root", stop));
    ImageRuntime made;
    made.id = image.id.text();
    made.command = image.config.entrypoint;
    made.args = image.config.command;
    made.environment = image.config.environment;
    made.directory = image.config.directory;
    made.root = place + "/root";
    TRY_ASSIGN(made.user, user_in(making + "/root", image.config.user));
    TRY(files.write_atomic(making + "/" + record_file, render(made)));
    if (::rename(making.c_str(), place.c_str()) != 0 && errno != EEXIST && errno != ENOTEMPTY)  // by another archive
      return fail(Code::internal, "cannot make " + place + ": " + std::strerror(errno));
    return made;
  };
  auto made = make();
  TRY(files.remove_tree(making));
  return made;
}

}  // namespace

ImageStore::ImageStore(core::World& world, std::string directory)
    : world_(world), directory_(std::move(directory)), background_(world.background) {}

void ImageStore::load() {
  if (std::exchange(is_loaded_, true)) return;
  const auto names = world_.files.list(directory_);
  if (!names) return;
  for (const auto& name : *names) {
    const std::string place = directory_ + "/" + name;
    if (name.starts_with(unpacking)) [[maybe_unused]]
      auto removed = world_.files.remove_tree(place);
    auto text = world_.files.read(place + "/" + record_file);
    auto image = text ? parse(*text, place) : Result<ImageRuntime>(fail(std::move(text).error()));
    if (image && image->id == "sha256:" + name) images_[image->id] = std::move(*image);
  }
  const auto sources = doc::parse_json(world_.files.read(directory_ + "/" + sources_file).value_or("[]"), sources_file);
  for (std::size_t i = 0; sources && i < sources->size(); ++i) {
    const doc::Value& each = (*sources)[i];
    sources_[{each["archive"].string_or(""), each["name"].string_or("")}] = {each["digest"].string_or(""),
                                                                             each["stamp"].string_or("")};
  }
}

Result<> ImageStore::save_sources() {
  doc::Array list;
  for (const auto& [key, source] : sources_)
    list.emplace_back(
        doc::Object{{"archive", key.first}, {"name", key.second}, {"digest", source.digest}, {"stamp", source.stamp}});
  return world_.files.write_atomic(directory_ + "/" + sources_file, doc::render_json(std::move(list)));
}

const ImageRuntime* ImageStore::find(const std::string& archive, const std::string& name) {
  load();
  const auto source = sources_.find({archive, name});
  if (source == sources_.end()) return nullptr;
  const auto image = images_.find(source->second.digest);
  return image == images_.end() ? nullptr : &image->second;
}

bool ImageStore::is_current(const std::string& archive, const std::string& name) {
  const auto source = sources_.find({archive, name});
  return find(archive, name) != nullptr && source->second.stamp == stamp_of(archive);
}

ImageStore::Pull ImageStore::pull(const std::string& archive, const std::string& name, std::function<void()> changed) {
  load();
  const Key key{archive, name};
  Pull& pull = pulls_[key];
  const Instant now = world_.clock.monotonic();
  if (!pull.is_running && now < pull.again_at) return pull;
  waiting_[key].push_back(std::move(changed));
  if (std::exchange(pull.is_running, true)) return pull;
  background_.run([archive, name, directory = directory_](
                      std::stop_token stop) { return unpack_once(archive, name, directory, stop); },
                  [this, key, now, stamp = stamp_of(archive)](Result<ImageRuntime> unpacked) {
                    finish(key, stamp, now, std::move(unpacked));
                  });
  return pull;
}

void ImageStore::finish(const Key& key, const std::string& stamp, Instant began, Result<ImageRuntime> unpacked) {
  Pull& pull = pulls_[key];
  pull.is_running = false;
  const Instant now = world_.clock.monotonic();
  pull.took = now - began;
  if (unpacked) {
    sources_[key] = {unpacked->id, stamp};
    const std::string id = unpacked->id;
    images_[id] = std::move(*unpacked);
    pull.problem.clear();
    pull.failures = 0;
    pull.again_at = {};
    if (auto saved = save_sources(); !saved)
      log::warn("pods", "an image is unpacked again after a start", {{"error", saved.error().one_line()}});
    log::info("pods", "image unpacked", {{"archive", key.first}, {"digest", id}});
  } else {
    pull.problem = unpacked.error().one_line();
    pull.again_at = now + std::min(first_wait * (1 << std::min(pull.failures, 5)), longest_wait);
    ++pull.failures;
    log::warn("pods", "image not unpacked", {{"archive", key.first}, {"error", pull.problem}});
  }
  for (auto& changed : std::exchange(waiting_[key], {})) changed();
}

}  // namespace slipway::pods::images
