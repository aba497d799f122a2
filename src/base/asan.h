// SPDX-License-Identifier: Apache-2.0
// What the address sanitizer wants to be told: which bytes of our own blocks are not in use.
#ifndef GNDP_BASE_ASAN_H
#define GNDP_BASE_ASAN_H

#if defined(__SANITIZE_ADDRESS__)
#define GNDP_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GNDP_HAS_ASAN 1
#endif
#endif
#ifndef GNDP_HAS_ASAN
#define GNDP_HAS_ASAN 0
#endif

#if GNDP_HAS_ASAN
#include <sanitizer/asan_interface.h>
#define GNDP_POISON(address, bytes) ASAN_POISON_MEMORY_REGION((address), (bytes))
#define GNDP_UNPOISON(address, bytes) ASAN_UNPOISON_MEMORY_REGION((address), (bytes))
#else
#define GNDP_POISON(address, bytes) ((void)(address), (void)(bytes))
#define GNDP_UNPOISON(address, bytes) ((void)(address), (void)(bytes))
#endif

#endif
