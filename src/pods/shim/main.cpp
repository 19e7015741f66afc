// The shim as a program of its own: statically linked, so that starting a container costs no dynamic linking and the
// process that stays beside it is small. `slipway shim` is the same.

#include "pods/shim/shim.hpp"

int main(int argc, char** argv) { return slipway::pods::shim_main(argc, argv); }
