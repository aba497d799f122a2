// SPDX-License-Identifier: Apache-2.0
// `gndp version` and `gndp --version`.
#ifndef GNDP_CLI_VERSION_H
#define GNDP_CLI_VERSION_H

extern const char gndp_version_text[];

int gndp_version_run(int argc, char **argv);

#endif
