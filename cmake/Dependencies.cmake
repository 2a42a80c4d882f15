find_package(PkgConfig REQUIRED)
pkg_check_modules(MOUNT REQUIRED IMPORTED_TARGET mount)
pkg_check_modules(BLKID REQUIRED IMPORTED_TARGET blkid)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

# Hosts have util-linux' libraries, but neither jansson nor libmd: those two are linked statically.
foreach(name jansson md)
  find_library(${name}_STATIC lib${name}.a REQUIRED)
  add_library(static_${name} INTERFACE)
  target_link_libraries(static_${name} INTERFACE ${${name}_STATIC})
endforeach()
