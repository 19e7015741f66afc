#pragma once
// The roles that every cluster has: cluster-admin, admin, edit, view, what everybody may; and what people may by their
// role in Slipway. Made where they are absent; what somebody changed stays as it is.

#include "objects/store.hpp"

namespace slipway::objects::rbac {

std::vector<Object> default_roles();     // ClusterRoles
std::vector<Object> default_bindings();  // ClusterRoleBindings
Result<> make_defaults(Store& store);

}  // namespace slipway::objects::rbac
