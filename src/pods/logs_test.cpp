#include "pods/logs.hpp"

#include <doctest/doctest.h>

#include "pods/shim/log_writer.hpp"

namespace slipway::pods {
namespace {

using namespace std::chrono_literals;
constexpr Time morning = Time(1'795'428'000s);

TEST_CASE("Logs: what a container writes comes back as it was, however it was cut") {
  const std::string written = "first\n\nthird " + std::string(40'000, 'x') + "\nwithout an end";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{16'384}, written.size()}) {
    shim::CriLines lines("stdout");
    std::string cri;
    for (std::size_t at = 0; at < written.size(); at += piece) lines.feed(written.substr(at, piece), morning, cri);
    lines.finish(morning, cri);
    CHECK(render_log(cri, {}) == written + "\n");
  }
}

TEST_CASE("Logs: a line carries its time, its stream and whether it goes on") {
  shim::CriLines lines("stderr");
  std::string cri;
  lines.feed("ready\n", morning, cri);
  CHECK(cri == core::render_rfc3339_micro(morning) + " stderr F ready\n");
}

TEST_CASE("Logs: the last lines, those since a time, with their times") {
  std::string cri;
  shim::CriLines lines("stdout");
  for (int i = 1; i <= 5; ++i) lines.feed(std::to_string(i) + "\n", morning + std::chrono::seconds(i), cri);
  LogQuery query;
  query.tail_lines = 2;
  CHECK(render_log(cri, query) == "4\n5\n");
  query.tail_lines = 0;
  CHECK(render_log(cri, query).empty());
  query = {};
  query.since = morning + 4s;
  CHECK(render_log(cri, query) == "4\n5\n");
  query.timestamps = true;
  query.tail_lines = 1;
  CHECK(render_log(cri, query) == core::render_rfc3339_micro(morning + 5s) + " 5\n");
  query = {};
  query.limit_bytes = 3;
  CHECK(render_log(cri, query) == "1\n2");
}

TEST_CASE("Logs: a line that comes in parts, as a follower gets them, is one line") {
  shim::CriLines lines("stdout");
  std::string first, second;
  lines.feed(std::string(20'000, 'x'), morning, first);
  lines.feed("end\nnext\n", morning, second);
  bool is_inside_line = false;
  std::string seen = render_log(first, {}, is_inside_line);
  CHECK(is_inside_line);
  seen += render_log(second, {}, is_inside_line);
  CHECK(seen == std::string(20'000, 'x') + "end\nnext\n");
  CHECK_FALSE(is_inside_line);
}

TEST_CASE("Logs: what a full disk does not take is counted") {
  shim::LogFile file("/dev/full", 100);
  file.append("some words\n");
  CHECK(file.lost() == 11);
}

}  // namespace
}  // namespace slipway::pods
