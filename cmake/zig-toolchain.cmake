# SPDX-License-Identifier: GPL-3.0-or-later
# For hosts other than this one: zig cc, glibc 2.28. scripts/lib/cross-build sets
#   ECOMA_ARCHITECTURE   x86_64 or aarch64
#   ECOMA_SYSROOT        Debian's headers and libraries for it (scripts/lib/sysroot)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ECOMA_ARCHITECTURE ECOMA_SYSROOT)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${ECOMA_ARCHITECTURE})
set(CMAKE_C_COMPILER ${CMAKE_CURRENT_LIST_DIR}/../scripts/lib/zig cc
                     -target ${ECOMA_ARCHITECTURE}-linux-gnu.2.28)

set(triplet ${ECOMA_ARCHITECTURE}-linux-gnu)
set(CMAKE_LIBRARY_ARCHITECTURE ${triplet})
set(CMAKE_FIND_ROOT_PATH ${ECOMA_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${ECOMA_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${ECOMA_SYSROOT}/usr/lib/${triplet}/pkgconfig)

# jansson's headers lie among libc's, and those have to be zig's: only the directory is taken that
# holds links to them. The shared libraries need symbols of a newer glibc, which hosts with them have.
set(CMAKE_C_FLAGS_INIT "-isystem ${ECOMA_SYSROOT}/headers")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,--allow-shlib-undefined")

# Debian's static libraries call libgcc. From zig's own runtime in its place would come a stack guard too, one
# whose value is the same everywhere, and hide that of the host's loader.
set(CMAKE_C_STANDARD_LIBRARIES_INIT ${ECOMA_SYSROOT}/usr/lib/gcc/${triplet}/12/libgcc.a)
