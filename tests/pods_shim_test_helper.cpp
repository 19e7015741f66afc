// What `slipway shim` is to slipway, for tests of the pods room that must not wait for the whole program.
#include "pods/shim/shim.hpp"

int main(int argc, char** argv) { return slipway::pods::shim_main(argc, argv); }
