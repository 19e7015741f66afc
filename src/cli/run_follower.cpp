#include "cli/run_follower.hpp"

#include <set>

#include "core/world/real.hpp"
#include "net/http.hpp"

namespace slipway::cli {
namespace {

bool is_over(std::string_view phase) {
  return phase == "Succeeded" || phase == "Failed" || phase == "Error" || phase == "Cancelled";
}

// Prints each step once when it ends, with the log's tail when it failed.
class Follower {
 public:
  explicit Follower(const Connection& connection) : connection_(connection), progress_("running") {}

  void show(const doc::Value& run) {
    std::string running;
    for (const doc::Value& step : run["steps"].is_array() ? run["steps"].as_array() : doc::Array{}) {
      const std::string name = step["name"].string_or(step["id"].string_or(""));
      const std::string phase = step["phase"].string_or("");
      if (phase == "Running") running += (running.empty() ? "" : ", ") + name;
      if (phase == "Pending" || phase == "Running" || phase.empty() || !told_.insert(step["id"].string_or(name)).second)
        continue;
      const std::string mark = phase == "Succeeded" ? green("ok  ") : phase == "Skipped" ? dim("skip") : red("FAIL");
      print_line(mark + " " + name + " " + step["message"].string_or(""));
      if (phase == "Failed" || phase == "Error") show_tail(run, step);
    }
    progress_.update(running.empty() ? run["phase"].string_or("") : running);
  }

 private:
  void show_tail(const doc::Value& run, const doc::Value& step) {
    auto log = fetch_text(connection_, "/api/slipway/v1/runs/" + net::url_encode(run["id"].string_or("")) +
                                           "/logs?step=" + net::url_encode(step["id"].string_or("")));
    if (!log) return;
    std::vector<std::string> lines;
    std::size_t start = 0;
    while (start < log->size()) {
      const std::size_t end = std::min(log->find('\n', start), log->size());
      lines.push_back(log->substr(start, end - start));
      start = end + 1;
    }
    for (std::size_t i = lines.size() > 10 ? lines.size() - 10 : 0; i < lines.size(); ++i)
      print_line("     | " + lines[i]);
  }

  const Connection& connection_;
  Progress progress_;
  std::set<std::string> told_;  // ids of steps: two jobs may each have one of the same name
};

}  // namespace

Result<doc::Value> follow_run(const Connection& connection, const std::string& id, core::Duration timeout) {
  Follower follower(connection);
  const core::Instant start = core::real_clock().monotonic();
  for (;;) {
    auto run = call(connection, "GET", "/api/slipway/v1/runs/" + net::url_encode(id));
    if (!run && run.error().code != Code::unavailable) return run;
    if (run) {
      follower.show(*run);
      if (is_over((*run)["phase"].string_or(""))) return run;
    }
    if (core::real_clock().monotonic() - start > timeout) {
      return fail(Code::deadline_exceeded, "run " + id + " is not finished after " + core::render_for_people(timeout),
                  "it goes on: slipway runs show " + id);
    }
    core::sleep_for(std::chrono::milliseconds(250));
  }
}

}  // namespace slipway::cli
