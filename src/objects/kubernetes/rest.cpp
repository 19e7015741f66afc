#include "objects/kubernetes/rest.hpp"

#include <algorithm>

#include "objects/kubernetes/status_error.hpp"

namespace slipway::objects::kubernetes {
namespace {

constexpr auto first_pause = std::chrono::milliseconds(50);
constexpr auto last_pause = std::chrono::seconds(2);
constexpr Duration question_to_the_away = std::chrono::milliseconds(500);
constexpr auto first_absence = std::chrono::milliseconds(500);
constexpr auto last_absence = std::chrono::seconds(5);
constexpr std::size_t largest_answer = 256 * 1024 * 1024;

bool is_read(const RestCall& call) { return call.method == "GET"; }

std::string where_of(const RestCall& call) { return call.method + " " + call.path.substr(0, call.path.find('?')); }

// Whether the server, or what stands before it, had a bad moment.
bool is_passing(int status) { return status == 429 || status >= 500; }

// What the server is not to blame for has its place in the kubeconfig.
Error explained(Error error, bool was_answered, const KubeConfig& config) {
  if (!was_answered && error.code == Code::failed_precondition) {  // its certificate
    error.code = Code::unauthenticated;
    error.hint = "certificate-authority and tls-server-name of cluster \"" + config.cluster +
                 "\" in the kubeconfig say whose certificate it must be";
  }
  if (was_answered && error.code == Code::unauthenticated) {
    const auto& source = !config.token_file.empty()         ? " in " + config.token_file
                         : !config.certificate_file.empty() ? " in " + config.certificate_file
                                                            : " in the kubeconfig";
    error.hint = "renew the credentials of user \"" + config.user + "\"" + source;
  }
  return error;
}

}  // namespace

Duration back_off(int failures, Duration first, Duration last, core::Random& random) {
  auto delay = first;
  for (int i = 1; i < failures && delay < last; ++i) delay *= 2;
  return std::chrono::duration_cast<Duration>(std::min(delay, last) * (0.5 + random.uniform() / 2));
}

Rest::Rest(core::Clock& clock, core::Random& random, Wire& wire, Credentials& credentials, Duration deadline)
    : clock_(clock), random_(random), wire_(wire), credentials_(credentials), deadline_(deadline) {}

Result<core::HttpRequest> Rest::request(const RestCall& call, Duration timeout) {
  core::HttpRequest request;
  request.method = call.method;
  request.url = credentials_.config().server + call.path;
  request.headers.emplace_back("Accept", "application/json");
  request.headers.emplace_back("User-Agent", "slipway");
  if (!call.body.empty()) request.headers.emplace_back("Content-Type", call.content_type);
  request.body = call.body;
  request.timeout = timeout;
  request.max_response = largest_answer;
  TRY(credentials_.authorize(request));
  return request;
}

void Rest::note_away(const Error& error) {
  const int times = away_ ? away_->times + 1 : 1;
  away_ = Away{error, clock_.monotonic() + back_off(times, first_absence, last_absence, random_), times};
}

Result<RestAnswer> Rest::call(const RestCall& call) {
  if (away_ && clock_.monotonic() < away_->ask_at) return fail(away_->error);
  const auto end = clock_.monotonic() + (away_ ? std::min(deadline_, question_to_the_away) : deadline_);
  const bool may_repeat = is_read(call) || call.may_repeat;
  bool has_renewed = false;
  was_repeated_ = false;
  for (int failures = 1;; ++failures) {
    TRY_ASSIGN(auto made, request(call, std::max<Duration>(end - clock_.monotonic(), std::chrono::milliseconds(1))));
    auto attempt = wire_.call(std::move(made));
    Duration wait{};
    Error error;
    bool is_worth_it = false;
    if (attempt.response) {
      away_.reset();
      const auto& response = *attempt.response;
      if (response.status >= 200 && response.status < 300) {
        auto body = doc::parse_json(response.body, "<answer of the API server>");
        if (body) return RestAnswer{response.status, std::move(*body)};
        return fail(Error(Code::unavailable, where_of(call) + " was not answered with JSON",
                          "is this the address of a Kubernetes API server?")
                        .because(std::move(body).error()));
      }
      if (response.status == 401 && !has_renewed && credentials_.renew()) {
        has_renewed = true;
        continue;
      }
      error = explained(error_of_response(response.status, response.body, where_of(call)), true, credentials_.config());
      wait = retry_after(response.headers);
      is_worth_it = response.status == 429 || (may_repeat && is_passing(response.status));
    } else {
      error = explained(std::move(attempt.response).error(), false, credentials_.config());
      is_worth_it = core::is_transient(error) && (may_repeat || !attempt.may_have_arrived);
    }
    if (away_) {
      note_away(error);
      return fail(std::move(error));
    }
    if (!is_worth_it) return fail(std::move(error));
    if (attempt.response ? attempt.response->status != 429 : attempt.may_have_arrived) was_repeated_ = true;
    wait = std::max(wait, back_off(failures, first_pause, last_pause, random_));
    if (clock_.monotonic() + wait >= end) {
      if (failures > 1) error.hint = "tried " + std::to_string(failures) + " times";
      if (!attempt.response) note_away(error);
      return fail(std::move(error));
    }
    wire_.pause(wait);
  }
}

}  // namespace slipway::objects::kubernetes
