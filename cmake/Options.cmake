# SPDX-License-Identifier: GPL-3.0-or-later
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Libraries are found where the system has them: a path of the builder's in a binary would have root load
# whatever lies there on a host.
set(CMAKE_SKIP_RPATH ON)

option(ECOMA_SANITIZE "Build with AddressSanitizer and UBSan" OFF)
option(ECOMA_COVERAGE "Build with gcov counters" OFF)
option(ECOMA_FUZZ "Build the fuzz targets; takes clang" OFF)
set(ECOMA_FUZZ_SECONDS 60 CACHE STRING "How long each fuzz target runs as a test")
option(ECOMA_INSTALL_IN_SOURCE "Put modules into library/ and programs into bin/" OFF)

add_compile_options(-Wall -Wextra -Wshadow -Wconversion -fno-common)
add_compile_definitions(_GNU_SOURCE _FILE_OFFSET_BITS=64 ECOMA_VERSION="${PROJECT_VERSION}")

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_C_FLAGS_RELEASE "-O2")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
                      -fstack-clash-protection -ffunction-sections -fdata-sections
                      -ffile-prefix-map=${CMAKE_BINARY_DIR}=. -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
  add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>
                   -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections -Wl,--as-needed -s)
endif()
if(ECOMA_FUZZ)
  add_compile_options(-O1 -fsanitize=fuzzer-no-link)
endif()
if(ECOMA_SANITIZE OR ECOMA_FUZZ)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(ECOMA_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
