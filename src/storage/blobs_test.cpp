#include "storage/blobs.hpp"

#include <doctest/doctest.h>

#include <sys/file.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "storage/test_directory.hpp"

using namespace slipway;
using storage::BlobStore;
using storage::TestDirectory;
namespace fs = std::filesystem;

namespace {

std::unique_ptr<BlobStore> opened(const std::string& path) {
  auto blobs = storage::open_directory_blobs(path);
  REQUIRE_MESSAGE(blobs.has_value(), blobs.error().render());
  return std::move(*blobs);
}

std::string file_with(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string file_of(const std::string& directory, const Digest& digest) {
  return directory + "/sha256/" + digest.hex().substr(0, 2) + "/" + digest.hex();
}

std::size_t files_below(const std::string& path) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path)) count += entry.is_regular_file() ? 1 : 0;
  return count;
}

void overwrite(const std::string& path, const std::string& bytes) {
  fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

TEST_CASE("blobs are found by their digest, in a directory and in memory") {
  TestDirectory directory;
  std::unique_ptr<BlobStore> stores[] = {opened(directory.path() + "/deep/er/blobs"), storage::make_memory_blobs()};
  for (auto& blobs : stores) {
    const std::string bytes("some\0bytes", 10);
    const auto digest = blobs->put(bytes);
    REQUIRE(digest.has_value());
    CHECK(*digest == Digest::of(bytes));
    CHECK(blobs->put(bytes).value() == *digest);
    CHECK(blobs->get(*digest).value() == bytes);
    CHECK(blobs->contains(*digest));
    const auto empty = blobs->put("").value();
    CHECK(blobs->get(empty).value() == "");
    const auto list = blobs->list().value();
    REQUIRE(list.size() == 2);
    CHECK(list[0].digest < list[1].digest);
    CHECK(list[0].size + list[1].size == 10);

    const auto absent = blobs->get(Digest::of("absent"));
    CHECK(absent.error().code == Code::not_found);
    CHECK(blobs->path_of(Digest::of("absent")).error().code == Code::not_found);
    CHECK(blobs->remove(*digest).has_value());
    CHECK(blobs->remove(*digest).has_value());
    CHECK(!blobs->contains(*digest));
    CHECK(blobs->list().value().size() == 1);
  }
}

TEST_CASE("a blob is a private read-only file that other programs can map") {
  TestDirectory directory;
  auto blobs = opened(directory.path() + "/blobs");
  const auto digest = blobs->put("weights").value();
  const std::string path = blobs->path_of(digest).value();
  CHECK(path == file_of(directory.path() + "/blobs", digest));
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0400);
  REQUIRE(::stat((directory.path() + "/blobs").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  CHECK(files_below(directory.path() + "/blobs/tmp") == 0);
  CHECK(storage::make_memory_blobs()->put("x").has_value());
}

TEST_CASE("files are copied in, and stay what they were when the original changes") {
  TestDirectory directory;
  auto blobs = opened(directory.path() + "/blobs");
  const std::string bytes(3'000'000, 'w');
  const std::string path = file_with(directory.path() + "/model.gguf", bytes);
  const auto stat = blobs->put_file(path);
  REQUIRE(stat.has_value());
  CHECK(stat->digest == Digest::of(bytes));
  CHECK(stat->size == bytes.size());
  file_with(path, "changed");
  CHECK(blobs->get(stat->digest).value() == bytes);
  // The same again is no second blob and leaves no temporary file.
  CHECK(blobs->put_file(file_with(path, bytes)).value().digest == stat->digest);
  CHECK(blobs->put_file(file_with(directory.path() + "/empty", "")).value().size == 0);
  CHECK(files_below(directory.path() + "/blobs") == 2);
  CHECK(blobs->put_file(directory.path() + "/none").error().code == Code::not_found);
  CHECK(blobs->put_file(directory.path()).error().code == Code::invalid_argument);
}

TEST_CASE("a file may be linked in only when its owner allows it") {
  TestDirectory directory;
  auto blobs = opened(directory.path() + "/blobs");
  const std::string path = file_with(directory.path() + "/model.gguf", "weights");
  const auto links = [&] { return fs::hard_link_count(path); };
  REQUIRE(blobs->put_file(path, true).has_value());
  CHECK(links() == 2);
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0222) == 0);
  REQUIRE(blobs->put_file(path, true).has_value());
  CHECK(links() == 2);
  CHECK(blobs->get(Digest::of("weights")).value() == "weights");
  const std::string other = file_with(directory.path() + "/other.gguf", "others");
  REQUIRE(blobs->put_file(other, false).has_value());
  CHECK(fs::hard_link_count(other) == 1);
  CHECK(files_below(directory.path() + "/blobs/tmp") == 0);
}

TEST_CASE("a corrupt blob is data loss, never an answer") {
  TestDirectory directory;
  auto blobs = opened(directory.path() + "/blobs");
  const auto digest = blobs->put("the right bytes").value();
  const std::string path = file_of(directory.path() + "/blobs", digest);
  overwrite(path, "the wrong bytes");
  CHECK(blobs->get(digest).error().code == Code::data_loss);
  CHECK(blobs->path_of(digest).error().code == Code::data_loss);
  CHECK(blobs->get(digest).error().hint.find(path) != std::string::npos);
  REQUIRE(blobs->remove(digest).has_value());
  CHECK(blobs->put("the right bytes").has_value());
  CHECK(blobs->get(digest).has_value());
  // One that lost its tail is mended by putting it again.
  overwrite(path, "the right");
  CHECK(blobs->get(digest).error().code == Code::data_loss);
  CHECK(blobs->put("the right bytes").has_value());
  CHECK(blobs->get(digest).value() == "the right bytes");
}

TEST_CASE("what this process has read is known at once, until the file changes") {
  TestDirectory directory;
  const std::string place = directory.path() + "/blobs";
  auto blobs = opened(place);
  const auto digest = blobs->put("the right bytes").value();
  const std::string path = file_of(place, digest);
  auto change = [&, hours = 0](const std::string& bytes) mutable {
    overwrite(path, bytes);
    fs::last_write_time(path, fs::last_write_time(path) + std::chrono::hours(++hours));
  };
  CHECK(blobs->file_of(digest)->path == path);
  CHECK(blobs->file_of(digest)->size == 15);
  CHECK_FALSE(blobs->file_of(digest)->is_verified);
  REQUIRE(blobs->path_of(digest).has_value());
  CHECK(blobs->file_of(digest)->is_verified);

  change("the wrong bytes");
  CHECK_FALSE(blobs->file_of(digest)->is_verified);
  CHECK(blobs->path_of(digest).error().code == Code::data_loss);
  const auto damaged = blobs->file_of(digest);
  REQUIRE_FALSE(damaged.has_value());
  CHECK(damaged.error().code == Code::data_loss);
  CHECK(damaged.error().hint.contains(path));

  change("the right bytes");
  CHECK_FALSE(blobs->file_of(digest)->is_verified);
  CHECK(blobs->path_of(digest).value() == path);
  CHECK_FALSE(opened(place)->file_of(digest)->is_verified);  // another process
  REQUIRE(blobs->remove(digest).has_value());
  CHECK(blobs->file_of(digest).error().code == Code::not_found);
}

TEST_CASE("a file that was linked in has been read on the way, and a change is noticed") {
  TestDirectory directory;
  auto blobs = opened(directory.path() + "/blobs");
  REQUIRE(blobs->put_file(file_with(directory.path() + "/linked", "linked"), true).has_value());
  CHECK(blobs->file_of(Digest::of("linked"))->is_verified);
  overwrite(directory.path() + "/linked", "of another size");
  CHECK_FALSE(blobs->file_of(Digest::of("linked"))->is_verified);
  CHECK(blobs->path_of(Digest::of("linked")).error().code == Code::data_loss);
}

TEST_CASE("reading a large file stops when asked to, and leaves nothing") {
  TestDirectory directory;
  auto blobs = opened(directory.path() + "/blobs");
  const std::string path = file_with(directory.path() + "/model.gguf", "weights");
  std::stop_source stopped;
  stopped.request_stop();
  for (const bool may_link : {false, true})
    CHECK(blobs->put_file(path, may_link, stopped.get_token()).error().code == Code::cancelled);
  CHECK(files_below(directory.path() + "/blobs") == 0);
  const auto digest = blobs->put("weights").value();
  CHECK(blobs->path_of(digest, stopped.get_token()).error().code == Code::cancelled);
  CHECK(blobs->path_of(digest).has_value());
  CHECK(blobs->path_of(digest, stopped.get_token()).has_value());
}

TEST_CASE("a put that fails leaves nothing behind") {
  TestDirectory directory;
  if (!directory.mount_tmpfs("256k")) {
    MESSAGE("skipped: no right to mount");
    return;
  }
  TestDirectory elsewhere;
  auto blobs = opened(directory.path() + "/blobs");
  const std::string large(1'000'000, 'x');
  const std::string path = file_with(elsewhere.path() + "/large", large);
  for (int i = 0; i < 3; ++i) {
    const auto put = blobs->put(large);
    REQUIRE(!put.has_value());
    CHECK(put.error().code == Code::resource_exhausted);
    CHECK(put.error().hint == "free some disk space and try again");
    CHECK(blobs->put_file(path).error().code == Code::resource_exhausted);
    CHECK(blobs->put_file(path, true).error().code == Code::resource_exhausted);
    CHECK(files_below(directory.path()) == 0);
  }
  CHECK(blobs->put("small").has_value());
  CHECK(blobs->list().value().size() == 1);
}

TEST_CASE("a place that cannot be written is told when it is opened") {
  TestDirectory directory;
  file_with(directory.path() + "/file", "x");
  const auto blobs = storage::open_directory_blobs(directory.path() + "/file");
  REQUIRE(!blobs.has_value());
  CHECK(blobs.error().code == Code::failed_precondition);
}

TEST_CASE("what a killed process left is removed, what a living one writes is not") {
  TestDirectory directory;
  (void)opened(directory.path() + "/blobs");
  const std::string dead = file_with(directory.path() + "/blobs/tmp/1-1", "half");
  const std::string living = file_with(directory.path() + "/blobs/tmp/2-1", "half");
  const int writer = ::open(living.c_str(), O_RDWR);
  REQUIRE(::flock(writer, LOCK_EX) == 0);
  (void)opened(directory.path() + "/blobs");
  CHECK(!fs::exists(dead));
  CHECK(fs::exists(living));
  ::close(writer);
  (void)opened(directory.path() + "/blobs");
  CHECK(!fs::exists(living));
}

TEST_CASE("foreign files are not blobs") {
  TestDirectory directory;
  auto blobs = opened(directory.path() + "/blobs");
  (void)blobs->put("x");
  fs::create_directories(directory.path() + "/blobs/sha256/zz");
  file_with(directory.path() + "/blobs/sha256/zz/README", "hello");
  CHECK(blobs->list().value().size() == 1);
}

TEST_CASE("threads may put the same bytes at once") {
  TestDirectory directory;
  auto blobs = opened(directory.path() + "/blobs");
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) {
          const auto digest = blobs->put("blob " + std::to_string(i));
          if (!digest || !blobs->get(*digest)) ++failures;
        }
      });
    }
  }
  CHECK(failures == 0);
  CHECK(blobs->list().value().size() == 20);
  CHECK(files_below(directory.path() + "/blobs") == 20);
}

TEST_CASE("in memory a blob's path is one that the simulated world knows") {
  auto blobs = storage::make_memory_blobs();
  const auto digest = blobs->put("x").value();
  const std::string path = blobs->path_of(digest).value();
  CHECK(path == "/sim/blobs/" + digest.hex());
  CHECK(blobs->put_file(path).value().digest == digest);
  CHECK(blobs->put_file("/sim/blobs/" + Digest::of("y").hex()).error().code == Code::not_found);
}
