#pragma once
// Rest: requests to a Kubernetes API server, with credentials, a deadline and the one retry policy. Knows nothing of
// what the objects mean. Inside of objects.
//
// Retried until the deadline, with growing pauses and jitter, or as Retry-After says: reads, and writes that may be
// repeated, whatever went wrong on the way or in the server (429, 5xx); other writes only when the server surely did
// nothing: it could not be reached, or answered 429.
//
// A server that was not reached all that time is away: until it answers again, only now and then a call asks it, once
// and not for long, and the others fail at once. Whoever waits for the loop does not wait for a dead server.
//
// Thread: the control loop only. Blocks.

#include <optional>
#include <string>

#include "objects/kubernetes/credentials.hpp"
#include "objects/kubernetes/wire.hpp"

namespace slipway::objects::kubernetes {

struct RestCall {
  std::string method = "GET";
  std::string path;  // with the query: "/api/v1/pods?limit=5"
  std::string body;
  std::string content_type = "application/json";
  bool may_repeat = false;  // of writes: the same again changes nothing more
};

struct RestAnswer {
  int status = 0;
  doc::Value body;
};

class Rest {
 public:
  Rest(core::Clock& clock, core::Random& random, Wire& wire, Credentials& credentials, Duration deadline);

  // The body of a success; see status_error.hpp for the rest. Errors of the way have the codes of core::HttpClient.
  Result<RestAnswer> call(const RestCall& call);
  // A request without the policy, for streams: the timeout is of its head.
  Result<core::HttpRequest> request(const RestCall& call, Duration timeout);
  // Whether the last call was made again after an attempt of it that may have been done.
  bool was_repeated() const { return was_repeated_; }

 private:
  core::Clock& clock_;
  core::Random& random_;
  Wire& wire_;
  Credentials& credentials_;
  Duration deadline_;
  bool was_repeated_ = false;

  struct Away {
    Error error;
    core::Instant ask_at;  // again
    int times = 0;         // that it was asked
  };
  void note_away(const Error& error);
  std::optional<Away> away_;
};

// Doubles with each failure from `first` to `last`; between half and the whole of it, so that many do not come at once.
Duration back_off(int failures, Duration first, Duration last, core::Random& random);

}  // namespace slipway::objects::kubernetes
