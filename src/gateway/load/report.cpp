#include "gateway/load/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace slipway::gateway::load {
namespace {

constexpr std::size_t most_samples = 1'000'000;

doc::Value to_json(const Quantiles& q) {
  if (q.count == 0) return nullptr;
  return doc::Object{{"count", std::uint64_t{q.count}},
                     {"p50", q.p50},
                     {"p90", q.p90},
                     {"p95", q.p95},
                     {"p99", q.p99},
                     {"max", q.max}};
}

std::string milliseconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, seconds < 0.0995 ? "%9.2f" : "%9.0f", seconds * 1000);
  return text;
}

void row(std::string& out, const char* name, const Quantiles& q) {
  char head[32];
  std::snprintf(head, sizeof head, "%-16s", name);
  out += head;
  if (q.count == 0) {
    out += "   no data\n";
    return;
  }
  for (double value : {q.p50, q.p90, q.p95, q.p99, q.max}) out += milliseconds(value);
  out += "\n";
}

}  // namespace

void Tally::keep(Samples& samples, core::Duration value) {
  if (samples.size() >= most_samples) samples.erase(samples.begin(), samples.begin() + most_samples / 2);
  samples.push_back(static_cast<float>(std::chrono::duration<double>(value).count()));
}

void Tally::add(const Finished& f) {
  SubsetReport& subset = report_.subsets[f.subset];
  ++subset.requests;
  if (f.ok()) {
    ++report_.succeeded;
    keep(total_, f.total);
    if (f.first_token) {
      keep(first_, *f.first_token);
      keep(first_by_subset_[f.subset], *f.first_token);
    }
  } else {
    ++report_.failed;
    ++report_.errors[f.error];
    ++subset.errors;
  }
}

// Nearest rank: the smallest value that at least that share of the samples does not exceed.
Quantiles Tally::quantiles(Samples samples) {
  Quantiles q;
  q.count = samples.size();
  if (samples.empty()) return q;
  std::sort(samples.begin(), samples.end());
  const auto at = [&](double share) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(samples.size())));
    return static_cast<double>(samples[std::max<std::size_t>(rank, 1) - 1]);
  };
  q.p50 = at(0.50);
  q.p90 = at(0.90);
  q.p95 = at(0.95);
  q.p99 = at(0.99);
  q.max = static_cast<double>(samples.back());
  return q;
}

LoadReport Tally::report(double seconds) const {
  LoadReport out = report_;
  out.seconds = seconds;
  out.achieved_rate = seconds > 0 ? static_cast<double>(out.succeeded + out.failed) / seconds : 0;
  out.first_token = quantiles(first_);
  out.between_tokens = quantiles(gaps_);
  out.total = quantiles(total_);
  for (auto& [name, subset] : out.subsets) {
    if (const auto found = first_by_subset_.find(name); found != first_by_subset_.end())
      subset.first_token = quantiles(found->second);
  }
  return out;
}

doc::Value to_json(const LoadReport& r) {
  doc::Object errors, subsets;
  for (const auto& [kind, count] : r.errors) errors.set(kind, count);
  for (const auto& [name, s] : r.subsets) {
    subsets.set(
        name,
        doc::Object{{"requests", s.requests}, {"errors", s.errors}, {"firstTokenSeconds", to_json(s.first_token)}});
  }
  return doc::Object{{"sent", r.sent},
                     {"succeeded", r.succeeded},
                     {"failed", r.failed},
                     {"abandoned", r.abandoned},
                     {"seconds", r.seconds},
                     {"requestsPerSecond", r.achieved_rate},
                     {"firstTokenSeconds", to_json(r.first_token)},
                     {"betweenTokensSeconds", to_json(r.between_tokens)},
                     {"totalSeconds", to_json(r.total)},
                     {"errors", std::move(errors)},
                     {"subsets", std::move(subsets)}};
}

std::string to_table(const LoadReport& r) {
  char line[160];
  std::snprintf(line, sizeof line, "%llu requests in %.1f s (%.2f/s): %llu succeeded, %llu failed",
                static_cast<unsigned long long>(r.succeeded) + r.failed, r.seconds, r.achieved_rate,
                static_cast<unsigned long long>(r.succeeded), static_cast<unsigned long long>(r.failed));
  std::string out = line;
  if (r.abandoned > 0) out += ", " + std::to_string(r.abandoned) + " cut at the end";
  out += "\n\n                       p50      p90      p95      p99      max   milliseconds\n";
  row(out, "first token", r.first_token);
  row(out, "between tokens", r.between_tokens);
  row(out, "whole answer", r.total);
  if (!r.errors.empty()) {
    out += "\nfailures\n";
    for (const auto& [kind, count] : r.errors) {
      std::snprintf(line, sizeof line, "  %-20.60s %llu\n", kind.c_str(), static_cast<unsigned long long>(count));
      out += line;
    }
  }
  if (r.subsets.size() > 1 || (r.subsets.size() == 1 && !r.subsets.begin()->first.empty())) {
    out += "\nsubset           requests  share  failed   first token p95\n";
    const double all = static_cast<double>(std::max<std::uint64_t>(1, r.succeeded + r.failed));
    for (const auto& [name, s] : r.subsets) {
      std::snprintf(line, sizeof line, "%-16.40s %8llu %5.1f%% %7llu   %s\n", name.empty() ? "(none)" : name.c_str(),
                    static_cast<unsigned long long>(s.requests), 100 * static_cast<double>(s.requests) / all,
                    static_cast<unsigned long long>(s.errors),
                    s.first_token.count ? milliseconds(s.first_token.p95).c_str() : "  no data");
      out += line;
    }
  }
  return out;
}

}  // namespace slipway::gateway::load
