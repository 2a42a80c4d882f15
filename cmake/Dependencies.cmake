# SPDX-License-Identifier: GPL-3.0-or-later
find_package(PkgConfig REQUIRED)
pkg_check_modules(MOUNT REQUIRED IMPORTED_TARGET mount)
pkg_check_modules(BLKID REQUIRED IMPORTED_TARGET blkid)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

# Hosts have util-linux' libraries, but neither jansson nor libmd nor libyaml: these are linked
# statically.
foreach(name jansson md yaml)
  find_library(${name}_STATIC lib${name}.a REQUIRED)
  add_library(static_${name} INTERFACE)
  target_link_libraries(static_${name} INTERFACE ${${name}_STATIC})
endforeach()

# In a sysroot yaml.h lies among libc's headers, which a cross-compiler must not see.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/headers)
find_file(yaml_HEADER yaml.h REQUIRED)
file(CREATE_LINK ${yaml_HEADER} ${CMAKE_BINARY_DIR}/headers/yaml.h SYMBOLIC)
target_include_directories(static_yaml SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/headers)
