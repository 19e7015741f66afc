#pragma once
// What the parameters of a request may say, judged before anything is done about it: ListOptions, GetOptions,
// CreateOptions, UpdateOptions, PatchOptions; refused with the codes and in the words of kube-apiserver. Pure.
// DeleteOptions, which may come in a body, are removals' business.

#include "objects/api/call.hpp"

namespace slipway::objects::api {

Answer<> check_options(const Call& call);
// The number in a parameter that was judged: limit, timeoutSeconds, resourceVersion; the largest there is for one that
// is larger. nullopt when nothing is said.
std::optional<std::int64_t> number_of(const Call& call, std::string_view parameter);

// For DeleteOptions too.
std::vector<Cause> dry_run_causes(const std::vector<std::string>& said);
// 422 with all causes, when there are any. `kind` is ListOptions, DeleteOptions, ...
Answer<> judge_options(std::string_view kind, std::vector<Cause> causes);

}  // namespace slipway::objects::api
