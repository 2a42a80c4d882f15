# SPDX-License-Identifier: GPL-3.0-or-later
# Target `portable`: the modules for the architecture that isn't this machine's, as
# library/NAME_linux_ARCHITECTURE.
# Target `collection`: ecoma-fleet-VERSION.tar.gz in the build directory, with modules for both
# architectures, and for any glibc from 2.28 on.
set(modules storage_tier storage_tier_info k3s_role k3s_role_info)
set(portable ${CMAKE_BINARY_DIR}/portable)
set(staged ${CMAKE_BINARY_DIR}/collection)
set(scripts ${CMAKE_SOURCE_DIR}/scripts/lib)

foreach(architecture x86_64 aarch64)
  add_custom_target(portable_${architecture}
    COMMAND ${scripts}/cross-build ${architecture} ${portable}/${architecture} ${modules}
    COMMENT "Modules for ${architecture}" VERBATIM)
  if(NOT architecture STREQUAL CMAKE_HOST_SYSTEM_PROCESSOR)
    set(other ${architecture})
  endif()
endforeach()

set(copies)
foreach(module ${modules})
  list(APPEND copies COMMAND ${CMAKE_COMMAND} -E copy ${portable}/${other}/modules/${module}
                             ${CMAKE_SOURCE_DIR}/library/${module}_linux_${other})
endforeach()
add_custom_target(portable ${copies} DEPENDS portable_${other} VERBATIM)

configure_file(cmake/galaxy.yml.in ${CMAKE_BINARY_DIR}/galaxy.yml @ONLY)
add_custom_target(collection
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${staged}
  COMMAND ${scripts}/stage-collection ${portable} ${staged} ${modules}
  COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_BINARY_DIR}/galaxy.yml ${staged}/
  COMMAND ansible-galaxy collection build --force --output-path ${CMAKE_BINARY_DIR} ${staged}
  DEPENDS portable_x86_64 portable_aarch64
  COMMENT "Collection ecoma.fleet" VERBATIM)
