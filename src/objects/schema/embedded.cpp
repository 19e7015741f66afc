#include "objects/schema/embedded.hpp"

// The paths come from CMakeLists.txt.
asm(R"(
    .section .rodata,"a"
slipway_schema_table:
    .incbin ")" SCHEMA_TABLE R"("
slipway_schema_table_end:
slipway_schema_descriptions:
    .incbin ")" SCHEMA_DESCRIPTIONS R"("
slipway_schema_descriptions_end:
    .globl slipway_schema_table, slipway_schema_table_end
    .globl slipway_schema_descriptions, slipway_schema_descriptions_end
    .text
)");

extern "C" const char slipway_schema_table[], slipway_schema_table_end[];
extern "C" const char slipway_schema_descriptions[], slipway_schema_descriptions_end[];

namespace slipway::objects::schema {

std::string_view embedded_table() { return {slipway_schema_table, slipway_schema_table_end}; }
std::string_view embedded_descriptions() { return {slipway_schema_descriptions, slipway_schema_descriptions_end}; }

}  // namespace slipway::objects::schema
