#pragma once
// The tables as they stand in the binary. For builtin.cpp alone.

#include <string_view>

namespace slipway::objects::schema {

std::string_view embedded_table();         // builtin.table
std::string_view embedded_descriptions();  // descriptions.table

}  // namespace slipway::objects::schema
